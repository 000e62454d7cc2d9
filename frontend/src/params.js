// The strategy's parameters: drawn from its own declaration, checked while they are typed, applied as one.

import { acknowledgement } from "./ack.js";
import css from "./params.css";
import { h, keyed, mark, say, tint } from "./dom.js";
import { frame } from "./frame.js";
import { clock, utc } from "./words.js";

export const NUMBERS = ["integer", "number"];

/** What is wrong with a typed number, "" for nothing; the session has the last word all the same. */
export function amiss({ name, kind, low, high, open = [] }, value) {
  if (!Number.isFinite(value)) return `${name}: give a number`;
  if (kind === "integer" && !Number.isInteger(value)) return `${name}: give a whole number`;
  if (low !== undefined && (value < low || (open.includes("low") && value === low))) return `${name}: ${open.includes("low") ? "above" : "at least"} ${low}`;
  if (high !== undefined && (value > high || (open.includes("high") && value === high))) return `${name}: ${open.includes("high") ? "below" : "at most"} ${high}`;
  return "";
}

/** A parameter's meaning and bounds, for its hover. */
export function meaning({ doc, kind, low, high, open = [], constant, default: usual }) {
  const from = low === undefined ? "" : `${open.includes("low") ? "above" : "from"} ${low}`;
  const to = high === undefined ? "" : `${open.includes("high") ? "below" : "to"} ${high}`;
  const first = usual === null || usual === undefined ? "" : `declared as ${usual}`;
  return [doc, [kind, from, to].filter(Boolean).join(" "), first, constant ? "it cannot be changed" : ""].filter(Boolean).join("; ");
}

/** One parameter's input: how it is drawn, read and set. */
export function input(row, typed) {
  const { name, kind, low, high, step } = row;
  const props = { "aria-label": name, oninput: typed, disabled: row.constant };
  if (kind === "boolean") {
    const box = h("input", { type: "checkbox", ...props });
    return { nodes: [box], get: () => box.checked, set: (value) => { box.checked = value; } };
  }
  if (kind === "choice") {
    const pick = h("select", props, ...row.choices.map((choice, index) => h("option", { value: index }, String(choice))));
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    return { nodes: [pick], get: () => row.choices[pick.selectedIndex], set: (value) => { pick.selectedIndex = row.choices.findIndex((choice) => same(choice, value)); } };
  }
  if (NUMBERS.includes(kind)) {
    const fine = step ?? (kind === "integer" ? 1 : "any");
    const box = h("input", { type: "number", step: fine, min: low, max: high, inputmode: "decimal", ...props });
    const get = () => (box.value === "" ? NaN : Number(box.value));
    if (low === undefined || high === undefined || row.constant) return { nodes: [box], get, set: (value) => { box.value = value; } };
    const slide = h("input", { type: "range", min: low, max: high, step: step ?? (kind === "integer" ? 1 : (high - low) / 100), tabindex: "-1", "aria-hidden": "true" });
    slide.addEventListener("input", () => { box.value = kind === "integer" ? slide.value : Number(Number(slide.value).toPrecision(4)); typed(); });
    box.addEventListener("input", () => { slide.value = box.value; });
    return { nodes: [box, slide], get, set: (value) => { box.value = value; slide.value = value; } };
  }
  const text = kind === "text";
  const box = h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...props });
  const get = () => {
    if (text) return box.value;
    try { return JSON.parse(box.value); } catch { return undefined; }
  };
  return { nodes: [box], get, set: (value) => { box.value = text ? value : JSON.stringify(value); } };
}

export function render(view) {
  const pane = frame(view, css);
  const title = h("span", {}, "Parameters");
  const when = h("span", { class: "muted when" });
  const rows = h("div", { class: "rows" });
  const wrong = h("p", { class: "why warn", role: "status", hidden: true });
  const apply = h("button", { class: "apply", type: "submit", disabled: true }, "Apply");
  const back = h("button", { type: "button", hidden: true }, "Reset");
  const nothing = h("p", { class: "none muted" });
  const ack = acknowledgement(() => submit());
  const form = h("form", { novalidate: true }, rows, wrong, h("div", { class: "does" }, apply, back), ack.line, ack.again);
  pane.body.append(h("div", { class: "title holds-badge" }, title, when, pane.badge), nothing, form);

  const inputs = new Map();
  let off = "";
  const dirty = () => [...inputs.values()].filter(({ row, get }) => !row.constant && JSON.stringify(get()) !== JSON.stringify(row.value));
  const problem = ({ row, get }) => (NUMBERS.includes(row.kind) ? amiss(row, get()) : get() === undefined ? `${row.name}: this is not understood; write it as JSON` : "");
  const look = () => {
    const changed = dirty();
    const said = changed.map(problem).find(Boolean) ?? "";
    for (const one of inputs.values()) {
      const differs = changed.includes(one);
      one.node.classList.toggle("changed", differs);
      one.node.classList.toggle("wrong", differs && Boolean(problem(one)));
      say(one.old, differs ? `was ${JSON.stringify(one.row.value)}` : "");
    }
    wrong.hidden = !said && !off;
    say(wrong, off || said);
    apply.disabled = Boolean(off || said) || changed.length === 0;
    say(apply, changed.length > 1 ? `Apply ${changed.length} changes` : "Apply");
    mark(apply, "title", off || said || (changed.length ? "takes effect between two events; indicators are warmed up anew" : "nothing is changed"));
    back.hidden = changed.length === 0;
  };
  const submit = () => {
    const changed = dirty();
    if (off || !changed.length || changed.some(problem)) return;
    ack.wait("set_param");
    pane.send({ name: "set_param", values: Object.fromEntries(changed.map(({ row, get }) => [row.name, get()])) });
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  back.addEventListener("click", () => { for (const { row, set } of dirty()) set(row.value); look(); });

  const make = (row) => {
    const made = input(row, () => look());
    const old = h("span", { class: "old" });
    const node = h("div", { class: `row ${row.kind}` }, h("label", {}, row.name), ...made.nodes, old);
    inputs.set(row.name, { ...made, node, old, row: { ...row, value: undefined } });
    return node;
  };
  pane.part("form", (value) => {
    const shape = JSON.stringify(value.rows.map(({ value: _, ...declared }) => declared));
    if (shape !== rows.shape) { // another strategy, or the declaration has come: drawn anew
      rows.shape = shape;
      rows.replaceChildren();
      inputs.clear();
    }
    keyed(rows, value.rows, (row) => row.name, make, (node, row, fresh) => {
      const one = inputs.get(row.name);
      const moved = JSON.stringify(one.row.value) !== JSON.stringify(row.value);
      const touched = !fresh && dirty().includes(one);
      one.row = row;
      mark(node, "title", meaning(row));
      if (moved && !touched) one.set(row.value); // what is being typed stays
      if (moved && !fresh) tint(node);
    });
    off = value.off || (value.state === "error" ? `the declaration could not be had: ${value.problem}` : "");
    say(nothing, value.rows.length ? "" : value.state === "busy" ? "…" : "The strategy declares no parameter.");
    nothing.hidden = value.rows.length > 0;
    form.hidden = value.rows.length === 0;
    const { changed } = value;
    say(when, changed ? `${changed.seq}, ${clock(changed.ts)}` : "as started");
    mark(when, "title", changed ? `last changed by ${changed.user}, ${utc(changed.ts)}` : "no parameter was changed since the start");
    look();
  });
  pane.part("ack", (value) => ack.tell(value));
  return () => {
    ack.done();
    pane.done();
  };
}
