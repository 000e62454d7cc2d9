// What a sweep tries: one parameter or two with their values, an order between them, the statistic that is mapped.

import { h, mark, say } from "./dom.js";
import { NUMBERS } from "./params.js";

/** How many values a text stands for, 0 where that cannot be said; the server has the last word. */
function count(text) {
  const parts = text.split(":").map((part) => part.trim());
  if (parts.length === 2 || parts.length === 3) {
    const [first, last, step = 1] = parts.map(Number);
    const steps = Math.floor((last - first) / step + 1e-9) + 1;
    return parts.every((part) => part !== "") && Number.isFinite(steps) && steps > 0 ? steps : 0;
  }
  return new Set(text.split(",").map((part) => part.trim()).filter(Boolean)).size;
}

/** Values around the declared one, for a first try. */
function around({ kind, default: usual, low, high, choices }) {
  if (kind === "choice") return choices.join(", ");
  if (kind === "boolean") return "true, false";
  const at = Number(usual) || 1;
  const step = kind === "integer" ? Math.max(1, Math.round(at / 4)) : Number((at / 4).toPrecision(2));
  const first = Math.max(low ?? -Infinity, Number((at - 2 * step).toPrecision(6)));
  const last = Math.min(high ?? Infinity, Number((first + 5 * step).toPrecision(6)));
  return `${first}:${last}:${step}`;
}

export function sweeping(pane, asked, ask, wrong) {
  const axes = [0, 1].map((index) => ({
    pick: h("select", { "aria-label": `parameter ${index + 1} of the sweep` }),
    text: h("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: "5:50:5 or 5, 10, 20", "aria-label": `values of parameter ${index + 1}`, title: "first:last:step, the last included; or values with commas" }),
  }));
  const order = h("select", { "aria-label": "order between the two", title: "combinations that do not hold it are left out" });
  const metric = h("select", { "aria-label": "statistic that is mapped" });
  const cells = h("p", { class: "muted cells", "aria-live": "polite" });
  const go = h("button", { type: "button", class: "sweep" }, "Sweep");
  const node = h("fieldset", { class: "sweeping" }, h("legend", {}, "Sweep"), ...axes.map(({ pick, text }) => h("div", { class: "axis" }, pick, text)),
    h("div", { class: "axis" }, order, metric), cells, h("div", { class: "does" }, go), wrong);
  let shape = "";
  let closed = true;
  const swept = () => axes.filter(({ pick }) => pick.value);
  const look = () => {
    const [one, two] = axes.map(({ pick }) => pick.value);
    const both = Boolean(one && two);
    for (const { pick, text } of axes) text.disabled = !pick.value;
    order.disabled = !both;
    const kept = order.value;
    order.replaceChildren(h("option", { value: "" }, "all combinations"), ...(both ? [h("option", { value: "<" }, `${one} < ${two}`), h("option", { value: ">" }, `${one} > ${two}`)] : []));
    order.value = both ? kept : "";
    const counts = swept().map(({ text }) => count(text.value));
    const all = counts.reduce((product, n) => product * n, counts.length ? 1 : 0);
    say(cells, !counts.length ? "Choose a parameter." : all ? `${counts.join(" × ")}${counts.length > 1 ? ` = ${all.toLocaleString("en-US")}` : ""} combinations${order.value ? ` before ${one} ${order.value} ${two}` : ""}` : "Write values: 5:50:5 or 5, 10, 20.");
    go.disabled = closed || !all || (both && one === two);
    mark(go, "title", both && one === two ? "choose two different parameters" : "runs all of them, on every core; Cancel ends it");
  };
  axes.forEach(({ pick, text }) => {
    pick.addEventListener("change", () => {
      const row = pick.rows?.find(({ name }) => name === pick.value);
      if (row) text.value = around(row);
      look();
    });
    text.addEventListener("input", look);
  });
  order.addEventListener("change", look);
  go.addEventListener("click", () => {
    wrong.hidden = true;
    ask("sweep", { ...asked(), axes: swept().map(({ pick, text }) => ({ name: pick.value, values: text.value })), metric: metric.value, order: order.value });
  });
  pane.part("offers", ({ metrics }) => {
    if (metric.options.length !== metrics.length) metric.replaceChildren(...metrics.map(({ name, label }) => h("option", { value: name }, label)));
  });
  const offer = (rows) => {
    const fit = rows.filter(({ kind, constant }) => !constant && [...NUMBERS, "choice", "boolean"].includes(kind));
    const now = JSON.stringify(fit);
    if (now === shape) return;
    shape = now;
    axes.forEach(({ pick, text }, index) => {
      const before = pick.value;
      pick.rows = fit;
      pick.replaceChildren(h("option", { value: "" }, index ? "no second parameter" : "no parameter"), ...fit.map(({ name }) => h("option", {}, name)));
      const row = fit.find(({ name }) => name === before) ?? fit.filter(({ kind }) => NUMBERS.includes(kind))[index];
      pick.value = row?.name ?? "";
      if (row?.name !== before) text.value = row ? around(row) : "";
    });
  };
  return {
    node,
    look: (shut, rows) => {
      closed = shut;
      offer(rows);
      look();
    },
  };
}
