// The line of numbers in each pane: those of the bar under the pointer, else of the last one in view.
const number = (value, digits) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212")
const signed = (value, digits) => (value > 0 ? "+" : "") + number(value, digits)
const nearest = (xs, x) => {
  let low = 0, high = xs.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (xs[middle] + xs[middle + 1] < 2 * x) low = middle + 1
    else high = middle
  }
  return low
}
const pointed = cb_obj !== undefined && cb_obj.event_name === "mousemove" && Number.isFinite(cb_obj.x)
const bars = shown.data
if (bars.x.length > 0) {
  const i = pointed ? nearest(bars.x, cb_obj.x) : bars.x.length - 1
  const opened = new Date(bars.x[i] - bars.width[i] / 0.7 / 2).toISOString()
  const time = bars.width[i] / 0.7 < 86400000 ? ` ${opened.slice(11, 16)}` : ""
  const change = (bars.close[i] / bars.open[i] - 1) * 100
  const prices = ["open", "high", "low", "close"].map((name) => `${name[0].toUpperCase()} ${number(bars[name][i], digits)}`)
  price.text = `${shown.name}   ${opened.slice(0, 10)}${time}   ${prices.join("  ")}   ${signed(change, 2)} %`
}
const line = shown_curve.data
if (line.x.length > 0) {
  const i = pointed ? nearest(line.x, cb_obj.x) : line.x.length - 1
  equity.text = `Equity  ${number(line.equity[i], 2)}`
  drawdown.text = `Drawdown  ${number(line.drawdown[i] * 100, 2)} %`
}
