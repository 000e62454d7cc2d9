// What a trader may do, in one: the buttons, and the strategy's parameters below them.

import { render as controls } from "./controls.js";
import { h } from "./dom.js";
import { render as params } from "./params.js";
import { share } from "./share.js";
import css from "./steering.css";

/** The two panes in `el`; returns what ends them. `own`: parts that differ for the first one. */
export function steer(view, el, own = {}) {
  const [above, below] = [h("div", {}), h("div", { class: "fills" })];
  el.append(above, below);
  const ends = [
    controls(share(view, "controls", above, { own })),
    params(share(view, "params", below, { own: { first: "" }, names: { ack: "tuned" } })),
  ];
  return () => ends.forEach((end) => end());
}

export function render(view) {
  const el = h("div", { class: "tk-steering" });
  const height = view.model.get("height");
  if (height) el.style.maxHeight = `${height}px`;
  view.el.append(h("style", {}, css), el);
  return steer(view, el);
}
