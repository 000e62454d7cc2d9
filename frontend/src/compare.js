// Runs side by side: their equity on one axis, what went in differently, and each number beside the first run's.

import { h, say } from "./dom.js";
import { framed } from "./framed.js";
import { plain } from "./runs.js";

/** A difference of times [days], in the unit that tells it. */
const span = (days) => (Math.abs(days) < 1 / 24 ? `${plain(days * 1440, 0)} min` : Math.abs(days) < 2 ? `${plain(days * 24, 1)} h` : `${plain(days, 1)} d`);
const CHANGE = { gain: (v) => `${plain(v * 100, 2)} pt`, share: (v) => `${plain(v * 100, 1)} pt`, money: (v) => plain(v, 2), result: (v) => plain(v, 2), ratio: (v) => plain(v, 2), count: (v) => plain(v, 0), days: span };
const changed = (form, value) => (value === null || Math.abs(value) < 1e-12 ? "" : `${value > 0 ? "+" : ""}${CHANGE[form](value)}`);

export function compare(pane, ask) {
  const none = h("p", { class: "none muted" }, "Tick two runs or more in the table above and press Compare.");
  const same = h("p", { class: "muted", hidden: true }, "All of them are the same run: the same bars, code, parameters and fills.");
  const chart = framed(pane, "equity of the runs compared", 390);
  const table = h("table", { class: "sides", "aria-label": "runs compared" });
  const node = h("div", {}, none, same, chart.node, h("div", { class: "scroll" }, table));
  const row = (label, title, cells) => h("tr", {}, h("th", { scope: "row", title }, label), ...cells);
  pane.part("compare", ({ runs, inputs, groups, same: alike }) => {
    none.hidden = true;
    same.hidden = !alike;
    const head = h("tr", {}, h("th", {}), ...runs.map((run) => h("th", { scope: "col", class: "n", title: `${run.span}, hash ${run.hash}` }, run.name)));
    const apart = inputs.map(({ name, values }) => row(name, null, values.map((value) => h("td", { class: "n" }, value))));
    const blocks = groups.map(({ name, lines }) => h("tbody", {}, h("tr", { class: "group" }, h("th", { colspan: String(runs.length + 1) }, name)),
      ...lines.map(({ label, meaning, form, values }) => row(label, meaning, values.map(({ text, tone, change }) => h("td", { class: "n" }, h("span", { class: tone }, text), h("span", { class: "change muted" }, changed(form, change))))))));
    const inputsBlock = h("tbody", {}, h("tr", { class: "group" }, h("th", { colspan: String(runs.length + 1) }, apart.length ? "What went in differently" : "Nothing went in differently")), ...apart);
    table.replaceChildren(h("thead", {}, head), inputsBlock, ...blocks);
  });
  pane.part("overlay", (value) => {
    if (value.state === "ok") chart.show(value);
    else if (value.state === "busy") chart.wait("drawing …");
    else chart.fail(value.problem);
  });
  return { node, done: chart.done };
}
