// Which colours up and down have: teal and red, or blue and orange for eyes that tell red from green badly.

const KEY = "tradekit.colours"; // kept by the browser, for every page of this origin
const CHANGED = "tradekit:colours";

/** "blue", or "" for the usual ones. */
export function colours() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a page that may keep nothing
  }
}

/** The other ones, at once in every pane of the page. */
export function swap() {
  try {
    localStorage.setItem(KEY, colours() ? "" : "blue");
  } catch {
    return;
  }
  window.dispatchEvent(new Event(CHANGED));
}

/** `run` on each change; returns what ends it. */
export function onColours(run) {
  window.addEventListener(CHANGED, run);
  return () => window.removeEventListener(CHANGED, run);
}
