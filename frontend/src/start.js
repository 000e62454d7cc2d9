// While no session runs: the project's configurations, each with its button; a live one wants its name typed.

import css from "./start.css";
import { h, keyed, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { here } from "./links.js";

export function render(view) {
  const pane = frame(view, css);
  const list = h("ul", { "aria-label": "configurations" });
  const off = h("p", { class: "warn", hidden: true });
  const none = h("p", { class: "muted", hidden: true }, "There is no configuration here yet: a YAML file in the folder config/ appears in this place.");
  const came = h("p", { class: "came", role: "status", "aria-live": "polite" });
  pane.body.append(
    h("h1", {}, "No session is running"),
    h("p", { class: "muted" }, "Start one here, in a terminal or in a notebook; this page finds it by itself. Or ", h("a", { href: here({ page: "research" }) }, "research"), " a strategy first."),
    off, none, list, came,
    h("pre", {}, "tradekit run config/paper.yaml"),
    h("pre", {}, 'import tradekit as tk\nsession = tk.start("config/paper.yaml")'));

  let closed = "";
  let busy = false;
  const buttons = () => list.querySelectorAll("button");
  const show = () => { for (const button of buttons()) button.disabled = busy || Boolean(closed) || Boolean(button.problem) || Boolean(button.wants && button.wants.value !== button.session); };
  const make = (row) => {
    const live = row.mode === "live";
    const word = live ? h("input", { autocomplete: "off", spellcheck: "false", placeholder: `type ${row.name}`, "aria-label": `type ${row.name} to start it live`, oninput: () => show() }) : null;
    const button = h("button", { type: "submit", class: live ? "live" : "" }, "Start");
    Object.assign(button, { wants: word, session: row.name });
    const form = h("form", {}, word, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!button.disabled) pane.send({ start: row.file, name: word?.value ?? "" });
    });
    const what = h("div", { class: "what" }, h("b", {}), h("span", { class: "mode" }), h("span", { class: "muted" }), h("p", { class: "warn" }));
    const node = h("li", {}, what, form);
    node.button = button;
    return node;
  };
  pane.part("configs", (value) => {
    closed = value.off;
    off.hidden = !(value.off || value.problem);
    say(off, value.off || value.problem);
    none.hidden = value.rows.length > 0 || Boolean(value.problem);
    keyed(list, value.rows, (row) => row.file, make, (node, row) => {
      const [name, mode, strategy, problem] = node.firstChild.children;
      say(name, row.name);
      say(mode, row.mode.toUpperCase());
      mark(mode, "class", `mode ${row.mode}`);
      say(strategy, [row.strategy, `config/${row.file}`].filter(Boolean).join(", "));
      say(problem, row.problem);
      problem.hidden = !row.problem;
      node.button.problem = row.problem;
    });
    show();
  });
  pane.part("came", ({ state, text }) => {
    busy = state === "busy";
    mark(came, "class", `came ${state}${busy ? " spin" : ""}`);
    say(came, busy ? `${text}; this takes some seconds` : state === "running" ? "a session runs; opening it" : text);
    show();
    if (state === "running") setTimeout(() => location.reload());
  });
  return pane.done;
}
