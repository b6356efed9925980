// The two horizontal axes of the lanes: the order of the run, one column for each step, and the clock.
import { log, lowest } from "./log-data.js";

const DAY = 86_400e6;
const NICE = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200].map((s) => s * 1e6),
];
const DATED = 1e8; // seconds since 1970; smaller times are those of an experiment

export const byOrder = {
  name: "order",
  begin: 0,
  get end() {
    return log.columns.length;
  },
  at: (k) => k + 0.5,
  from: (e) => log.low[e],
  to: (e) => log.high[e] + 1,
  column: (unit) => Math.floor(unit),
  least: 0.001,
  most: 200,
  ticks: orderTicks,
};

export const byClock = {
  name: "clock",
  get begin() {
    return log.times[0];
  },
  get end() {
    return Math.max(log.times[log.times.length - 1], log.times[0] + 1);
  },
  at: (k) => log.times[k],
  from: (e) => (log.events.from[e] === null ? log.times[log.columnOf[e]] : log.events.from[e]),
  to: (e) => (log.events.to[e] === null ? log.times[log.columnOf[e]] : log.events.to[e]),
  column: nearest,
  least: 1e-16,
  most: 100,
  ticks: clockTicks,
};

// The column whose time is nearest.
function nearest(unit) {
  const n = lowest(log.times, unit);
  if (n === log.times.length) return n - 1;
  return n > 0 && unit - log.times[n - 1] < log.times[n] - unit ? n - 1 : n;
}

// Every so many columns the number of the step, and its time if there is one.
function orderTicks(left, right, scale) {
  const every = [1, 2, 5, 10, 20, 50, 100].find((n) => n * scale >= 92) || 10 ** Math.ceil(Math.log10(92 / scale));
  const found = [];
  const end = Math.min(right, log.columns.length);
  for (let k = Math.max(0, Math.floor(left / every) * every); k < end; k += every) {
    const step = log.timed ? Math.max(1, log.times[Math.min(k + every, log.times.length - 1)] - log.times[k]) : 0;
    found.push({ unit: k + 0.5, label: log.timed ? timeText(log.times[k], step) : String(k + 1) });
  }
  return found;
}

function clockTicks(left, right, scale) {
  const wanted = 96 / scale;
  const step = NICE.find((n) => n >= wanted) || DAY * 10 ** Math.max(0, Math.ceil(Math.log10(wanted / DAY)));
  const offset = dated() ? (log.base * 1e6) % step : 0;
  const found = [];
  for (let t = Math.ceil((left + offset) / step) * step - offset; t <= right; t += step) {
    found.push({ unit: t, label: timeText(t, step) });
  }
  return found;
}

function dated() {
  return log.base > DATED;
}

// A time on the axis, as exactly as ticks this far apart need.
export function timeText(t, step) {
  const digits = Math.max(0, Math.min(6, Math.ceil(6 - Math.log10(step))));
  if (!dated()) return `${(log.base + t / 1e6).toFixed(digits).replace(/^-(0\.?0*)$/, "$1")} s`;
  const date = dateAt(t);
  if (date === null) return "…";
  return step >= DAY ? date.slice(0, 10) : date.slice(11, digits ? 20 + digits : 19);
}

// The whole time.
export function wholeTime(t) {
  const date = dated() ? dateAt(t) : null;
  if (date !== null) return `${date.slice(0, 10)} ${date.slice(11).replace(/\.?0+$/, "")} UTC`;
  return `${Number((log.base + t / 1e6).toFixed(6))} s`;
}

// A time as 2025-10-19T23:48:04.700000; null beyond all dates.
function dateAt(t) {
  const whole = Math.floor(log.base) * 1e6;
  const micro = whole + Math.round((log.base % 1) * 1e6 + t);
  const date = new Date(Math.floor(micro / 1e3));
  if (Number.isNaN(date.getTime())) return null;
  const rest = ((micro % 1e3) + 1e3) % 1e3;
  return `${date.toISOString().replace("Z", "")}${String(rest).padStart(3, "0")}`;
}
