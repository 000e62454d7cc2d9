// The ribbon: what is it, may it trade, is everything fresh.

import css from "./ribbon.css";
import { h, keyed, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { age } from "./words.js";

export function render(view) {
  const pane = frame(view, css);
  const mode = h("span", { class: "mode" });
  const name = h("span", { class: "name" });
  const power = h("span", { class: "power" });
  const items = h("span", { class: "items" });
  const seq = h("span", { class: "seq", title: "the journal's last event that this page has folded" });
  const theme = h("a", {});
  pane.body.append(mode, name, power, items, h("span", { class: "right" }, seq, theme));
  let heard = 0;
  let shown = [];

  const showItems = () => {
    const waited = (performance.now() - heard) / 1000;
    const link = pane.link();
    const all = link.state === "stale"
      ? [{ label: "", text: "", age: link.age, tone: "warn", title: link.problem, stale: true }, ...shown]
      : shown;
    keyed(items, all, (item) => item.label, () => h("span", { class: "item" }, h("span", { class: "label" }), h("span", { class: "value" })),
      (node, item) => {
        const since = item.stale ? pane.linkAge() : (item.age ?? 0) + waited;
        const words = item.age === null || item.age === undefined ? item.text : `${item.stale ? "stale " : item.text ? `${item.text} ` : ""}${age(since)}`;
        say(node.firstChild, item.label);
        say(node.lastChild, words);
        const late = item.limit && since > item.limit ? "warn" : item.tone ?? "";
        mark(node.lastChild, "class", item.stale ? "value late" : `value ${late}`);
        mark(node, "title", item.title);
      });
  };

  pane.part("ribbon", (value) => {
    heard = performance.now();
    mark(pane.root, "data-mode", value.mode);
    say(mode, value.mode_word);
    say(name, value.name);
    say(power, value.power_word);
    mark(power, "class", `power ${value.power}`);
    mark(power, "title", value.power_title);
    say(seq, value.seq);
    shown = value.items;
    const other = view.model.get("theme") === "light" ? "dark" : "light";
    say(theme, value.page ? other : "");
    mark(theme, "href", value.page ? `?theme=${other}` : null);
    mark(theme, "title", value.page ? `show this page in ${other}` : null);
    showItems();
  });
  pane.on("connection", showItems);
  pane.every(500, showItems);
  return pane.done;
}
