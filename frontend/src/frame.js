// What every pane has: its tokens, its parts from Python, and the states loading, empty, live, stale, ended and error.

import base from "./base.css";
import { SILENT, heed } from "./beat.js";
import { colours, onColours } from "./colours.js";
import { h, mark, say } from "./dom.js";
import { present, wake } from "./present.js";
import { age } from "./words.js";

const SHOWN = { live: "", loading: "loading", stale: "stale", ended: "ended", error: "error" };
const CUT = "the dashboard's own server is silent; this page comes back with it";

/** "auto" is what the notebook shows, else what the system prefers. */
function themed(name) {
  if (name !== "auto") return name;
  const lab = document.body.dataset.jpThemeLight;
  if (lab !== undefined) return lab === "true" ? "light" : "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * Build a pane inside `el`. Returns {root, body, badge, part, list, every, on, onLink, send, link, linkAge, sounds, done}:
 * badge             says how old the pane is while it is; the pane puts it where it covers nothing, in "holds-badge"
 * part(name, show)  calls `show` with a part's value now and on each change (parts are JSON text in the model)
 * list(name, key, show)  the same for a part with `rows`, which comes whole or as what differs from that (lists.py)
 * every(ms, run)    a timer that ends with the pane
 * on(name, run)     `run` on each change of a part
 * send(request)     hands a request to Python
 * link(), linkAge() the connection's state, and how long it has been so [s]; onLink(run) on each change of it
 * sounds()          this pane shows the session's alarm
 * done              what `render` returns: releases everything
 */
export function frame({ model, el }, css) {
  const first = h("div", { class: "first", hidden: true }, h("b", {}), h("span", { class: "name" }), h("span", { class: "muted" }));
  const inner = h("div", { class: "inner" });
  const alarm = h("div", { class: "alarm", role: "alert", hidden: true }, h("b", {}, "ALARM"), h("span", {}));
  const body = h("div", { class: "body" }, first, inner);
  const words = h("p", {});
  const copy = h("button", { title: "copy what went wrong" }, "Copy");
  const note = h("div", { class: "note", role: "alert" }, words, copy);
  const badge = h("span", { class: "badge", role: "status", hidden: true });
  const root = h("section", { class: `tk ${model.get("pane")}`, "aria-label": model.get("pane") }, alarm, note, body);
  const ends = [];
  const paints = []; // what a change of theme runs
  const links = [];
  let heard = performance.now();
  let link = {};
  let alarming = false; // one alarm to a page and to a widget is enough

  const on = (name, run) => {
    model.on(`change:${name}`, run);
    ends.push(() => model.off(`change:${name}`, run));
    if (name === "theme") paints.push(run);
  };
  const every = (ms, run) => {
    const timer = setInterval(run, ms);
    ends.push(() => clearInterval(timer));
  };
  const linkAge = () => (link.age ?? 0) + (performance.now() - heard) / 1000;
  const showLink = () => {
    const state = SHOWN[link.state] ?? "";
    mark(root, "data-state", state);
    badge.hidden = state !== "stale" && state !== "ended";
    say(badge, `${state} ${age(linkAge())}`);
    mark(badge, "title", link.problem);
    alarm.hidden = !link.alarm || !alarming;
    say(alarm.lastChild, link.alarm ?? "");
    mark(alarm, "title", link.alarm);
    say(words, state === "error" ? `${link.problem} (since ${age(linkAge())})` : "");
  };
  const part = (name, show) => {
    const read = () => {
      const text = model.get(name);
      if (text) show(JSON.parse(text));
    };
    on(name, read);
    read();
  };
  const list = (name, key, show) => {
    let whole = 0; // the number of the one that `known` is
    let known = new Map();
    part(name, (value) => {
      whole = value.number;
      known = new Map(value.rows.map((row) => [row[key], row]));
      show(value);
    });
    part(`${name}_since`, ({ rows, keys, ...value }) => {
      if (value.number !== whole) return;
      const differs = new Map(rows.map((row) => [row[key], row]));
      show({ ...value, rows: keys.map((at) => differs.get(at) ?? known.get(at)) });
    });
  };
  let sent = 0;
  const send = (request) => {
    sent += 1;
    model.set("request", JSON.stringify({ ...request, n: sent, at: Date.now() }));
    model.save_changes();
  };

  copy.addEventListener("click", () => navigator.clipboard?.writeText(words.textContent));
  el.append(h("style", {}, base + (css ?? "")), root);
  const theme = () => {
    mark(root, "data-theme", themed(model.get("theme")));
    mark(root, "data-colours", colours());
  };
  theme();
  on("theme", theme);
  const notebook = new MutationObserver(() => paints.forEach((paint) => paint())); // for "auto"
  notebook.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  ends.push(() => notebook.disconnect(), onColours(() => paints.forEach((paint) => paint())));
  if (model.get("height")) root.style.height = `${model.get("height")}px`;
  part("first", (value) => {
    first.hidden = false;
    alarming = true;
    mark(root, "data-mode", value.mode);
    say(first.children[0], value.mode_word);
    say(first.children[1], value.name);
    say(first.children[2], value.seq);
  });
  let told = {}; // what Python said last
  const take = (value) => {
    heard = performance.now();
    link = value;
    showLink();
    links.forEach((run) => run());
  };
  const old = (problem, seconds = 0) => take({ ...told, state: "stale", age: seconds, problem });
  const again = () => take(told);
  part("connection", (value) => {
    told = value;
    take(value);
  });
  ends.push(heed(model, (seconds) => { old(SILENT, seconds); wake(model); }, again)); // a notebook's kernel
  ends.push(present(model));
  const cut = ({ detail }) => old(CUT, detail); // a page's server, see ribbon.js
  window.addEventListener("tradekit:cut", cut);
  window.addEventListener("tradekit:heard", again);
  ends.push(() => {
    window.removeEventListener("tradekit:cut", cut);
    window.removeEventListener("tradekit:heard", again);
  });
  every(1000, () => ["stale", "ended", "error"].includes(link.state) && showLink());
  return {
    root, body: inner, badge, part, list, every, on, send, linkAge,
    link: () => link,
    onLink: (run) => links.push(run),
    sounds: () => { alarming = true; showLink(); },
    done: () => ends.splice(0).forEach((end) => end()),
  };
}
