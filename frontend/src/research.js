// The research page: the form on the left; what runs, what ran and what came of it on the right.

import css from "./research.css";
import { compare } from "./compare.js";
import { h, say } from "./dom.js";
import { frame } from "./frame.js";
import { here } from "./links.js";
import { outcome } from "./outcome.js";
import { promotion } from "./promotion.js";
import { runs } from "./runs.js";
import { study } from "./study.js";
import { sweepmap } from "./sweepmap.js";
import { arrows, chosen } from "./tabs.js";
import { work } from "./work.js";

const RECENT = 20;

/** Requests, numbered: of several that are sent at once a server hears the last message alone, so each repeats the recent ones. */
function asking(pane) {
  const view = Math.random().toString(36).slice(2);
  const asks = [];
  let count = 0;
  return (what, more = {}) => {
    count += 1;
    asks.push({ do: what, ...more, number: count });
    asks.splice(0, asks.length - RECENT);
    pane.send({ view, asks });
  };
}

const TABS = { result: "Result", compare: "Compare", sweep: "Sweep" };

/** The bar on top: where else to go, and the other theme; a notebook has neither. */
function header(pane, model) {
  const shade = model.get("theme") === "light" ? "dark" : "light";
  const served = model.get("theme") !== "auto";
  const links = served ? h("nav", {}, h("a", { href: here({ page: null }), title: "running sessions, or the configurations to start one" }, "sessions"), h("a", { href: here({ theme: shade }), title: `show this page in ${shade}; its runs are let go` }, shade)) : null;
  return h("header", {}, h("h1", {}, "Research"), h("p", { class: "said", role: "alert", hidden: true }), links);
}

function render(view) {
  const pane = frame(view, css);
  const ask = asking(pane);
  const top = header(pane, view.model);
  const tabs = h("div", { class: "tabs", role: "tablist" });
  const tab = {};
  const part = {};
  const show = (name) => {
    chosen(tab, name);
    for (const other of Object.keys(TABS)) part[other].hidden = other !== name;
  };
  const promote = promotion(pane, ask);
  const panes = { result: outcome(pane, ask, promote), compare: compare(pane, ask), sweep: sweepmap(pane, ask, () => show("sweep")) };
  for (const [name, words] of Object.entries(TABS)) {
    tab[name] = h("button", { type: "button", role: "tab", onclick: () => show(name) }, words);
    part[name] = h("div", { class: `part ${name}`, role: "tabpanel", "aria-label": words }, panes[name].node);
    tabs.append(tab[name]);
  }
  arrows(tabs, tab, show);
  const form = study(pane, ask);
  const list = runs(pane, ask, { open: () => show("result"), compare: () => show("compare") });
  const right = h("div", { class: "right" }, work(pane, ask).node, list.node, h("section", { class: "views" }, tabs, ...Object.values(part)));
  pane.body.append(top, h("div", { class: "columns" }, form.node, right));
  show("result");

  const said = top.querySelector(".said");
  let told = 0;
  pane.part("said", ({ number, where, text }) => {
    if (number === told) return;
    told = number;
    if (form.said(where, text)) return; // beside what was asked
    say(said, text);
    said.hidden = false;
  });
  pane.part("result", () => { said.hidden = true; show("result"); });
  let dark;
  const look = () => {
    const now = pane.root.dataset.theme !== "light";
    if (now !== dark) ask("look", { dark: now });
    dark = now;
  };
  look();
  pane.on("theme", () => setTimeout(look));
  return () => {
    for (const one of Object.values(panes)) one.done();
    pane.done();
  };
}

export default { render };
