// The log and what hangs on it: the last events or those of a subject, the alerts, and the life of an order.

import css from "./log.css";
import { h, keyed, mark, newest, say } from "./dom.js";
import { frame } from "./frame.js";
import { life } from "./life.js";
import { arrows, chosen } from "./tabs.js";
import { clock, utc } from "./words.js";

const SUBJECTS = ["order.>", "order.filled.>", "order.denied.>", "signal.>", "command.>", "risk.>", "bar.>", "error.>", ">"];
const row = () => h("li", {}, h("time", {}), h("span", { class: "what" }, h("span", {}), h("span", { class: "subject" })));

/** A list of lines, newest on top. `present(ts)` is told the newest, and says when it is. */
function lines(label, none, present) {
  const list = h("ol", { tabindex: "0", "aria-label": label });
  const nothing = h("p", { class: "none muted" }, none);
  let all = [];
  const draw = newest(list, list, (most) => {
    const now = present(all[0]?.ts ?? 0);
    const today = new Date(now).toDateString();
    keyed(list, all.slice(0, most), (line) => line.seq, row, (node, line, fresh) => {
      const [at, what] = node.children;
      if (node.today !== today) say(at, clock(line.ts, now));
      node.today = today;
      if (!fresh) return; // what happened does not change
      mark(at, "title", utc(line.ts));
      say(what.firstChild, line.text);
      mark(what.firstChild, "class", line.tone);
      say(what.lastChild, `#${line.seq.toLocaleString("en-US")} ${line.subject}`);
    });
    nothing.hidden = all.length > 0;
    return all.length;
  });
  const show = (rows) => {
    all = rows;
    draw();
  };
  return { list, nothing, show };
}

/** The filter: a subject's events instead of the last ones, further back on demand. */
function filter(pane, entries, present) {
  const word = h("input", { type: "search", placeholder: "filter, e.g. order.>", "aria-label": "filter by subject", list: "subjects", autocomplete: "off", spellcheck: "false" });
  const known = h("datalist", { id: "subjects" }, ...SUBJECTS.map((subject) => h("option", { value: subject })));
  const form = h("form", { class: "filter" }, word, known);
  const found = lines("events of the subject", "", present);
  const said = h("p", { class: "none warn", role: "status", hidden: true });
  const older = h("button", { class: "older", hidden: true, onclick: () => pane.send({ older: true }) }, "Older");
  const part = h("div", { class: "part" }, form, said, entries.nothing, entries.list, found.nothing, found.list, older);
  let asked = "";
  const ask = () => {
    const subject = word.value.trim();
    if (subject === asked) return;
    asked = subject;
    pane.send({ subject });
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  word.addEventListener("change", ask); // one of the list was chosen, or the field was left
  word.addEventListener("search", ask); // its cross was clicked
  pane.list("found", "seq", (value) => {
    const on = value.state !== "";
    if (!asked && on) word.value = asked = value.subject; // a second view of the pane
    const looking = value.state === "busy";
    for (const node of [entries.list, entries.nothing]) mark(node, "data-off", on ? "true" : null);
    mark(found.list, "data-off", on ? null : "true");
    found.show(value.rows);
    found.nothing.hidden = !on || value.rows.length > 0 || value.state === "error";
    say(found.nothing, looking ? "looking through the journal …" : `No event of ${value.subject} ${value.more ? "among the last; older ones have not been looked through" : "in the journal"}. A new one appears here as it happens.`);
    said.hidden = value.state !== "error";
    say(said, value.problem);
    older.hidden = !on || !value.more;
    older.disabled = looking;
    say(older, looking ? "looking …" : "Older");
  });
  return part;
}

export function render(view) {
  const pane = frame(view, css);
  const list = h("div", { class: "list", role: "tablist", "aria-label": "what happened" });
  const bar = h("div", { class: "tabs holds-badge" }, list);
  let latest = 0;
  const present = (ts) => { latest = Math.max(latest, ts); return latest; };
  const entries = lines("last events", "Each event of the session appears here as it happens.", present);
  const alerts = lines("alerts", "No alert. What a human should know of appears here: an order in doubt, a difference, a broken line.", present);
  const order = life(() => pane.send({ order: "" }));
  const parts = { Log: filter(pane, entries, present), Alerts: h("div", { class: "part" }, alerts.nothing, alerts.list), Order: order.part };
  const tabs = {};
  const show = (name) => {
    chosen(tabs, name);
    for (const other of Object.keys(parts)) parts[other].hidden = other !== name;
  };
  for (const name of Object.keys(parts)) {
    tabs[name] = h("button", { role: "tab", onclick: () => show(name) }, name);
    list.append(tabs[name]);
    mark(parts[name], "role", "tabpanel");
    mark(parts[name], "aria-label", name);
  }
  arrows(list, tabs, show);
  bar.append(pane.badge);
  pane.body.append(bar, ...Object.values(parts));
  show("Log");
  tabs.Order.hidden = true;

  pane.list("entries", "seq", ({ rows }) => entries.show(rows));
  pane.list("alerts", "seq", ({ rows, count }) => {
    alerts.show(rows);
    say(tabs.Alerts, count ? `Alerts (${count})` : "Alerts");
    tabs.Alerts.classList.toggle("warn", count > 0);
  });
  let shown = "";
  pane.part("story", (story) => {
    order.show(story);
    tabs.Order.hidden = !story.order;
    if (story.order === shown) return; // told again, because something became of it
    const before = shown;
    shown = story.order;
    if (shown) {
      show("Order");
      pane.root.scrollIntoView({ block: "nearest" }); // on a narrow page it is below the tables
    } else if (before) show("Log");
  });
  return pane.done;
}
