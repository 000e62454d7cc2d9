// The form: bars, strategy, its parameters as it declares them, money and rules; Run; and what a sweep is to try.

import { h, mark, say } from "./dom.js";
import { choices } from "./choices.js";
import { NUMBERS, amiss, input, meaning } from "./params.js";
import { series } from "./series.js";
import { sweeping } from "./sweeping.js";

const TERMS = { cash: "opening balance [the account's currency]", fee: "fraction of each trade's value: 0.0005 is 0.05 %", slippage: "fraction of the price, against you", leverage: "refuse orders beyond this multiple of equity; empty allows any" };
const SENT_MS = 5000; // a page that hangs says so elsewhere
const WHERE = { run: "run", sweep: "sweep", cell: "sweep", best: "sweep", metric: "sweep" };

export function study(pane, ask) {
  const bars = series(pane, ask, () => look());
  const strategy = h("select", { "aria-label": "strategy" });
  const again = h("button", { type: "button", class: "quiet", title: "read the strategies and the data folder again, after a file was edited or added" }, "Read again");
  const doc = h("p", { class: "doc muted", "aria-live": "polite" });
  const params = h("div", { class: "params rows" });
  const terms = Object.fromEntries(Object.entries(TERMS).map(([name, words]) => [name, h("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": name, title: words, placeholder: name === "leverage" ? "any" : "0" })]));
  const rules = h("select", { "aria-label": "fill rules", title: "whose fill rules: docs/rules.md" });
  const settings = h("input", { type: "text", autocomplete: "off", spellcheck: "false", "aria-label": "settings of the fill rules", placeholder: "participation=0.1", title: "settings of the rules: name=value, name=value (docs/fills.md)" });
  const run = h("button", { type: "submit", class: "go" }, "Run");
  const wrong = { run: h("p", { class: "warn why", role: "alert", hidden: true }), sweep: h("p", { class: "warn why", role: "alert", hidden: true }) };
  const sweep = sweeping(pane, () => asked(), ask, wrong.sweep);
  const field = (name) => h("label", { class: "field", title: TERMS[name] }, h("span", {}, name), terms[name]);
  const node = h("form", { class: "study", novalidate: true, "aria-label": "what to run" },
    bars.node,
    h("fieldset", {}, h("legend", {}, "Strategy"), h("div", { class: "pick" }, strategy, again), doc, params),
    h("fieldset", {}, h("legend", {}, "Money and rules"), h("div", { class: "terms" }, ...Object.keys(TERMS).map(field)), h("div", { class: "terms" }, h("label", { class: "field" }, h("span", {}, "rules"), rules), h("label", { class: "field" }, h("span", {}, "settings"), settings))),
    h("div", { class: "does" }, run), wrong.run, sweep.node);

  let read = { name: "", rows: [] }; // the strategy whose declaration is drawn
  let wanted = {}; // values for the next one that is drawn
  const inputs = new Map();
  const problem = ({ row, get }) => (row.constant ? "" : NUMBERS.includes(row.kind) ? amiss(row, get()) : get() === undefined ? `${row.name}: this is not understood; write it as JSON` : "");
  const values = () => Object.fromEntries([...inputs.values()].filter(({ row }) => !row.constant).map(({ row, get }) => [row.name, get()]));
  const asked = () => ({
    data: bars.chosen(), strategy: strategy.value, params: values(), ...Object.fromEntries(Object.entries(terms).map(([name, box]) => [name, box.value.trim()])),
    rules: settings.value.trim() ? `${rules.value}:${settings.value.replace(/\s+/g, "")}` : rules.value,
  });
  const ready = () => read.name === strategy.value && bars.ready();
  function look() {
    const said = [...inputs.values()].map(problem).find(Boolean) ?? "";
    for (const one of inputs.values()) one.node.classList.toggle("wrong", Boolean(problem(one)));
    run.disabled = !ready() || Boolean(said);
    mark(run, "title", said || (ready() ? "a run begins at once, or waits for the one under way" : "bars and strategy are still being read, or one of them cannot be"));
    sweep.look(run.disabled, read.rows);
    const fee = Number(terms.fee.value);
    terms.fee.parentElement.dataset.reads = fee > 0 && fee < 1 ? `${Number((fee * 100).toPrecision(4))} %` : "";
  }
  const draw = () => {
    inputs.clear();
    params.replaceChildren(...read.rows.map((row) => {
      const made = input(row, () => look());
      const line = h("div", { class: `row ${row.kind}`, title: meaning(row) }, h("label", {}, row.name), ...made.nodes);
      inputs.set(row.name, { ...made, node: line, row });
      made.set(wanted[row.name] ?? row.default);
      return line;
    }));
    wanted = {};
    look();
  };
  const choose = () => {
    ask("strategy", { name: strategy.value });
    look();
  };
  strategy.addEventListener("change", choose);
  again.addEventListener("click", () => {
    wanted = values();
    ask("offers");
    choose();
    bars.again();
  });
  for (const box of [...Object.values(terms), settings]) box.addEventListener("input", look);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    wrong.run.hidden = true;
    if (run.disabled) return;
    ask("run", asked());
    run.classList.add("spin"); // until the page hears of it
    setTimeout(() => run.classList.remove("spin"), SENT_MS);
  });

  pane.part("offers", (value) => {
    choices(strategy, value.strategies, strategy.value);
    if (rules.options.length !== value.rules.length) rules.replaceChildren(...value.rules.map((name) => h("option", {}, name)));
    bars.offer(value);
  });
  pane.part("strategy", (value) => {
    if (value.name !== strategy.value) return;
    if (value.state !== "busy") read = { name: value.state === "ok" ? value.name : "", rows: value.rows ?? [] };
    say(doc, value.state === "busy" ? "reading it …" : value.state === "ok" ? value.doc || "It says nothing of itself." : value.problem);
    mark(doc, "class", `doc ${value.state === "error" ? "warn" : "muted"}`);
    if (value.state === "ok") draw();
    else if (value.state === "error") { params.replaceChildren(); inputs.clear(); }
    look();
  });
  let filled = 0;
  pane.part("form", (value) => {
    if (value.number === filled) return;
    filled = value.number;
    bars.choose(value.data);
    for (const [name, box] of Object.entries(terms)) box.value = value[name];
    const [profile, ...rest] = value.rules.split(":");
    rules.value = profile;
    settings.value = rest.join(":");
    wanted = { ...value.params };
    const same = strategy.value === value.strategy && read.name === value.strategy;
    strategy.value = value.strategy;
    if (same) draw();
    else choose();
    if (filled > 1) node.classList.add("filled");
    setTimeout(() => node.classList.remove("filled"), 600);
  });
  const said = (where, text) => {
    if (["preview", "promote"].includes(where)) return false;
    const at = wrong[WHERE[where]];
    if (!at) return false;
    say(at, text);
    at.hidden = false;
    return true;
  };
  pane.part("work", ({ current }) => {
    run.classList.remove("spin");
    if (current) for (const one of Object.values(wrong)) one.hidden = true;
  });
  look();
  return { node, said };
}
