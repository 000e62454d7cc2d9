// Positions, orders, fills, trades, signals and differences: streaming tables that keep their scroll and selection.

import { acknowledgement } from "./ack.js";
import css from "./blotter.css";
import { h, keyed, mark, newest, say, tint } from "./dom.js";
import { frame } from "./frame.js";
import { arrows, chosen } from "./tabs.js";
import { clock, utc } from "./words.js";

// `order` names the column with the order whose life a click shows. A column: [key in the row, heading, kind]; kinds: n number, t time, s side or direction (with a tone), v a human's verdict, w words that may need several lines, "" text.
const SURE_MS = 4000; // a second click within this confirms
export const TABLES = {
  positions: {
    title: "Positions", none: "No position is open. One appears here with its first fill.",
    columns: [["instrument", "Instrument", ""], ["side", "Side", "s"], ["qty", "Quantity", "n"], ["entry", "Entry", "n"], ["mark", "Last", "n"], ["unrealised", "Unrealised", "s n"], ["realised", "Realised", "s n"], ["fees", "Fees", "n"], ["opened", "Opened", "t"], ["strategy", "Strategy", ""]],
  },
  orders: {
    title: "Orders", order: "id", none: "No order yet. Each appears here from the wish to the last fill.",
    columns: [["updated", "Time", "t"], ["id", "Order", ""], ["instrument", "Instrument", ""], ["side", "Side", "s"], ["type", "Type", ""], ["qty", "Quantity", "n"], ["filled", "Filled", "n"], ["price", "Price", "n"], ["average", "Average", "n"], ["status", "Status", ""], ["note", "Why", ""]],
  },
  fills: {
    title: "Fills", order: "order", none: "No fill yet. Each execution of the session appears here.",
    columns: [["ts", "Time", "t"], ["instrument", "Instrument", ""], ["side", "Side", "s"], ["qty", "Quantity", "n"], ["price", "Price", "n"], ["fee", "Fee", "n"], ["realised", "Realised", "s n"], ["order", "Order", ""], ["tag", "Tag", ""]],
  },
  trades: {
    title: "Trades", order: "order", none: "No trade yet. Each appears here once its position is flat again.",
    columns: [["exit", "Closed", "t"], ["instrument", "Instrument", ""], ["side", "Side", "s"], ["qty", "Quantity", "n"], ["entry", "Entry", "n"], ["left", "Exit", "n"], ["profit", "Profit", "s n"], ["return", "Return", "s n"], ["fees", "Fees", "n"], ["entered", "Opened", "t"], ["tag", "Left by", ""]],
  },
  signals: {
    title: "Signals", none: "No signal yet. What the strategy says it sees appears here as it says it; not every strategy does.",
    columns: [["ts", "Time", "t"], ["instrument", "Instrument", ""], ["direction", "Direction", "s"], ["name", "Signal", ""], ["price", "Price", "n"], ["note", "Why", ""], ["strategy", "Strategy", ""]],
  },
  differences: {
    title: "Differences", none: "None. What the venue's books say otherwise than ours appears here, with what would mend it.",
    columns: [["since", "Since", "t"], ["kind", "What", "w"], ["instrument", "Instrument", ""], ["ours", "Ours", "w"], ["theirs", "Theirs", "w"], ["text", "In words", "w"], ["repair", "Proposed repair", "w"], ["verdicts", "", "v"]],
  },
};

function fill(node, row, columns, fresh, now, today) {
  const text = JSON.stringify(row);
  if (node.shown === text && node.today === today) return;
  Object.assign(node, { shown: text, today });
  node.classList.toggle("ended", Boolean(row.ended));
  columns.forEach(([key, , kind], index) => {
    const cell = node.children[index];
    const value = row[key] ?? "";
    if (kind === "v") {
      for (const button of cell.children) button.hidden = !value.includes(button.value);
      return;
    }
    const words = kind === "t" ? clock(value, now) : value;
    const changed = say(cell, words);
    if (kind === "t") mark(cell, "title", utc(value));
    else if (kind === "" || kind === "w") mark(cell, "title", words);
    if (kind.startsWith("s")) mark(cell, "class", `${kind.endsWith("n") ? "n " : ""}${row[`${key}_tone`] ?? ""}`);
    if (changed && !fresh && kind !== "t") tint(cell);
  });
}

/** Two buttons on a difference; each is clicked twice, so that no slip changes the books. */
function verdicts(say_) {
  const make = (word, label, title) => {
    let calm = 0;
    const button = h("button", { value: word, title }, label);
    const rest = () => { clearTimeout(calm); say(button, label); button.classList.remove("sure"); };
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      if (button.classList.contains("sure")) { rest(); say_(button, word === "accept"); return; }
      say(button, "sure?");
      button.classList.add("sure");
      calm = setTimeout(rest, SURE_MS);
    });
    return button;
  };
  return [make("accept", "Accept", "our books take the proposed repair"), make("refuse", "Refuse", "our books stay as they are; it is not told again")];
}

