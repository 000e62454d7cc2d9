// Profit and loss: the numbers of now above, each day's below.

import tables from "./blotter.css";
import { table } from "./blotter.js";
import { h } from "./dom.js";
import { frame } from "./frame.js";
import css from "./hero.css";
import { numbers } from "./hero.js";

const DAYS = {
  title: "Days", none: "No day yet. Each appears here with its first bar, and moves with the account until it ends.",
  columns: [["day", "Day (UTC)", ""], ["gain", "Profit", "s n"], ["share", "Share", "s n"], ["realised", "Realised", "s n"], ["fees", "Fees", "n"], ["flows", "Other cash", "n"], ["end", "Equity", "n"]],
};

export function render(view) {
  const pane = frame(view, css + tables);
  const { scroll, show } = table("days", pane, h("span", {}), DAYS);
  pane.root.classList.add("blotter");
  pane.body.append(h("div", { class: "hero top holds-badge" }, numbers(pane), pane.badge), scroll);
  show(true);
  return pane.done;
}
