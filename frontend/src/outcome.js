// One run: price with trades, equity and drawdown; its statistics with what each means; its trades, and why each exists.

import { clicked, h, keyed, mark, say } from "./dom.js";
import { framed } from "./framed.js";
import { life } from "./life.js";
import { gain, percent, plain, tone } from "./runs.js";
import { utc } from "./words.js";

const LOAD_MS = 1500; // by then the page itself stands
const two = (n) => String(n).padStart(2, "0");
const moment = (ms, year) => { const at = new Date(ms); return `${year ? `${at.getFullYear()}-` : ""}${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`; };
const COLUMNS = [["#", "n"], ["Instrument", ""], ["Side", ""], ["Quantity", "n"], ["Entered", ""], ["Entry", "n"], ["Left", ""], ["Exit", "n"], ["Profit", "n"], ["%", "n"], ["Bars", "n"], ["Why", ""]];

export function outcome(pane, ask, promote) {
  const none = h("p", { class: "none muted" }, "No result yet. Press Run; price with trades, equity, statistics and every trade appear here.");
  const title = h("h2", {});
  const up = h("button", { type: "button", class: "promote" }, "Promote to paper …");
  const pick = h("select", { "aria-label": "instrument of the chart", hidden: true });
  const head = h("div", { class: "heading", hidden: true }, title, pick, up);
  const failed = h("p", { class: "warn failed", role: "alert", hidden: true });
  const remarks = h("ul", { class: "remarks" });
  const chart = framed(pane, "price with trades, equity and drawdown", 694);
  const groups = h("div", { class: "groups" });
  const trades = trading(ask);
  const story = life(() => ask("why", { trade: null }));
  const below = h("div", { class: "below", hidden: true }, trades.node, story.part);
  const node = h("div", {}, none, head, promote.node, failed, remarks, chart.node, groups, below);
  let run = 0;
  let off = "";
  pane.part("offers", (value) => {
    off = value.off;
    up.disabled = Boolean(off);
    mark(up, "title", off || "write a paper configuration from this run and start it");
  });
  up.addEventListener("click", () => promote.open(run));
  pick.addEventListener("change", () => ask("instrument", { name: pick.value }));

  pane.part("result", (value) => {
    none.hidden = true;
    head.hidden = false;
    const done = value.state === "done";
    if (value.run !== run) {
      promote.close();
      chart.clear();
      if (done) chart.wait("drawing …"); // its place is kept from the first
    }
    run = value.run;
    say(title, done ? `#${run} ${value.title}` : value.name);
    up.hidden = !done;
    failed.hidden = done;
    say(failed, done ? "" : value.state === "failed" ? value.problem : `this run was ${value.state}`);
    remarks.replaceChildren(...(value.remarks ?? []).map(([kind, text]) => h("li", { class: kind.toLowerCase() }, h("b", {}, kind), ` ${text}`)));
    groups.replaceChildren(...(value.groups ?? []).map(({ name, lines }) => h("section", {}, h("h3", {}, name), h("dl", {}, ...lines.flatMap(({ label, text, tone: shade, meaning }) => [h("dt", { title: meaning }, label), h("dd", { class: shade, title: meaning }, text)])))));
    const names = value.instruments ?? [];
    pick.hidden = names.length < 2;
    pick.replaceChildren(...names.map((name) => h("option", {}, name)));
    below.hidden = !done;
    trades.show(value.trades ?? [], value.trade_count ?? 0, names.length > 1);
  });
  pane.part("chart", (value) => {
    if (value.run !== run) return;
    if (value.state === "ok") chart.show(value);
    else if (value.state === "busy") chart.wait(value.again ? "its record was let go; running it again to draw it …" : "drawing …");
    else chart.fail(value.problem);
  });
  pane.part("why", (value) => {
    story.part.hidden = !value.state;
    below.classList.toggle("explains", Boolean(value.state));
    story.show({ order: "", ...value });
    trades.mark(value.trade);
  });
  setTimeout(chart.load, LOAD_MS);
  return { node, done: chart.done };
}

/** The table of trades; a click or Enter on one asks why it exists. */
function trading(ask) {
  const rows = h("tbody", {});
  const note = h("p", { class: "muted note" });
  const none = h("p", { class: "none muted" }, "No trade was closed.");
  const table = h("table", { "aria-label": "trades" }, h("thead", {}, h("tr", {}, ...COLUMNS.map(([name, kind]) => h("th", { class: kind, scope: "col" }, name)))), rows);
  const node = h("section", { class: "trades" }, h("h2", {}, "Trades"), note, h("div", { class: "scroll", tabindex: "-1" }, table), none);
  const why = (row) => ask("why", { trade: Number(row.dataset.key) });
  clicked(rows, (target) => {
    const row = target.closest("tr");
    if (row) why(row);
  });
  rows.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    const to = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
    if (to) to.focus();
    else if (event.key === "Enter" && row) why(row);
    else if (event.key === "Escape") ask("why", { trade: null });
    else return;
    event.preventDefault();
  });
  const make = () => h("tr", { class: "opens", tabindex: "0" }, ...COLUMNS.map(([, kind]) => h("td", { class: kind })));
  const show = (all, count, several) => {
    const years = new Set(all.flatMap(({ entered, left }) => [new Date(entered).getFullYear(), new Date(left).getFullYear()])).size > 1;
    table.classList.toggle("alone", !several);
    keyed(rows, all, (row) => row.trade, make, (item, row) => {
      const cells = [row.trade, row.instrument, row.side, row.qty, moment(row.entered, years), row.entry, moment(row.left, years), row.exit, gain(row.pnl, 2), percent(row.gain), plain(row.bars, 0), row.reason];
      cells.forEach((text, index) => say(item.children[index], String(text)));
      mark(item.children[4], "title", utc(row.entered));
      mark(item.children[6], "title", utc(row.left));
      for (const at of [8, 9]) mark(item.children[at], "class", `n ${tone(row.pnl)}`);
      mark(item, "title", "why it exists: click, or Enter");
    });
    table.hidden = all.length === 0;
    none.hidden = all.length > 0;
    say(note, count > all.length ? `the ${all.length} latest of ${count.toLocaleString("en-US")}` : "");
  };
  const select = (trade) => { for (const row of rows.children) mark(row, "aria-selected", row.dataset.key === String(trade) ? "true" : null); };
  return { node, show, mark: select };
}
