// What a sweep found: a map of one statistic over its parameters, and the best combinations; each goes into the form.

import { h, mark, say } from "./dom.js";
import { framed } from "./framed.js";
import { percent, plain } from "./runs.js";

const FORMS = { total_return: percent, max_drawdown: percent, win_rate: (v) => percent(v, 1, false), trades: (v) => plain(v, 0) };
const LABELS = { total_return: "Return", max_drawdown: "Drawdown", trades: "Trades", sharpe: "Sharpe", calmar: "Calmar", sortino: "Sortino", profit_factor: "Profit factor", win_rate: "Won" };

export function sweepmap(pane, ask, opened) {
  const none = h("p", { class: "none muted" }, "No sweep yet. Choose one parameter or two under Sweep on the left, write their values and press Sweep; the map appears here.");
  const title = h("h2", {});
  const metric = h("select", { "aria-label": "statistic of the map" });
  const head = h("div", { class: "heading", hidden: true }, title, metric);
  const hint = h("p", { class: "muted", hidden: true }, "A click on a cell puts its values into the form.");
  const chart = framed(pane, "map of the sweep", 500, (data) => {
    if (Array.isArray(data?.cell)) ask("cell", { cell: data.cell.map(String) });
  });
  const best = h("table", { class: "best", "aria-label": "best combinations", hidden: true });
  const problem = h("p", { class: "warn", hidden: true });
  const node = h("div", {}, none, head, problem, chart.node, hint, h("div", { class: "scroll" }, best));
  pane.part("offers", ({ metrics }) => {
    if (metric.options.length !== metrics.length) metric.replaceChildren(...metrics.map(({ name, label }) => h("option", { value: name }, label)));
  });
  metric.addEventListener("change", () => ask("metric", { metric: metric.value }));
  let run = 0;
  pane.part("map", (value) => {
    none.hidden = true;
    head.hidden = false;
    say(title, `#${value.run} ${value.title}`);
    metric.value = value.metric;
    if (value.state === "busy") chart.wait("drawing the map …");
    if (value.state === "error") chart.fail(value.problem);
    if (value.run !== run) {
      run = value.run;
      opened();
    }
    if (value.state !== "ok") return;
    chart.show(value);
    hint.hidden = false;
    problem.hidden = !value.problem;
    say(problem, value.problem);
    best.hidden = value.rows.length === 0;
    const words = (name) => (value.parameters.includes(name) ? name : LABELS[name] ?? name);
    const cell = (name, at) => (value.parameters.includes(name) ? String(at) : (FORMS[name] ?? ((v) => plain(v, 2)))(at));
    best.replaceChildren(
      h("thead", {}, h("tr", {}, ...value.columns.map((name) => h("th", { class: "n", scope: "col" }, words(name))), h("th", {}))),
      h("tbody", {}, ...value.rows.map((row, index) => h("tr", {}, ...value.columns.map((name) => h("td", { class: "n" }, cell(name, row[name]))),
        h("td", {}, h("button", { type: "button", class: "use", title: "put these values into the form", onclick: () => ask("best", { row: index }) }, "Use"))))));
    mark(best, "aria-label", `best combinations by ${words(value.metric)}`);
  });
  return { node, done: chart.done };
}
