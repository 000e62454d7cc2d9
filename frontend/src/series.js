// Which bars: one series or several, each with what it is and what is odd about it.

import { choices } from "./choices.js";
import { h, mark, say } from "./dom.js";
import { number } from "./words.js";

const day = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/** {node, chosen, choose, ready, offer, again}; `told` is called when what is known of the bars has changed. */
export function series(pane, ask, told) {
  const list = h("div", { class: "series" });
  const more = h("button", { type: "button", class: "quiet", title: "run on several instruments at once; each once" }, "+ another instrument");
  const folder = h("p", { class: "muted folder" });
  const node = h("fieldset", {}, h("legend", {}, "Bars"), list, more, folder);
  const known = new Map(); // what was read, by name
  let rows = [];
  const selects = () => [...list.querySelectorAll("select")];
  const chosen = () => selects().map((one) => one.value);
  const show = (item) => {
    const { select, facts, odd } = item;
    const about = known.get(select.value);
    say(facts, !about || about.state === "busy" ? "reading them …" : about.state === "error" ? about.problem
      : `${about.instrument} ${about.timeframe}, ${number(about.rows, 0)} bars, ${day(about.since)} to ${day(about.until)} UTC, ${number(about.low, about.low < 10 ? 5 : 2)} to ${number(about.high, about.high < 10 ? 5 : 2)} ${about.currency}`);
    mark(facts, "class", `facts ${about?.state === "error" ? "warn" : "muted"}`);
    say(odd, about?.odd?.length ? about.odd.join("; ") : "");
    odd.hidden = !about?.odd?.length;
  };
  const look = () => {
    for (const item of list.children) {
      show(item);
      item.drop.hidden = list.children.length < 2;
    }
    told();
  };
  const read = (name) => {
    known.set(name, { state: "busy" });
    ask("data", { name });
  };
  const add = (name) => {
    const select = h("select", { "aria-label": "bars" });
    choices(select, rows, name);
    if (!select.value && rows.length) select.value = rows[0].name;
    const drop = h("button", { type: "button", class: "quiet", title: "take these bars away", "aria-label": "take these bars away" }, "×");
    const facts = h("p", { "aria-live": "polite" });
    const odd = h("p", { class: "warn odd", hidden: true });
    const item = h("div", { class: "one" }, h("div", { class: "pick" }, select, drop), facts, odd);
    Object.assign(item, { select, facts, odd, drop });
    select.addEventListener("change", () => { read(select.value); look(); });
    drop.addEventListener("click", () => { item.remove(); look(); });
    list.append(item);
    if (known.get(select.value)?.state !== "ok") read(select.value);
  };
  more.addEventListener("click", () => {
    const taken = new Set(chosen());
    add((rows.find(({ name }) => !taken.has(name)) ?? rows[0]).name);
    look();
  });
  pane.part("data", ({ name, ...about }) => {
    known.set(name, about);
    look();
  });
  return {
    node, chosen,
    ready: () => list.children.length > 0 && chosen().every((name) => known.get(name)?.state === "ok"),
    choose: (names) => { list.replaceChildren(); names.forEach(add); look(); },
    offer: (value) => {
      rows = value.data;
      for (const select of selects()) choices(select, rows, select.value);
      say(folder, value.folder ? `Files of ${value.folder} and below.` : "tradekit dashboard --data FOLDER offers your own CSV and Parquet files here.");
    },
    again: () => { known.clear(); chosen().forEach(read); look(); },
  };
}
