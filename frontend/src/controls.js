// Arm, halt, cancel, flatten, kill: each says what it will do, and what came of it.

import css from "./controls.css";
import { h, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { clock } from "./words.js";

const SLOW_MS = 2000;
const words = (name) => name.replace("_", " ");

export function render(view) {
  const pane = frame(view, css);
  const power = h("button", { class: "power" });
  const halt = h("button", { class: "halt", onclick: () => command("halt") }, "Halt");
  const cancelAll = h("button", { onclick: () => command("cancel_all") }, "Cancel all");
  const flatten = h("button", { onclick: () => command("flatten") }, "Flatten");
  const kill = h("button", { class: "kill wide" }, "Kill …");
  const why = h("p", { class: "why warn", hidden: true });
  const ack = h("p", { class: "ack", role: "status", "aria-live": "polite" });
  const again = h("button", { class: "wide", hidden: true }, "");

  // What came of a command. One without an answer for 2 s is said to be so, and offered again.
  let slow = 0;
  let open = false; // whether a command waits for its answer
  let asked = "";
  const tell = ({ state: came, name, text, seq, ts }) => {
    clearTimeout(slow);
    asked = name ?? "";
    open = came === "busy" || came === "silent";
    mark(ack, "class", `ack ${came}${came === "busy" ? " spin" : ""}`);
    say(ack, [text, seq, ts ? clock(ts) : ""].filter(Boolean).join(", "));
    again.hidden = came !== "silent";
    say(again, `${words(asked).replace(/^./, (letter) => letter.toUpperCase())} again`);
    if (came === "busy") slow = setTimeout(() => tell({ state: "silent", name, text: `no answer to ${words(name)} for ${SLOW_MS / 1000} s: the session is slow or hangs` }), SLOW_MS);
  };
  const command = (name) => {
    tell({ state: "busy", name, text: `${words(name)}: waiting for the session` });
    pane.send({ name });
  };
  again.addEventListener("click", () => command(asked));

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
  pane.body.append(power, halt, cancelAll, flatten, kill, confirm, why, ack, again);

  const show = () => {
    const link = pane.link();
    const off = state.off || (link.state === "live" ? "" : link.problem) || "";
    why.hidden = !off;
    ack.hidden = Boolean(off) && !open;
    say(why, off);
    if (off) confirm.hidden = true;
    again.disabled = Boolean(off);
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
  pane.onLink(show);
  pane.part("ack", (value) => { tell(value); show(); });
  return () => {
    clearTimeout(slow);
    pane.done();
  };
}
