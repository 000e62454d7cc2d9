// The numbers: equity, the day, what is open, where it ends.

import css from "./hero.css";
import { h, keyed, mark, say, tint } from "./dom.js";
import { frame } from "./frame.js";

const cell = () =>
  h("div", { class: "cell" }, h("div", { class: "label" }), h("div", { class: "value" }, h("span", {}), h("span", { class: "more" })));

/** The numbers of a pane whose part `cells` they are; its style is hero.css, around them stands a `.hero`. */
export function numbers(pane) {
  const row = h("div", { class: "numbers" });
  pane.part("cells", (cells) => {
    keyed(row, cells, (item) => item.label, cell, (node, item, fresh) => {
      const [label, value] = node.children;
      mark(node, "class", item.small ? "cell small" : "cell");
      say(label, item.label);
      mark(value, "class", `value ${item.tone}`);
      mark(node, "title", item.title);
      const changed = say(value.firstChild, item.text);
      say(value.lastChild, item.more);
      if (changed && !fresh) tint(value);
    });
  });
  return row;
}

export function render(view) {
  const pane = frame(view, css);
  pane.body.append(numbers(pane), pane.badge);
  return pane.done;
}
