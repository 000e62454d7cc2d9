// All of a session in one widget: ribbon and numbers above; chart, tables, log and days behind tabs; controls beside.

import { render as blotter } from "./blotter.js";
import chart from "./chart.js";
import { h } from "./dom.js";
import { frame } from "./frame.js";
import { render as hero } from "./hero.js";
import { render as log } from "./log.js";
import { render as pnl } from "./pnl.js";
import { render as ribbon } from "./ribbon.js";
import css from "./session.css";
import { share } from "./share.js";
import { steer } from "./steering.js";
import steering from "./steering.css";
import { arrows, chosen } from "./tabs.js";

const TABS = { Chart: [chart.render, "chart"], Tables: [blotter, "blotter", { ack: "resolved" }], Log: [log, "log"], "P&L": [pnl, "pnl"] };
const QUIET = { own: { first: "" } }; // the ribbon names the session for all

function render(view) {
  const top = h("div", {});
  const numbers = h("div", {});
  const bar = h("div", { class: "tabs", role: "tablist" });
  const pages = h("div", { class: "pages" });
  const side = h("div", { class: "tk-steering side" });
  const whole = frame(share(view, "session", view.el, { own: { first: "", connection: "", height: view.model.get("height") } }), css + steering);
  whole.body.append(top, numbers, h("div", { class: "columns" }, h("div", { class: "main" }, bar, pages), side));

  const ends = [
    ribbon(share(view, "ribbon", top, QUIET)),
    hero(share(view, "hero", numbers, QUIET)),
    steer(view, side, { first: "" }),
  ];
  const tabs = {};
  const show = (name) => {
    chosen(tabs, name);
    for (const other of Object.keys(TABS)) tabs[other].page.classList.toggle("shown", other === name);
  };
  for (const [name, [draw, pane, names]] of Object.entries(TABS)) {
    const page = h("div", { class: "page", role: "tabpanel", "aria-label": name });
    tabs[name] = h("button", { role: "tab", type: "button", onclick: () => show(name) }, name);
    tabs[name].page = page;
    bar.append(tabs[name]);
    pages.append(page);
    ends.push(draw(share(view, pane, page, { ...QUIET, names })));
  }
  arrows(bar, tabs, show);
  show("Chart");
  const story = () => JSON.parse(view.model.get("story") || "{}").order && show("Log"); // an order's life is told there
  view.model.on("change:story", story);
  return () => {
    view.model.off("change:story", story);
    ends.forEach((end) => end());
    whole.done();
  };
}

export default { render };
