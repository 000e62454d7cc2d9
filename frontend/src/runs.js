// This page's runs: what went in, the numbers that are looked at first; open one, choose some to compare, use one's values.

import { clicked, h, keyed, mark, say } from "./dom.js";
import { number } from "./words.js";

const COLUMNS = ["", "Run", "Strategy", "Parameters", "Bars", "Return", "Sharpe", "Drawdown", "Trades", "Won", "Fees", "Hash", ""];
const NUMERIC = new Set(["Run", "Return", "Sharpe", "Drawdown", "Trades", "Won", "Fees"]);

export const percent = (value, digits = 2, plus = true) => (value === null || value === undefined ? "-" : `${plus && value > 0 ? "+" : value < 0 ? "−" : ""}${number(Math.abs(value) * 100, digits)} %`);
export const plain = (value, digits) => (value === null || value === undefined ? "-" : number(value, digits).replace("-", "−"));
export const gain = (value, digits) => `${value > 0 ? "+" : ""}${plain(value, digits)}`;
export const tone = (value) => (value > 0 ? "up" : value < 0 ? "down" : "");
const OVER = { waiting: "waits", running: "running", failed: "failed", cancelled: "cancelled" };

export function runs(pane, ask, { open, compare }) {
  const button = h("button", { type: "button", disabled: true }, "Compare");
  const grid = h("tbody", {});
  const head = h("tr", {}, ...COLUMNS.map((name) => h("th", { scope: "col", class: NUMERIC.has(name) ? "n" : "" }, name)));
  const table = h("table", { "aria-label": "runs of this page" }, h("thead", {}, head), grid);
  const none = h("p", { class: "none muted" }, "No run yet. Choose bars and a strategy on the left and press Run; each run appears here and stays as long as this page.");
  const node = h("section", { class: "runs" }, h("div", { class: "heading" }, h("h2", {}, "Runs"), button), h("div", { class: "scroll" }, table, none));
  const chosen = new Set();
  let opened = 0;
  const look = () => {
    button.disabled = chosen.size < 2;
    say(button, chosen.size > 1 ? `Compare ${chosen.size} runs` : "Compare");
    mark(button, "title", chosen.size > 1 ? "their equity on one axis, and what differs" : "tick two runs or more");
    for (const row of grid.children) mark(row, "aria-selected", row.dataset.key === String(opened) ? "true" : null);
  };
  button.addEventListener("click", () => {
    ask("compare", { runs: [...chosen].sort((a, b) => a - b) });
    compare();
  });
  const make = ({ run }) => {
    const box = h("input", { type: "checkbox", "aria-label": `compare run ${run}`, onchange: () => { box.checked ? chosen.add(run) : chosen.delete(run); look(); } });
    const use = h("button", { type: "button", class: "use", title: "put its bars, strategy, parameters and terms into the form", onclick: () => ask("use", { run }) }, "Use");
    const link = h("button", { type: "button", class: "open", onclick: () => { ask("open", { run }); open(); } }, `#${run}`);
    const cells = COLUMNS.map((name) => h("td", { class: NUMERIC.has(name) ? "n" : "" }));
    cells[0].append(box);
    cells[1].append(link);
    cells[12].append(use);
    const row = h("tr", {}, ...cells);
    row.box = box;
    clicked(row, (target) => { if (!target.closest("button, input")) link.click(); });
    return row;
  };
  pane.part("runs", ({ rows }) => {
    none.hidden = rows.length > 0;
    table.hidden = rows.length === 0;
    const known = new Set(rows.map(({ run }) => run));
    for (const run of chosen) if (!known.has(run)) chosen.delete(run);
    keyed(grid, rows, (row) => row.run, make, (item, row) => {
      const [, , strategy, params, data, gain, sharpe, fall, trades, won, fees, hash] = item.children;
      const { stats } = row;
      const done = row.state === "done";
      item.box.disabled = !done;
      mark(item, "class", row.state);
      say(strategy, row.strategy);
      say(params, row.params);
      mark(params, "title", `${row.params}; ${row.terms}`);
      say(data, row.data);
      mark(data, "title", row.data);
      say(gain, done ? percent(stats.total_return) : OVER[row.state]);
      mark(gain, "class", `n ${done ? tone(stats.total_return) : row.state === "failed" ? "bad" : "muted"}`);
      mark(gain, "title", row.problem);
      say(sharpe, done ? plain(stats.sharpe, 2) : "");
      say(fall, done ? percent(stats.max_drawdown) : "");
      say(trades, done ? plain(stats.trades, 0) : "");
      say(won, done ? percent(stats.win_rate, 1, false) : "");
      say(fees, done ? plain(stats.fees, 2) : "");
      say(hash, row.hash);
      mark(hash, "title", row.hash ? "equal hashes: the same bars, code, parameters and fills" : null);
    });
    look();
  });
  pane.part("result", ({ run }) => {
    opened = run;
    look();
  });
  return { node };
}
