// What came of a command: waited for, told with its seq and its time, and offered again when it had no answer.

import { h, mark, say } from "./dom.js";
import { clock } from "./words.js";

const SLOW_MS = 2000;
const words = (name) => name.replace("_", " ");

/**
 * An acknowledgement's line and the button that offers the command again by repeat(name). Returns {line, again, tell,
 * wait, open, done}: slowly() says why an answer may take long, tell(ack) shows what Python says, wait(name) that one was sent, open() is whether one has no answer.
 */
export function acknowledgement(repeat, slowly = () => "the session is slow or hangs") {
  const line = h("p", { class: "ack", role: "status", "aria-live": "polite" });
  const again = h("button", { type: "button", class: "wide", hidden: true, onclick: () => repeat(asked) }, "");
  let slow = 0;
  let waits = false;
  let asked = "";
  const tell = ({ state: came, name, text, seq, ts }) => {
    clearTimeout(slow);
    asked = name ?? "";
    waits = came === "busy" || came === "silent";
    mark(line, "class", `ack ${came}${came === "busy" ? " spin" : ""}`);
    say(line, [text, seq, ts ? clock(ts) : ""].filter(Boolean).join(", "));
    again.hidden = came !== "silent";
    say(again, `${words(asked).replace(/^./, (letter) => letter.toUpperCase())} again`);
    if (came === "busy") slow = setTimeout(() => tell({ state: "silent", name, text: `no answer to ${words(name)} for ${SLOW_MS / 1000} s: ${slowly(name)}` }), SLOW_MS);
  };
  return {
    line, again, tell,
    wait: (name) => tell({ state: "busy", name, text: `${words(name)}: waiting for the session` }),
    open: () => waits,
    done: () => clearTimeout(slow),
  };
}
