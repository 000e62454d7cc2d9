// How the session's process is: findings in words, each number with its line of the last minutes, failing handlers.

import css from "./vitals.css";
import { h, keyed, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { clock, utc } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 160;
const HEIGHT = 32;
const POINTS = 150; // KEPT in gauges.py: a line begins at the right end and grows to the left

const svg = (tag, props) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  return node;
};

/** A line through the points, from zero to the highest; a hole where there was no value. */
function path(points) {
  const top = Math.max(...points.filter((value) => value !== null), 0) || 1;
  const first = POINTS - points.length;
  let pen = "M";
  return points.map((value, index) => {
    if (value === null) { pen = "M"; return ""; }
    const at = `${pen}${(((first + index) / (POINTS - 1)) * WIDTH).toFixed(1)} ${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`;
    pen = "L";
    return at;
  }).join("");
}

function card() {
  const line = svg("path", { fill: "none" });
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  chart.append(line);
  const node = h("div", { class: "card" },
    h("div", { class: "label" }),
    h("div", { class: "value" }, h("span", {}), h("span", { class: "unit" })),
    chart,
    h("div", { class: "more" }));
  node.line = line;
  return node;
}

export function render(view) {
  const pane = frame(view, css);
  const wrong = h("p", { class: "wrong warn", role: "status", hidden: true });
  const findings = h("ul", { class: "findings", "aria-label": "findings" });
  const cards = h("div", { class: "cards" });
  const none = h("p", { class: "none muted" });
  const rows = h("tbody", {});
  const handlers = h("div", { class: "handlers", hidden: true }, h("h2", {}, "Handlers that failed"),
    h("table", { "aria-label": "handlers that failed" }, h("thead", {}, h("tr", {}, ...["Handler", "Times", "Last", "On", "Error"].map((word) => h("th", { scope: "col", class: word === "Times" ? "n" : "" }, word)))), rows));
  pane.body.append(h("div", { class: "title holds-badge" }, h("span", {}, "Monitoring"), h("span", { class: "muted" }, "read every 2 s; lines are the last 5 minutes"), pane.badge), wrong, findings, none, cards, handlers);

  pane.part("vitals", (value) => {
    const failed = value.state === "error";
    wrong.hidden = !failed;
    say(wrong, failed ? `The last reading failed, what is below is older: ${value.problem}. On its machine, tradekit doctor looks closer.` : "");
    for (const node of [findings, cards, handlers]) mark(node, "data-old", failed ? "true" : null);
    keyed(findings, value.findings, (one) => one.subject, () => h("li", {}, h("b", {}), h("span", {}), h("span", { class: "muted" })), (node, one) => {
      mark(node, "class", one.tone);
      say(node.children[0], one.subject);
      say(node.children[1], one.said);
      say(node.children[2], one.remedy);
    });
    none.hidden = value.cards.length > 0;
    say(none, value.state === "busy" ? "Reading for the first time …" : failed ? "" : "The session's metrics are off (monitoring.metrics): numbers appear here when they are on.");
    keyed(cards, value.cards, (one) => one.key, card, (node, one) => {
      const [label, number, , more] = node.children;
      say(label, one.label);
      say(number.children[0], one.text);
      say(number.children[1], one.unit);
      mark(number, "class", `value ${one.tone}`);
      say(more, one.more);
      mark(node, "title", one.title);
      node.line.setAttribute("d", path(one.points));
    });
    handlers.hidden = value.handlers.length === 0;
    keyed(rows, value.handlers, (one) => one.handler, () => h("tr", {}, h("td", {}), h("td", { class: "n" }), h("td", {}), h("td", {}), h("td", { class: "words" })), (node, one) => {
      [one.handler, one.count.toLocaleString("en-US"), clock(one.ts), one.subject, one.error].forEach((words, index) => say(node.children[index], words));
      mark(node.children[2], "title", utc(one.ts));
      mark(node.children[4], "title", one.error);
    });
  });
  return pane.done;
}
