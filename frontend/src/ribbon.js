// The ribbon: what is it, may it trade, is everything fresh.

import css from "./ribbon.css";
import { colours, swap } from "./colours.js";
import { h, keyed, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { here } from "./links.js";
import { age } from "./words.js";

const SILENT_MS = 5000; // the server beats each second (BEAT_S in hub.py)
const AGES = ["feed", "bridge"];

/** A page's server beats in the ribbon, and all panes are told when it falls silent and when it is heard again. */
function heedServer(pane) {
  let beaten = performance.now();
  let page = false;
  let silent = false;
  pane.part("ribbon", (value) => { page = value.page; });
  pane.part("beat", () => {
    beaten = performance.now();
    if (silent) window.dispatchEvent(new Event("tradekit:heard"));
    silent = false;
  });
  pane.every(1000, () => {
    const quiet = performance.now() - beaten;
    if (!page || silent || quiet < SILENT_MS) return;
    silent = true;
    window.dispatchEvent(new CustomEvent("tradekit:cut", { detail: quiet / 1000 }));
  });
}

/**
 * Say that a message stands in the page and the page has time again: the server sends no other before that, so a page
 * that is slow, or in the background, where timers are, gets fewer.
 */
function answer(pane, model) {
  pane.part("message", (number) => setTimeout(() => {
    model.set("shown", String(number));
    model.save_changes();
  }));
}

export function render(view) {
  const pane = frame(view, css);
  const mode = h("span", { class: "mode" });
  const name = h("span", { class: "name" });
  const power = h("span", { class: "power" });
  const items = h("span", { class: "items" });
  const seq = h("span", { class: "seq", title: "the journal's last event that this page has folded" });
  const theme = h("a", {});
  const tones = h("button", { class: "tones", onclick: () => { swap(); showTones(); } });
  const showTones = () => {
    mark(tones, "aria-pressed", colours() ? "true" : "false");
    mark(tones, "title", colours() ? "up and down in teal and red" : "up and down in blue and orange, for eyes that tell red from green badly");
  };
  tones.append(h("span", { class: "up" }, "▲"), h("span", { class: "down" }, "▼"));
  mark(tones, "aria-label", "blue and orange");
  showTones();
  const sessions = h("a", { title: "every session that runs here" });
  const other = h("a", {});
  const research = h("a", { title: "run, compare and sweep strategies over recorded bars" });
  const monitoring = new URLSearchParams(location.search).get("page") === "monitoring";
  pane.sounds();
  pane.body.append(mode, name, power, items, h("span", { class: "right" }, seq, tones, sessions, other, research, theme));
  let heard = 0;
  let shown = [];

  const showItems = () => {
    const waited = (performance.now() - heard) / 1000;
    const link = pane.link();
    const old = link.state === "stale"; // then nobody knows how old feed and bridge are
    const all = old
      ? [{ label: "", text: "", age: link.age, title: link.problem, stale: true }, { label: "session", text: link.problem, title: link.problem, tone: "warn" }, ...shown.filter((item) => !AGES.includes(item.label))]
      : shown;
    keyed(items, all, (item) => item.label, () => h("span", { class: "item" }, h("span", { class: "label" }), h("span", { class: "value" })),
      (node, item) => {
        const since = item.stale ? pane.linkAge() : (item.age ?? 0) + waited;
        const words = item.age === null || item.age === undefined ? item.text : `${item.stale ? "stale " : item.text ? `${item.text} ` : ""}${age(since)}`;
        say(node.firstChild, item.label);
        say(node.lastChild, words);
        const late = item.limit && since > item.limit ? "warn" : item.tone ?? "";
        mark(node.lastChild, "class", item.stale ? "value late" : `value ${item.age === undefined ? "" : "aged"} ${late}`);
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
    const shade = view.model.get("theme") === "light" ? "dark" : "light";
    say(theme, value.page ? shade : "");
    mark(theme, "href", value.page ? here({ theme: shade }) : null);
    mark(theme, "title", value.page ? `show this page in ${shade}` : null);
    tones.hidden = !value.page;
    const chosen = value.page && new URLSearchParams(location.search).has("session");
    say(sessions, chosen ? "sessions" : "");
    mark(sessions, "href", chosen ? here({ session: null, page: null }) : null);
    say(research, value.page ? "research" : "");
    mark(research, "href", value.page ? here({ page: "research" }) : null);
    say(other, value.page ? (monitoring ? "live" : "monitoring") : "");
    mark(other, "href", value.page ? here({ page: monitoring ? null : "monitoring" }) : null);
    mark(other, "title", value.page ? (monitoring ? "back to the live page" : "how the session's process is") : null);
    showItems();
  });
  heedServer(pane);
  answer(pane, view.model);
  pane.onLink(showItems);
  const height = new ResizeObserver(() => document.documentElement.style.setProperty("--ribbon", `${pane.root.offsetHeight}px`));
  height.observe(pane.root); // what sticks below the ribbon needs to know
  pane.every(500, showItems);
  return () => {
    height.disconnect();
    pane.done();
  };
}
