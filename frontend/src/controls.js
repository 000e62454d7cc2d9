// Arm, halt, cancel, flatten, kill: each says what it will do, and what came of it.

import { acknowledgement } from "./ack.js";
import css from "./controls.css";
import { h, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { DIRECT, lineOf } from "./line.js";
import { age } from "./words.js";

const BUSY_S = 1; // a cell that is done sooner holds up nobody

export function render(view) {
  const pane = frame(view, css);
  const power = h("button", { class: "power" });
  const halt = h("button", { class: "halt", onclick: () => command("halt") }, "Halt");
  const cancelAll = h("button", { onclick: () => command("cancel_all") }, "Cancel all");
  const flatten = h("button", { onclick: () => command("flatten") }, "Flatten");
  const kill = h("button", { class: "kill wide" }, "Kill …");
  const why = h("p", { class: "why warn", hidden: true });
  const stops = view.model.get("pane") === "kill"; // the kill switch alone
  const now = h("strong", { class: "now" });
  const way = h("p", { class: "way muted", hidden: true });

  // A widget's stops go by the page's own line while that is open: they do not wait for a cell.
  let busy = 0; // how long the kernel has been busy with one [s]
  const { line, done } = lineOf(view.model, () => show());
  const direct = (name) => Boolean(line?.open) && name in DIRECT;
  const command = (name) => {
    ack.wait(name);
    if (direct(name)) line.command(name, (value) => { ack.tell(value); show(); });
    else pane.send({ name });
  };
  const ack = acknowledgement(command, (name) => (busy > BUSY_S && !direct(name) ? "the kernel is busy with a cell, and this waits for it" : "the session is slow or hangs"));
  const beat = ({ busy: seconds }) => {
    if (seconds === undefined) return;
    busy = seconds;
    show();
  };
  view.model.on("msg:custom", beat);

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

  let allowed = {}; // what Python said last
  power.addEventListener("click", () => {
    if (power.armed) command("disarm");
    else if (allowed.mode === "live") ask("arm", "live", "Orders will be real. Type live to arm:");
    else command("arm");
  });
  kill.addEventListener("click", () =>
    ask("kill", allowed.name, `Cancels every order and lets nothing out again. Type ${allowed.name} to kill:`));
  if (stops) pane.root.classList.add("controls");
  const buttons = stops ? [now, halt, kill] : [power, halt, cancelAll, flatten, kill];
  pane.body.append(...buttons, confirm, why, ack.line, ack.again, way);

  const show = () => {
    const link = pane.link();
    const state = { ...allowed, ...line?.heard };
    const off = state.off || (link.state === "live" ? "" : link.problem) || "";
    why.hidden = !off;
    ack.line.hidden = Boolean(off) && !ack.open();
    say(why, off);
    if (off && !line?.open) confirm.hidden = true;
    ack.again.disabled = Boolean(off) && !line?.open;
    const may = (name) => (direct(name) ? "" : off) || state.denied?.[name] || "";
    const power_word = state.killed ? "killed" : state.halted ? "halted" : state.armed ? "armed" : "disarmed";
    say(now, power_word.toUpperCase());
    mark(now, "class", `now ${power_word}`);
    showWay();
    const set = (button, why, does) => { button.disabled = Boolean(why); mark(button, "title", why || does); };
    power.armed = state.armed;
    say(power, state.armed ? "Disarm" : "Arm");
    mark(power, "class", state.armed ? "power" : "power arm");
    set(power, may(state.armed ? "disarm" : "arm") || (state.killed ? "killed: start the session anew to trade" : ""), state.armed ? "send no more orders; working orders stay" : "let the strategy send orders");
    set(halt, may("halt") || (state.killed ? "killed already" : state.halted ? "halted already; Arm lets it go on" : ""), "at once: nothing that adds risk is sent");
    set(cancelAll, may("cancel_all") || (state.working ? "" : "no order is working"), "cancel every working order");
    set(flatten, may("flatten") || (state.held ? "" : "no position is open"), "close every position at the market");
    set(kill, may("kill") || (state.killed ? "killed already" : ""), "cancel everything and let nothing out again");
  };
  const showWay = () => {
    way.hidden = !line;
    if (!line) return;
    const waits = busy > BUSY_S;
    mark(way, "class", `way ${waits && !line.open ? "warn" : "muted"}`);
    const kernel = waits ? `kernel busy for ${age(busy)}` : "";
    if (line.open) say(way, kernel ? `${kernel}: ${stops ? "these do not wait for it" : "Arm and parameters wait for its cell, the others do not"}` : "own line to the session");
    else say(way, `${kernel ? `${kernel}, and what is pressed here waits for its cell: ` : "through the kernel: "}${line.why}`);
    mark(way, "title", line.open ? "a WebSocket of this page; it works while a cell runs, and when the kernel is gone" : line.why);
  };
  pane.part("allowed", (value) => { allowed = value; show(); });
  pane.onLink(show);
  pane.part("ack", (value) => { ack.tell(value); show(); });
  return () => {
    ack.done();
    done();
    view.model.off("msg:custom", beat);
    pane.done();
  };
}
