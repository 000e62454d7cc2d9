// The drawing itself: candles, volume, fill markers and price lines on a lightweight-charts canvas.

import {
  CandlestickSeries, createChart, createSeriesMarkers, CrosshairMode, HistogramSeries, LineSeries, LineStyle,
} from "lightweight-charts";

import { MONTHS, day, number } from "./words.js";

const STYLES = { solid: LineStyle.Solid, dashed: LineStyle.Dashed, dotted: LineStyle.Dotted };
const COUNT_PX = 14; // bars at least so wide leave room for a number at a sign
const LINE_ROOM = 0.6; // lines so far beyond the bars, in heights of the bars' range, are brought into view
const KEY_BARS = 10; // bars that an arrow key moves
const KEY_ZOOM = 0.8; // of the bars in view that stay in view
const CURVES = 6; // colours of indicators' lines, --curve-1 ...; then from the start again
const OWN_SCALE = { stretch: 0.5, most: 2 }; // panes below the bars for what is no price
const ROOM_PX = 116; // behind the last bar: lines have their names there, and cover no candle
const FIRST_VIEW = { most: 110, least: 48 }; // bars shown at first; fewer keep to the right, at a bar's usual width

const point = ([time, value]) => (value === null ? { time } : { time, value });
const points = (values) => [...values].sort(([one], [other]) => one - other).map(point);
/** A value that is no price, with the digits that tell it apart. */
export const measure = (value) => number(value, Math.abs(value) >= 1 || !value ? 2 : Math.min(10, 2 - Math.floor(Math.log10(Math.abs(value)))));
const two = (n) => String(n).padStart(2, "0");
const hourMinute = (at) => `${two(at.getHours())}:${two(at.getMinutes())}`;

/** The axis in the user's zone: the library itself knows UTC only. */
function tickWords(seconds, kind) {
  const at = new Date(seconds * 1000);
  if (kind === 0) return String(at.getFullYear());
  if (kind === 1) return MONTHS[at.getMonth()];
  if (kind === 2) return day(seconds * 1000);
  return hourMinute(at);
}

