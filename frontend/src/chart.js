// The chart pane: which series, its candles, and the numbers under the crosshair.

import css from "./chart.css";
import { Candles, measure } from "./candles.js";
import { h, mark, say } from "./dom.js";
import { frame } from "./frame.js";
import { number } from "./words.js";

const SAID = 8; // marks of a bar in words
const row = (time, [open, high, low, close, volume]) => ({ time, open, high, low, close, volume });

function render(view) {
  const { model } = view;
  const pane = frame(view, css);
  const title = h("strong", {});
  const pick = h("select", { "aria-label": "instrument", hidden: true });
  const frames = h("span", { class: "frames", role: "group", "aria-label": "timeframe" });
  const follow = h("button", { class: "follow", title: "go to the last bar and stay there" }, "follow");
  const zooms = h("span", { class: "frames", role: "group", "aria-label": "zoom" },
    h("button", { title: "more bars (−)", "aria-label": "more bars", onclick: () => candles.zoom(-1) }, "−"),
    h("button", { title: "fewer bars (+)", "aria-label": "fewer bars", onclick: () => candles.zoom(1) }, "+"));
  const legend = h("span", { class: "legend" });
  const canvas = h("div", { class: "canvas", tabindex: "0", role: "group", "aria-roledescription": "chart" });
  const left = h("p", { class: "left muted", hidden: true });
  const none = h("p", { class: "none", hidden: true }, "No bar has closed yet. Candles appear here with the first one.");
  const said = h("ol", { class: "said", hidden: true });
  const studies = h("ul", { class: "studies", "aria-label": "indicators" });
  canvas.append(none, h("div", { class: "over" }, studies, left, said));
  canvas.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && candles.key(event.key)) event.preventDefault();
  });
  pane.body.append(h("div", { class: "bar holds-badge" }, title, pick, frames, follow, zooms, pane.badge, legend), canvas);

  const cells = Object.fromEntries(["O", "H", "L", "C", "V", ""].map((name) => [name, h("b", {})]));
  for (const [name, cell] of Object.entries(cells)) legend.append(h("span", {}, name, cell));
  let hovered = false;
  let values = []; // of each indicator's lines, where they are said
  const readStudies = (time) => {
    candles.studiesAt(time).forEach((value, index) => {
      const { on_price } = candles.studies[index];
      say(values[index], value === null ? "–" : on_price ? number(value, candles.digits) : measure(value));
    });
  };
  const nameStudies = () => { // one entry an indicator: its title, then the values of its lines
    const entries = new Map();
    values = candles.studies.map(({ title, line, colour }) => {
      const value = h("b", { style: `color: ${colour}`, title: line });
      entries.set(title, [...(entries.get(title) ?? []), value]);
      return value;
    });
    studies.replaceChildren(...[...entries].map(([title, lines]) => h("li", {}, title, ...lines)));
  };
  const read = (found) => {
    readStudies(found?.row.time);
    legend.style.visibility = found ? "visible" : "hidden";
    if (!found) return;
    const { row: at, before } = found;
    for (const [name, key] of [["O", "open"], ["H", "high"], ["L", "low"], ["C", "close"]]) say(cells[name], number(at[key], candles.digits));
    say(cells.V, at.volume < 0.01 ? measure(at.volume) : number(at.volume, at.volume < 100 ? 2 : 0));
    const change = before ? Math.round((at.close / before.close - 1) * 10_000) / 100 : 0; // [%], as it is told
    say(cells[""], `${change < 0 ? "▼ −" : change > 0 ? "▲ +" : ""}${Math.abs(change).toFixed(2)} %`);
    mark(cells[""], "class", change < 0 ? "down" : change > 0 ? "up" : "");
  };
  const tell = (marks) => { // the words of what happened in the bar under the crosshair
    said.hidden = marks.length === 0;
    const lines = marks.slice(0, SAID).map(({ kind, side, text }) => {
      const sign = kind === "fill" ? "●" : kind === "param" ? "■" : side === "buy" ? "▲" : "▼";
      return h("li", { class: side === "buy" ? "up" : side === "sell" ? "down" : "" }, `${sign} ${text}`);
    });
    if (marks.length > SAID) lines.push(h("li", { class: "muted" }, `and ${marks.length - SAID} more`));
    said.replaceChildren(...lines);
  };
  const candles = new Candles(canvas, {
    onHover: (found) => {
      hovered = found !== null;
      read(found ?? candles.last());
      tell(found ? candles.marksAt(found.row.time) : []);
    },
    onFollow: (on) => mark(follow, "aria-pressed", on ? "true" : "false"),
  });
  follow.addEventListener("click", () => candles.follow());

  let key = "";
  pane.part("precision", (value) => candles.precision(value));
  pane.part("bars", (bars) => {
    if (bars.key === undefined) return;
    candles.replace(bars.t.map((t, i) => row(t, [bars.o[i], bars.h[i], bars.l[i], bars.c[i], bars.v[i]])), bars.key === key);
    key = bars.key;
    candles.setStudies(bars.t, bars.studies ?? []);
    nameStudies();
    none.hidden = bars.t.length > 0;
    if (!hovered) read(candles.last());
  });
  pane.part("bar", (delta) => { // every row since `bars`, so that a second view of this pane is complete too
    if (delta.key !== key) return;
    delta.rows.forEach(([t, ...values], index) => candles.update(row(t, values), delta.forming && index === delta.rows.length - 1));
    (delta.studies ?? []).forEach(([t, ...lines]) => candles.updateStudies(t, lines));
    none.hidden = candles.rows.length > 0;
    if (!hovered) read(candles.last());
  });
  pane.list("markers", "key", ({ rows }) => candles.setMarkers(rows));
  pane.part("lines", ({ rows, left: more }) => {
    candles.setLines(rows);
    left.hidden = !more;
    say(left, more ? `${more.toLocaleString("en-US")} more working orders, further from the price` : "");
  });

  pane.part("series", ({ instrument, instruments, timeframe, timeframes }) => {
    title.hidden = instruments.length > 1;
    say(title, instrument);
    mark(canvas, "aria-label", `${instrument} ${timeframe} candles: arrows move, + and − zoom, End follows`);
    pick.hidden = instruments.length < 2;
    pick.replaceChildren(...instruments.map((name) => h("option", { selected: name === instrument }, name)));
    frames.replaceChildren(...timeframes.map((name) =>
      h("button", { "aria-pressed": name === timeframe ? "true" : "false", onclick: () => pane.send({ timeframe: name }) }, name)));
  });
  pick.addEventListener("change", () => pane.send({ instrument: pick.value }));

  let placed = false; // only once the page has taken the pane in are its tokens, font and size known
  const colours = () => {
    if (!placed) return;
    candles.colours(getComputedStyle(pane.root));
    nameStudies();
    if (!hovered) read(candles.last());
  };
  const sized = new ResizeObserver(() => {
    if (placed || !canvas.clientWidth) return;
    placed = true;
    candles.placed(getComputedStyle(pane.root));
    nameStudies();
    read(candles.last());
    requestAnimationFrame(() => candles.home()); // the drawing itself takes its size after this
  });
  sized.observe(canvas);
  pane.on("theme", colours);
  return () => {
    sized.disconnect();
    candles.remove();
    pane.done();
  };
}

export default { render };
