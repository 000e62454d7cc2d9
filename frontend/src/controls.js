// Arm, halt, cancel, flatten, kill: each says what it will do, and what came of it.

import { acknowledgement } from "./ack.js";
import css from "./controls.css";
import { h, mark, say } from "./dom.js";
import { frame } from "./frame.js";

export function render(view) {
  const pane = frame(view, css);
  const power = h("button", { class: "power" });
  const halt = h("button", { class: "halt", onclick: () => command("halt") }, "Halt");
  const cancelAll = h("button", { onclick: () => command("cancel_all") }, "Cancel all");
  const flatten = h("button", { onclick: () => command("flatten") }, "Flatten");
  const kill = h("button", { class: "kill wide" }, "Kill …");
  const why = h("p", { class: "why warn", hidden: true });
  const command = (name) => {
    ack.wait(name);
    pane.send({ name });
  };
  const ack = acknowledgement(command);

  // One small form asks for the word that an irreversible command wants.
  const word = h("input", { autocomplete: "off", spellcheck: "false" });
  const label = h("label", {}, "");
  const yes = h("button", { class: "kill", type: "submit" }, "Kill");
  const no = h("button", { type: "button" }, "Back");
  const confirm = h("form", { class: "confirm", hidden: true }, label, word, yes, no);
  let sure = null;
  const ask = (name, wanted, question) => {
    sure = { name, wanted };
    say(label, question);
    say(yes, name === "kill" ? "Kill" : "Arm");
    mark(word, "aria-label", question);
    word.value = "";
    yes.disabled = true;
    confirm.hidden = false;
    word.focus();
  };
  word.addEventListener("input", () => { yes.disabled = word.value !== sure.wanted; });
  no.addEventListener("click", () => { confirm.hidden = true; });
  confirm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (word.value !== sure.wanted) return;
    confirm.hidden = true;
    command(sure.name);
  });

  let state = {};
  power.addEventListener("click", () => {
    if (state.armed) command("disarm");
    else if (state.mode === "live") ask("arm", "live", "Orders will be real. Type live to arm:");
    else command("arm");
  });
  kill.addEventListener("click", () =>
    ask("kill", state.name, `Cancels every order and lets nothing out again. Type ${state.name} to kill:`));
  pane.body.append(power, halt, cancelAll, flatten, kill, confirm, why, ack.line, ack.again);

  const show = () => {
    const link = pane.link();
    const off = state.off || (link.state === "live" ? "" : link.problem) || "";
    why.hidden = !off;
    ack.line.hidden = Boolean(off) && !ack.open();
    say(why, off);
    if (off) confirm.hidden = true;
    ack.again.disabled = Boolean(off);
    const may = (name) => off || state.denied?.[name] || "";
    const set = (button, why, does) => { button.disabled = Boolean(why); mark(button, "title", why || does); };
    say(power, state.armed ? "Disarm" : "Arm");
    mark(power, "class", state.armed ? "power" : "power arm");
    set(power, may(state.armed ? "disarm" : "arm") || (state.killed ? "killed: start the session anew to trade" : ""), state.armed ? "send no more orders; working orders stay" : "let the strategy send orders");
    set(halt, may("halt") || (state.killed ? "killed already" : state.halted ? "halted already; Arm lets it go on" : ""), "at once: nothing that adds risk is sent");
    set(cancelAll, may("cancel_all") || (state.working ? "" : "no order is working"), "cancel every working order");
    set(flatten, may("flatten") || (state.held ? "" : "no position is open"), "close every position at the market");
    set(kill, may("kill") || (state.killed ? "killed already" : ""), "cancel everything and let nothing out again");
  };
  pane.part("allowed", (value) => { state = value; show(); });
  pane.onLink(show);
  pane.part("ack", (value) => { ack.tell(value); show(); });
  return () => {
    ack.done();
    pane.done();
  };
}
