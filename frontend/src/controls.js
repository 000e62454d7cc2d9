// Arm, halt, cancel, flatten, kill: each says what it will do, and what came of it.

import css from "./controls.css";
import { h, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { clock } from "./words.js";

export function render(view) {
  const pane = frame(view, css);
  const command = (name) => pane.send({ name });
  const power = h("button", { class: "power" });
  const halt = h("button", { class: "halt", onclick: () => command("halt") }, "Halt");
  const cancelAll = h("button", { onclick: () => command("cancel_all") }, "Cancel all");
  const flatten = h("button", { onclick: () => command("flatten") }, "Flatten");
  const kill = h("button", { class: "kill wide" }, "Kill …");
  const ack = h("p", { class: "ack", role: "status", "aria-live": "polite" });

  // One small form asks for the word that an irreversible command wants.
  const word = h("input", { autocomplete: "off", spellcheck: "false" });
  const label = h("label", {}, "");
  const yes = h("button", { class: "kill", type: "submit" }, "Kill");
  const no = h("button", { type: "button" }, "Back");
  const confirm = h("form", { class: "confirm", hidden: true }, label, word, yes, no);
  let asked = null;
  const ask = (name, wanted, words) => {
    asked = { name, wanted };
    say(label, words);
    say(yes, name === "kill" ? "Kill" : "Arm");
    mark(word, "aria-label", words);
    word.value = "";
    yes.disabled = true;
    confirm.hidden = false;
    word.focus();
  };
  word.addEventListener("input", () => { yes.disabled = word.value !== asked.wanted; });
  no.addEventListener("click", () => { confirm.hidden = true; });
  confirm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (word.value !== asked.wanted) return;
    confirm.hidden = true;
    command(asked.name);
  });

  let state = {};
  power.addEventListener("click", () => {
    if (state.armed) command("disarm");
    else if (state.mode === "live") ask("arm", "live", "Orders will be real. Type live to arm:");
    else command("arm");
  });
  kill.addEventListener("click", () =>
    ask("kill", state.name, `Cancels every order and lets nothing out again. Type ${state.name} to kill:`));
  pane.body.append(power, halt, cancelAll, flatten, kill, confirm, ack);

  const show = () => {
    const off = state.off ?? "";
    const set = (button, why, does) => { button.disabled = Boolean(why); mark(button, "title", why || does); };
    say(power, state.armed ? "Disarm" : "Arm");
    mark(power, "class", state.armed ? "power" : "power arm");
    set(power, off || (state.killed ? "killed: start the session anew to trade" : ""), state.armed ? "send no more orders; working orders stay" : "let the strategy send orders");
    set(halt, off || (state.killed ? "killed already" : state.halted ? "halted already; Arm lets it go on" : ""), "at once: nothing that adds risk is sent");
    set(cancelAll, off || (state.working ? "" : "no order is working"), "cancel every working order");
    set(flatten, off || (state.held ? "" : "no position is open"), "close every position at the market");
    set(kill, off || (state.killed ? "killed already" : ""), "cancel everything and let nothing out again");
  };
  pane.part("allowed", (value) => { state = value; show(); });
  pane.part("ack", (value) => {
    mark(ack, "class", `ack ${value.state}${value.state === "busy" ? " spin" : ""}`);
    const parts = [value.text, value.seq, value.ts ? clock(value.ts) : ""].filter(Boolean);
    say(ack, parts.join(", "));
  });
  return pane.done;
}
