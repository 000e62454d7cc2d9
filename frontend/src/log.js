// The last events, newest on top.

import css from "./log.css";
import { h, keyed, mark, newest, say } from "./dom.js";
import { frame } from "./frame.js";
import { clock, utc } from "./words.js";

const row = () => h("li", {}, h("time", {}), h("span", { class: "what" }, h("span", {}), h("span", { class: "subject" })));

export function render(view) {
  const pane = frame(view, css);
  const list = h("ol", { tabindex: "0", "aria-label": "last events" });
  const nothing = h("p", { class: "none muted" }, "Each event of the session appears here as it happens.");
  pane.body.append(h("div", { class: "title holds-badge" }, h("span", {}, "Log"), pane.badge), nothing, list);
  let lines = [];
  const draw = newest(list, list, (most) => {
    keyed(list, lines.slice(0, most), (line) => line.seq, row, (node, line, fresh) => {
      if (!fresh) return; // what happened does not change
      const [at, what] = node.children;
      say(at, clock(line.ts));
      mark(at, "title", utc(line.ts));
      say(what.firstChild, line.text);
      mark(what.firstChild, "class", line.tone);
      say(what.lastChild, `#${line.seq.toLocaleString("en-US")} ${line.subject}`);
    });
    nothing.hidden = lines.length > 0;
    return lines.length;
  });
  pane.list("entries", "seq", ({ rows }) => {
    lines = rows;
    draw();
  });
  return pane.done;
}
