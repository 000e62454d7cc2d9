// Tabs by the keyboard: one of them is in the page's order, the arrows go to the others.

import { mark } from "./dom.js";

/** Mark `name` as the chosen one of `tabs` (buttons by name). */
export function chosen(tabs, name) {
  for (const [other, tab] of Object.entries(tabs)) {
    mark(tab, "aria-selected", other === name ? "true" : "false");
    mark(tab, "tabindex", other === name ? "0" : "-1");
  }
}

/** `show(name)` the next tab with each arrow, the first with Home and the last with End; hidden ones are passed over. */
export function arrows(list, tabs, show) {
  list.addEventListener("keydown", (event) => {
    const names = Object.keys(tabs).filter((name) => !tabs[name].hidden);
    const at = names.findIndex((name) => tabs[name].matches(":focus"));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const name = names[(to + names.length) % names.length];
    show(name);
    tabs[name].focus();
  });
}
