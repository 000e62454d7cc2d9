// The page's own line to the session: a WebSocket that needs no kernel. The kernel hands over single-use tickets for it.

import { root } from "./present.js";

const BEAT_MS = 4000; // the session beats each second
const OPEN_MS = 5000;
const ANSWER_MS = 6000; // the session gives a command up after five seconds
const WAIT_MS = [0, 5_000, 30_000, 120_000]; // between attempts that fail: a browser writes each into its console
export const DIRECT = { halt: "halted", disarm: "disarmed", cancel_all: "canceling all orders", flatten: "flattening", kill: "killed" };

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
const lines = new WeakMap(); // by model: the panes of a widget share one

/** Jupyter's own base path, "" where this is no Jupyter page. */
function base() {
  const config = document.getElementById("jupyter-config-data");
  if (config) return JSON.parse(config.textContent).baseUrl ?? "/";
  return document.body.dataset.baseUrl ?? "";
}

/** Where the session may be had from this page: at its address, and through jupyter-server-proxy. */
export function addresses(uri, here = location, prefix = base()) {
  const at = new URL(uri);
  const far = !LOOPBACK.includes(here.hostname);
  if (!LOOPBACK.includes(at.hostname)) return [uri];
  const through = prefix && `${here.protocol === "https:" ? "wss" : "ws"}://${here.host}${prefix}proxy/${at.port}${at.pathname}`;
  return [far ? "" : uri, through].filter(Boolean); // from far away this page's loopback is another machine's
}

const name = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

class Line {
  constructor(model) {
    this.model = model;
    this.open = false;
    this.why = "waiting for the kernel to hand over a ticket";
    this.heard = {}; // what the session said about orders going out
    this.users = new Set();
    this.waiting = new Map();
    this.failed = 0;
    this.next = 0;
    this.listen = (content) => this.take(content ?? {});
    model.on("msg:custom", this.listen);
    this.timer = setInterval(() => this.look(), 1000);
    this.want();
  }

  tell() {
    this.users.forEach((run) => run());
  }

  /** Ask the kernel for a ticket; while a cell runs it may not hear that, and sends one by itself now and then. */
  want() {
    this.model.send({ op: "ticket" });
  }

  take({ op, ticket, problem }) {
    if (op !== "ticket" || this.socket || performance.now() < this.next) return;
    const { uri } = JSON.parse(this.model.get("line") || "{}");
    if (problem || !uri) this.lost(problem ? `the session gives this page no ticket: ${problem}` : "the session has no address");
    else this.reach(addresses(uri), ticket);
  }

  /** Try one address after the other; a ticket is used up only where it is shown. */
  reach([address, ...others], ticket) {
    if (!address) {
      this.next = performance.now() + WAIT_MS[Math.min(++this.failed, WAIT_MS.length - 1)];
      this.lost(`the session could not be reached from this page; if it runs, its websocket.allowed_origins lacks ${location.origin}`);
      return;
    }
    const socket = new WebSocket(address);
    let welcome = false;
    this.socket = socket;
    const late = setTimeout(() => socket.close(), OPEN_MS);
    socket.onopen = () => {
      socket.send(JSON.stringify({ op: "auth", token: ticket }));
      socket.send(JSON.stringify({ op: "hello", protocol: 1, since: null, topics: ["risk.>", "session.>"] }));
    };
    socket.onmessage = ({ data }) => {
      this.at = performance.now();
      const frame = JSON.parse(data);
      if (frame.op === "welcome") {
        clearTimeout(late);
        welcome = true;
        Object.assign(this, { open: true, why: "", failed: 0, next: 0 });
        this.tell();
      } else this.frame(frame);
    };
    socket.onclose = ({ code, reason }) => {
      clearTimeout(late);
      if (this.socket !== socket) return;
      this.socket = null;
      if (welcome) {
        this.lost("the line to the session broke");
        this.want();
      } else if (code >= 4000) this.lost(`the session refused this page: ${reason}`);
      else this.reach(others, ticket);
    };
  }

  frame({ op, id, seq, message, events = [] }) {
    for (const { type, data } of events) {
      if (type === "risk.changed") this.heard = { armed: data.armed && !data.halted && !data.killed, halted: data.halted, killed: data.killed };
    }
    if (events.length) this.tell();
    if (op === "ack") this.answer(id, { state: "ok", seq: `#${seq.toLocaleString("en-US")}` });
    if (op === "error") this.answer(id, { state: "no", message });
  }

  answer(id, said) {
    this.waiting.get(id)?.(said);
    this.waiting.delete(id);
  }

  /** Give a command of DIRECT; tell(what came of it) is called once: {state, name, text, seq, ts}. */
  command(command, tell) {
    const id = name();
    const words = command.replace("_", " ");
    const timer = setTimeout(() => this.answer(id, { state: "silent" }), ANSWER_MS);
    this.waiting.set(id, ({ state, seq = "", message }) => {
      clearTimeout(timer);
      const text = { ok: DIRECT[command], no: `${words} refused: ${message}`, silent: `no answer to ${words}: look at the log, then try again` }[state];
      tell({ state, name: command, text, seq, ts: Date.now() });
    });
    this.socket.send(JSON.stringify({ op: "command", id, name: command, args: {}, expires_s: 5 }));
  }

  lost(why) {
    this.open = false;
    this.why = why;
    this.heard = {};
    for (const id of [...this.waiting.keys()]) this.answer(id, { state: "silent" });
    this.tell();
  }

  /** A line that has fallen silent is none. */
  look() {
    if (this.open && performance.now() - this.at > BEAT_MS) this.socket.close();
  }

  end() {
    clearInterval(this.timer);
    this.model.off("msg:custom", this.listen);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}

/**
 * The line of a widget's model, null where there is none (a served page). `told` runs when it opens, breaks or brings
 * news. Returns {line, done}: it closes when the last pane that asked for it is done.
 */
export function lineOf(view, told) {
  const model = root(view);
  if (!model.get("line")) return { line: null, done: () => {} };
  if (!lines.has(model)) lines.set(model, new Line(model));
  const line = lines.get(model);
  line.users.add(told);
  return {
    line,
    done: () => {
      line.users.delete(told);
      if (line.users.size) return;
      lines.delete(model);
      line.end();
    },
  };
}