/** One table, of a pane whose part `name` it is: rows are drawn only while it is on show. */
export function table(name, pane, tab, { title, order, none, columns } = TABLES[name]) {
  const head = h("tr", {}, ...columns.map(([, words, kind]) => h("th", { class: kind.endsWith("n") ? "n" : kind === "v" ? "v" : "", scope: "col", "aria-label": words ? null : "verdict" }, words)));
  const rows = h("tbody", {});
  const nothing = h("p", { class: "none" }, none);
  const grid = h("table", { "aria-label": title }, h("thead", {}, head), rows);
  const scroll = h("div", { class: "scroll", role: "tabpanel", "aria-label": title, tabindex: "0" }, grid, nothing);
  let selected = "";
  let all = [];
  let now; // when it is, for times of other days
  let waiting = false;
  const choose = (row, on) => {
    selected = on ? row.dataset.key : "";
    for (const other of rows.children) mark(other, "aria-selected", other.dataset.key === selected ? "true" : null);
    if (order && pane.asks) pane.send({ order: on ? row.order : "" });
  };
  rows.addEventListener("click", ({ target }) => {
    const row = target.closest("tr");
    if (row && getSelection().isCollapsed) choose(row, row.dataset.key !== selected); // marking words chooses nothing
  });
  scroll.addEventListener("keydown", (event) => {
    const at = pane.root.getRootNode().activeElement?.closest("tr");
    const steps = { ArrowDown: at ? at.nextElementSibling : rows.firstElementChild, ArrowUp: at?.previousElementSibling };
    if (event.key in steps) steps[event.key]?.focus();
    else if (event.key === "Enter" && at) choose(at, true);
    else if (event.key === "Escape" && at) choose(at, false);
    else return;
    event.preventDefault();
  });
  const asks = pane.asks;
  const decide = (button, accept) => pane.send({ name: "resolve", difference: button.closest("tr").dataset.key, accept });
  const cell = (kind) => h("td", { class: kind === "" ? "words" : kind }, ...(kind === "v" && asks ? verdicts(decide) : []));
  const make = () => h("tr", { tabindex: "-1", class: order && asks ? "opens" : "" }, ...columns.map(([, , kind]) => cell(kind)));
  const draw = newest(scroll, rows, (most) => {
    const today = now && new Date(now).toDateString();
    keyed(rows, all.slice(0, most), (row) => row.key, make, (node, row, fresh) => {
      fill(node, row, columns, fresh, now, today);
      node.order = row[order];
      if (fresh) mark(node, "aria-selected", String(row.key) === selected ? "true" : null);
    });
    grid.hidden = all.length === 0;
    nothing.hidden = all.length > 0;
    return all.length;
  });
  const drawIfSeen = () => {
    if (scroll.hidden || !waiting) return;
    waiting = false;
    draw();
  };
  pane.list(name, "key", (value) => {
    all = value.rows;
    now = value.now;
    say(nothing, value.none ?? none);
    waiting = true;
    say(tab, value.count ? `${title} (${value.count})` : title);
    drawIfSeen();
  });
  const show = (on) => {
    scroll.hidden = !on;
    if (on) drawIfSeen();
  };
  return { scroll, show };
}

export function render(view) {
  const pane = frame(view, css);
  pane.asks = view.model.get("ack") !== undefined; // in a cockpit; a table by itself has nobody who answers
  const ack = acknowledgement((name) => name);
  const list = h("div", { class: "list", role: "tablist", "aria-label": "tables" });
  const bar = h("div", { class: "tabs holds-badge" }, list);
  pane.body.append(bar);
  const tabs = {};
  const panels = {};
  let open = "positions";
  const show = (name) => {
    open = name;
    chosen(tabs, name);
    for (const other of Object.keys(TABLES)) panels[other].show(other === open);
  };
  for (const name of Object.keys(TABLES)) {
    tabs[name] = h("button", { role: "tab", onclick: () => show(name) }, TABLES[name].title);
    list.append(tabs[name]);
    panels[name] = table(name, pane, tabs[name]);
    pane.body.append(panels[name].scroll);
  }
  arrows(list, tabs, show);
  bar.append(ack.line, pane.badge);
  if (pane.asks) pane.part("ack", (value) => ack.tell(value));
  show(open);
  return () => {
    ack.done();
    pane.done();
  };
}
