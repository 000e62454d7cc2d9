// One table by itself: a tab of the blotter, or the ticker's prices.

import css from "./blotter.css";
import { TABLES, table } from "./blotter.js";
import { h } from "./dom.js";
import { frame } from "./frame.js";

const PRICES = {
  title: "Prices", none: "No instrument yet. Each price appears here as the feed tells it.",
  columns: [["instrument", "Instrument", ""], ["last", "Last", "n"], ["change", "Since 00:00 UTC", "s n"], ["share", "In %", "s n"], ["bid", "Bid", "n"], ["ask", "Ask", "n"], ["ts", "Time", "t"]],
};

/** The pane of one table; a click on a row marks it, and opens nothing. */
export function single(name, looks = name === "prices" ? PRICES : { ...TABLES[name], order: undefined }) {
  return (view) => {
    const pane = frame(view, css);
    const title = h("span", {});
    const { scroll, show } = table(name, pane, title, looks);
    pane.root.classList.add("blotter");
    pane.body.append(h("div", { class: "title holds-badge" }, title, pane.badge), scroll);
    show(true);
    return pane.done;
  };
}