export class Candles {
  constructor(canvas, { onHover, onFollow }) {
    this.rows = [];
    this.digits = 2;
    this.marks = [];
    this.wanted = [];
    this.studies = []; // { title, line, on_price, colour, curve, values: time -> value }
    this.lines = new Map();
    this.counted = false; // whether signs say how many they stand for
    this.chart = createChart(canvas, {
      autoSize: true,
      layout: { attributionLogo: true, fontSize: 12 },
      crosshair: { mode: CrosshairMode.Normal },
      localization: { timeFormatter: (s) => `${day(s * 1000, Date.now())} ${hourMinute(new Date(s * 1000))}` },
      rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.08, bottom: 0.2 } },
      timeScale: { timeVisible: true, secondsVisible: false, borderVisible: false, rightOffsetPixels: ROOM_PX, minBarSpacing: 1.5, tickMarkFormatter: tickWords },
    });
    this.volume = this.chart.addSeries(HistogramSeries, { priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
    this.price = this.chart.addSeries(CandlestickSeries, { borderVisible: false, priceLineStyle: LineStyle.Dotted });
    this.price.applyOptions({ autoscaleInfoProvider: (original) => this.withLines(original()) });
    this.markers = createSeriesMarkers(this.price, []);
    this.chart.subscribeCrosshairMove((at) => onHover(at.time === undefined ? null : this.at(at.time)));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (!range) return;
      onFollow(range.to >= this.rows.length - 1);
      if (this.roomy() !== this.counted) this.showMarkers();
    });
  }

  /** Where a bar of that time is, or would be. */
  index(time) {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].time < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(time) {
    const index = this.index(time);
    const row = this.rows[index];
    return row?.time === time ? { row, before: this.rows[index - 1] } : null;
  }

  last() {
    const { rows } = this;
    return rows.length ? { row: rows[rows.length - 1], before: rows[rows.length - 2] } : null;
  }

  colours(style) {
    const token = (name) => style.getPropertyValue(`--${name}`).trim();
    this.tones = { up: token("up"), down: token("down"), accent: token("accent"), warning: token("warning"), muted: token("muted"), danger: token("danger"), panel: token("panel") };
    const line = token("line");
    this.chart.applyOptions({
      layout: { background: { color: token("panel") }, textColor: token("muted"), panes: { separatorColor: line, separatorHoverColor: line } },
      grid: { vertLines: { color: `${line}55` }, horzLines: { color: `${line}55` } },
      crosshair: { vertLine: { color: token("muted"), labelBackgroundColor: token("press") }, horzLine: { color: token("muted"), labelBackgroundColor: token("press") } },
    });
    const { up, down } = this.tones;
    this.curves = Array.from({ length: CURVES }, (_, index) => token(`curve-${index + 1}`));
    this.studies.forEach((study, index) => {
      study.colour = this.curves[index % CURVES];
      study.curve.applyOptions({ color: study.colour });
    });
    this.price.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, priceLineColor: token("text") });
    this.showAll();
    this.showMarkers();
    this.showLines();
  }

  precision({ digits, step }) {
    this.digits = digits;
    this.price.applyOptions({ priceFormat: { type: "custom", formatter: (value) => number(value, digits), minMove: step } });
  }

  shade(row) {
    return `${row.close >= row.open ? this.tones.up : this.tones.down}55`;
  }

  /** A forming bar's colours. */
  light(row) {
    if (!this.tones) return {};
    const tone = row.close >= row.open ? this.tones.up : this.tones.down;
    return { color: `${tone}88`, wickColor: `${tone}88` };
  }

  showAll() {
    if (!this.tones) return;
    this.price.setData(this.rows);
    this.volume.setData(this.rows.map((row) => ({ time: row.time, value: row.volume, color: this.shade(row) })));
  }

  /** All bars of a series; `keep` leaves zoom and place, which the drawing counts from the last bar, as they are. */
  replace(rows, keep) {
    this.rows = rows;
    this.showAll();
    this.showMarkers();
    if (!keep) this.home();
  }

  /** The last bars at a readable width; called again once the pane has a size and a font. */
  home() {
    const { length } = this.rows;
    const from = Math.min(length - FIRST_VIEW.least, Math.max(0, length - FIRST_VIEW.most));
    const scale = this.chart.timeScale();
    const width = Math.max(scale.width(), 2 * ROOM_PX);
    if (length) scale.setVisibleLogicalRange({ from, to: from + ((length - from) * width) / (width - ROOM_PX) });
  }

  placed(style) {
    this.chart.applyOptions({ layout: { fontFamily: style.fontFamily } });
    this.colours(style);
    this.home();
  }

  /** A bar that moved, the next one, or one that is told late; a forming bar is drawn lighter than the closed ones. */
  update(values, forming = false) {
    const { rows } = this;
    const row = forming ? { ...values, ...this.light(values) } : values;
    const end = rows.length ? rows[rows.length - 1].time : -1;
    if (row.time < end) {
      this.mend(row);
      return;
    }
    if (row.time === end) rows[rows.length - 1] = row;
    else rows.push(row);
    if (!this.tones) return;
    this.price.update(row);
    this.volume.update({ time: row.time, value: row.volume, color: this.shade(row) });
    if (row.time > end && this.late) this.showMarkers();
  }

  /** A bar before the last one: it closed after the next had begun to form. */
  mend(row) {
    const { rows } = this;
    const index = this.index(row.time);
    const known = rows[index];
    if (known?.time === row.time && Object.keys(known).length === Object.keys(row).length && Object.keys(row).every((key) => known[key] === row[key])) return;
    rows.splice(index, known?.time === row.time ? 1 : 0, row);
    this.showAll();
    this.showMarkers();
  }

  /** The lines of indicators: those that are prices over the bars, each other indicator in a pane of its own below. */
  setStudies(times, studies) {
    for (const { curve } of this.studies) this.chart.removeSeries(curve);
    const own = [...new Set(studies.filter((study) => !study.on_price).map(({ title }) => title))].slice(0, OWN_SCALE.most);
    this.studies = studies.filter((study) => study.on_price || own.includes(study.title)).map((study, index) => {
      const colour = this.curves?.[index % CURVES] ?? "#888888";
      const options = { color: colour, lineWidth: 1, priceLineVisible: false, lastValueVisible: !study.on_price, crosshairMarkerVisible: false };
      if (!study.on_price) options.priceFormat = { type: "custom", formatter: measure, minMove: 1e-8 };
      const curve = this.chart.addSeries(LineSeries, options, study.on_price ? 0 : 1 + own.indexOf(study.title));
      const values = new Map(study.values.map((value, at) => [times[at], value]));
      curve.setData(points(values));
      return { ...study, colour, curve, place: studies.indexOf(study), values, last: times[times.length - 1] ?? 0 };
    });
    this.chart.panes().slice(1).forEach((pane) => pane.setStretchFactor(OWN_SCALE.stretch));
  }

  /** Their values after a bar, in the order in which all were given; most often the next one, or one that is known. */
  updateStudies(time, given) {
    for (const study of this.studies) {
      const { place, values, curve } = study;
      const value = given[place] ?? null;
      if (values.has(time) && values.get(time) === value) continue;
      values.set(time, value);
      if (time > study.last) curve.update(point([time, value]));
      else curve.setData(points(values));
      study.last = Math.max(study.last, time);
    }
  }

  /** The value of each line at a bar; one that still forms has those of the last that closed. */
  studiesAt(time) {
    return this.studies.map(({ values, last }) => values.get(values.has(time) ? time : last) ?? null);
  }

  setMarkers(marks) {
    this.marks = marks;
    this.showMarkers();
  }

  /** What happened in a bar, oldest first. */
  marksAt(time) {
    return this.marks.filter((mark) => mark.t === time);
  }

  /** One sign a bar, kind and side, however many it stands for; the words are under the crosshair. */
  showMarkers() {
    if (!this.tones || !this.rows.length) return;
    const from = this.rows[0].time;
    const to = this.rows[this.rows.length - 1].time;
    this.late = this.marks.some((mark) => mark.t > to);
    this.counted = this.roomy();
    const signs = new Map();
    for (const mark of this.marks) {
      if (mark.t < from || mark.t > to) continue;
      const key = `${mark.t} ${mark.kind} ${mark.side}`;
      signs.set(key, { mark, count: (signs.get(key)?.count ?? 0) + 1 });
    }
    this.markers.setMarkers([...signs.values()].map(({ mark: { t, kind, side }, count }) => ({
      time: t,
      position: side === "buy" ? "belowBar" : "aboveBar",
      shape: kind === "fill" ? "circle" : kind === "param" ? "square" : side === "buy" ? "arrowUp" : "arrowDown",
      color: kind === "param" ? this.tones.accent : side === "buy" ? this.tones.up : this.tones.down,
      text: count > 1 && this.counted ? `${count}` : "",
    })));
  }

  /** Whether bars are wide enough for a number at a sign. */
  roomy() {
    return this.chart.timeScale().options().barSpacing >= COUNT_PX;
  }

  /** The range of the price axis, with the lines near it: a stop or a target that is close must not be out of sight. */
  withLines(found) {
    if (!found?.priceRange) return found;
    let { minValue, maxValue } = found.priceRange;
    const room = LINE_ROOM * (maxValue - minValue);
    const [lowest, highest] = [minValue - room, maxValue + room];
    for (const { price } of this.wanted) {
      if (price < lowest || price > highest) continue;
      minValue = Math.min(minValue, price);
      maxValue = Math.max(maxValue, price);
    }
    return { ...found, priceRange: { minValue, maxValue } };
  }

  setLines(lines) {
    this.wanted = lines;
    this.showLines();
  }

  showLines() {
    if (!this.tones) return;
    const gone = new Set(this.lines.keys());
    for (const { key, price, title, tone, style } of this.wanted) {
      const options = { price, title, color: this.tones[tone], lineStyle: STYLES[style], lineWidth: 1, axisLabelVisible: true, axisLabelTextColor: this.tones.panel };
      gone.delete(key);
      if (this.lines.has(key)) this.lines.get(key).applyOptions(options);
      else this.lines.set(key, this.price.createPriceLine(options));
    }
    for (const key of gone) {
      this.price.removePriceLine(this.lines.get(key));
      this.lines.delete(key);
    }
  }

  follow() {
    const scale = this.chart.timeScale();
    scale.scrollToPosition(ROOM_PX / scale.options().barSpacing, true); // the library's own way knows no room in pixels
  }

  /** Fewer bars (1) or more of them (-1), about what is at the right. */
  zoom(closer) {
    const scale = this.chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (!range) return;
    const { from, to } = range;
    scale.setVisibleLogicalRange({ from: to - (to - from) * (closer > 0 ? KEY_ZOOM : 1 / KEY_ZOOM), to });
  }

  /** By the keyboard: whether that key does something. */
  key(name) {
    const scale = this.chart.timeScale();
    const step = { ArrowLeft: -KEY_BARS, ArrowRight: KEY_BARS }[name];
    const zoom = { "+": 1, "=": 1, "-": -1 }[name];
    if (step) scale.scrollToPosition(scale.scrollPosition() + step, false);
    else if (zoom) this.zoom(zoom);
    else if (name === "End") this.follow();
    else return false;
    return true;
  }

  remove() {
    this.chart.remove();
  }
}
