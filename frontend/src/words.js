// Times and ages as a trader reads them: the user's own zone, the full UTC time on hover.

const two = (n) => String(n).padStart(2, "0");

export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `26 Nov`, with the year where that is not `now`'s. */
export function day(ms, now = ms) {
  const at = new Date(ms);
  const year = at.getFullYear();
  return `${at.getDate()} ${MONTHS[at.getMonth()]}${year === new Date(now).getFullYear() ? "" : ` ${year}`}`;
}

/** hh:mm:ss in the user's zone, from UTC milliseconds; with the day in front where it is another one than `now`'s. */
export function clock(ms, now = ms) {
  if (!ms) return "";
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return now === ms || at.toDateString() === new Date(now).toDateString() ? time : `${day(ms, now)} ${time}`;
}

/** The full UTC time, for hovers. */
export function utc(ms) {
  return ms ? `${new Date(ms).toISOString().replace("T", " ").replace(/\.\d+Z$/, "")} UTC` : "";
}

/** `0.4 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(seconds) {
  if (seconds < 0.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  if (seconds < 99.5 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

const formats = new Map(); // by digits: making one takes many times as long as using it

/** A number with thousands separators and fixed digits; what rounds to nothing has no sign. */
export function number(value, digits) {
  if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" }));
  return formats.get(digits).format(value);
}
