// What the chart shows of the history between x_range.start and .end: bars of the length that fits, the curve,
// and the fills, several of one bar and side as one mark. Runs whenever the range or the chart's width changes.
const { start, end } = x_range
const first_at = (xs, x) => {
  let low = 0, high = xs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (xs[middle] < x) low = middle + 1
    else high = middle
  }
  return low
}
const number = (value, digits) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212")
const plain = (value) => Number(value.toPrecision(7)).toLocaleString("en-US", { maximumFractionDigits: 8 })
const clock = (x) => new Date(x).toISOString().slice(0, 16).replace("T", " ")

// Bars: the finest length of which no more are in view than there is room for.
const room = Math.max(panes.price.inner_width, 300) / 2.75 // [px a bar]
const span = (i) => {
  const xs = levels[i].data.x
  return [first_at(xs, start - lengths[i] / 2), first_at(xs, end + lengths[i] / 2)]
}
let level = 0
while (level < levels.length - 1 && span(level)[1] - span(level)[0] > room) level++
const [from, to] = span(level)
const length = lengths[level]
const bars = {}
for (const name of ["x", "open", "high", "low", "close"]) bars[name] = levels[level].data[name].slice(from, to)
const rising = Array.from(bars.x, (_, i) => bars.close[i] >= bars.open[i])
bars.edge = rising.map((up) => (up ? colours.up : colours.down))
bars.body = rising.map((up) => (up ? colours.panel : colours.down))
bars.width = rising.map(() => length * 0.7)
shown.name = timeframes[level]

// Price scales follow what is in view, with room [px] above and below for the numbers and the marks.
const least = (values) => values.reduce((found, value) => Math.min(found, value), Infinity)
const most = (values) => values.reduce((found, value) => Math.max(found, value), -Infinity)
const scale = (pane, low, high, below, above) => {
  if (!(low <= high)) return 1
  const flat = high > low ? high - low : Math.abs(high) * 0.01 || 1
  const unit = flat / Math.max(pane.inner_height - below - above, 20)
  pane.y_range.setv({ start: low - below * unit, end: low + flat + above * unit })
  return unit
}
const pixel = scale(panes.price, least(bars.low), most(bars.high), 24, 44)

// The curve, one point beyond each side so that its line reaches the frame.
const xs = curve.data.x
const left = Math.max(0, first_at(xs, start) - 1), right = first_at(xs, end) + 1
const line = {}
for (const name of ["x", "equity", "drawdown"]) line[name] = curve.data[name].slice(left, right)
scale(panes.equity, least(line.equity), most(line.equity), 10, 26)
scale(panes.drawdown, least(line.drawdown), 0, 24, 4)

// Fills: one mark below a bar for its buys, one above it for its sells.
const all = fills.data
const groups = new Map()
let number_of_fills = 0
for (let i = first_at(all.x, start), stop = first_at(all.x, end); i < stop; i++, number_of_fills++) {
  const bar = first_at(bars.x, all.x[i] + length / 2) - 1
  if (bar < 0) continue
  const key = 2 * bar + (all.side[i] > 0)
  const group = groups.get(key)
  if (group === undefined) groups.set(key, { bar, side: all.side[i], rows: [i] })
  else group.rows.push(i)
}
const roomy = panes.price.inner_width / bars.x.length > 6 // [px a bar]
const crowded = !roomy && groups.size > Math.max(24, 0.4 * bars.x.length)
const made = { x: [], y: [], marker: [], colour: [], head: [], detail: [], foot: [] }
for (const { bar, side, rows } of crowded ? [] : groups.values()) {
  const sum = (name) => rows.reduce((total, i) => total + all[name][i], 0)
  const qty = sum("qty")
  const price = rows.length === 1 ? all.price[rows[0]] : rows.reduce((t, i) => t + all.price[i] * all.qty[i], 0) / qty
  const realised = sum("realised")
  const verb = side > 0 ? "Bought" : "Sold"
  const at = bars.x[bar]
  made.x.push(at)
  made.y.push(side > 0 ? bars.low[bar] - 9 * pixel : bars.high[bar] + 9 * pixel)
  made.marker.push(side > 0 ? "triangle" : "inverted_triangle")
  made.colour.push(side > 0 ? colours.up : colours.down)
  const several = rows.length > 1 ? ` in ${rows.length} fills, average ` : " at "
  made.head.push(`${verb} ${plain(qty)}${several}${number(price, digits)}`)
  const profit = realised === 0 ? "" : `realised ${realised > 0 ? "+" : ""}${number(realised, 2)}, `
  made.detail.push(`${profit}fee ${number(sum("fee"), 2)}`)
  const when = rows.length > 1 ? `${clock(at - length / 2)} to ${clock(at + length / 2)}` : clock(all.x[rows[0]] - own / 2)
  made.foot.push(`${when} UTC${rows.length === 1 && rules.length ? `, ${rules[all.rule[rows[0]]]}` : ""}`)
}
note.text = crowded ? `${number_of_fills.toLocaleString("en-US")} fills in view: zoom in to see them` : ""
shown.data = bars
shown_curve.data = line
marks.data = made
