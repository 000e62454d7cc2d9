// Charts in a frame that can reach nothing of this page: a stage that is loaded once and draws what it is told.

import { h } from "./dom.js";

async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

/**
 * `usual` is how high a chart usually is [px]: so much room is kept for one that is on its way.
 * {node, show, wait, fail, clear, load, done}: `show({item})` draws, `wait(text)` says what is being done
 * about it, `fail(text)` why there is nothing; `load()` loads the stage ahead. `told(data)` gets what a chart says.
 */
export function framed(pane, title, usual, told = () => {}) {
  const node = h("div", { class: "framed" });
  const inner = h("iframe", { title, sandbox: "allow-scripts allow-downloads" });
  const words = h("p", { class: "state", role: "status", hidden: true });
  node.append(words, inner);
  inner.style.height = "0";
  let stage = "";
  let ready = false;
  let asked = false;
  let wanted = null;
  let number = 0;
  const state = (text, kind) => {
    words.textContent = text;
    words.className = `state ${kind}`;
    words.hidden = !text;
    node.classList.toggle("waits", kind.includes("spin"));
  };
  const load = async () => {
    if (asked || !stage) return;
    asked = true;
    inner.srcdoc = await unpacked(stage);
  };
  const draw = () => {
    const page = getComputedStyle(pane.root).getPropertyValue("--panel").trim();
    if (ready && wanted) inner.contentWindow.postMessage({ ...wanted, page, number }, "*"); // its origin is none
  };
  const show = (chart) => {
    number += 1;
    wanted = { item: chart.item };
    if (!node.classList.contains("drawn")) inner.style.height = `${usual}px`;
    node.classList.add("drawn");
    load();
    draw();
  };
  const heed = ({ source, data }) => {
    if (!source || source !== inner.contentWindow || !data) return;
    if (data.ready) {
      ready = true;
      draw();
    } else if (data.drawn) {
      if (data.drawn === number) state("", "");
    } else if (data.height > 0 && wanted) inner.style.height = `${data.height}px`;
    else told(data);
  };
  const clear = () => {
    number += 1;
    wanted = null;
    inner.style.height = "0";
    node.classList.remove("drawn");
    state("", "");
  };
  window.addEventListener("message", heed);
  pane.part("stage", (text) => { stage = text; });
  return {
    node, show, load, clear,
    wait: (text) => { // what is drawn stays, dimmed, until the next is there
      if (!node.classList.contains("drawn")) inner.style.height = `${usual}px`;
      state(text, "muted spin");
    },
    fail: (text) => { clear(); state(text, "warn"); },
    done: () => window.removeEventListener("message", heed),
  };
}
