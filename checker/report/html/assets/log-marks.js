// What the lanes draw: bars, marks, the run and what joins them. Each function draws what is in sight of a sheet, which
// knows the canvas, the axis and where things are.
import { log, lowest } from "./log-data.js";
import { wrapped } from "./rows.js";

export const AXIS = 20; // pixels of the axis
export const HEAD = 74; // pixels above the first lane: the axis and the run
const RUN = 34; // the middle of the run's marks
const ROOM = 34; // pixels of a column that has room for the name of an action
const WIDEST_NAME = 80; // pixels of its lines
const EDGE = 32; // pixels from the edge to the middle of a label of the axis
const THIN = 9; // pixels of a column below which steps are lines
const MARK = 10; // pixels of the mark of an event, at most

// What stands behind everything: lines of lanes, and the selected column.
export function drawGround(sheet) {
  const { context: c, colours, width, height } = sheet;
  c.fillStyle = colours.paper;
  c.fillRect(0, 0, width, height);
  if (sheet.selected !== null) {
    const [left, right] = sheet.band(sheet.selected);
    c.fillStyle = colours.glow;
    c.fillRect(left, AXIS, Math.max(2, right - left), height - AXIS);
  }
  c.strokeStyle = colours.line;
  c.lineWidth = 1;
  c.beginPath();
  for (const [, y] of sheet.lanes()) level(c, y + 0.5, width);
  c.stroke();
}

function level(c, y, width) {
  c.moveTo(0, y);
  c.lineTo(width, y);
}

// Lines from the steps of the run to their lines; of hidden steps, dashed, through all lanes.
export function drawJoins(sheet) {
  const { context: c, colours } = sheet;
  if (sheet.column < THIN) return;
  c.lineWidth = 1;
  c.strokeStyle = colours.join;
  c.beginPath();
  for (const k of sheet.columns()) {
    if (!log.hidden(k) && log.explains(k)) upright(c, sheet.at(k), RUN, sheet.laneOf(log.columns[k]));
  }
  c.stroke();
  c.strokeStyle = colours.warn;
  c.setLineDash([4, 3]);
  c.beginPath();
  for (const k of sheet.columns()) if (log.hidden(k)) upright(c, sheet.at(k), RUN + 10, sheet.height);
  c.stroke();
  c.setLineDash([]);
}

function upright(c, x, top, bottom) {
  c.moveTo(Math.round(x) + 0.5, top);
  c.lineTo(Math.round(x) + 0.5, bottom);
}

// The events of one stream: bars for their intervals, drawn once where they overlap, and a mark where the run has them.
// What falls on a pixel that has something is skipped, so that a drawing costs no more than its pixels.
export function drawLane(sheet, stream, y) {
  const { context: c, colours, axis, gap } = sheet;
  const [first, last] = sheet.visible(stream);
  const right = (e) => sheet.x(axis.to(e)) - gap;
  c.fillStyle = colours.bar;
  let done = -5;
  for (let e = first; e < last; ) {
    const left = Math.max(sheet.x(axis.from(e)) + gap, done);
    const end = Math.min(sheet.width + 5, right(e));
    if (end - left >= 0.5) c.fillRect(left, y - 4, end - left, 8);
    done = Math.max(done, end);
    e = further(e, last, (n) => right(n) >= done + 0.5);
  }
  const at = (e) => sheet.at(log.columnOf[e]);
  const wide = Math.max(1, Math.min(MARK, sheet.column * 0.6));
  for (let e = first; e < last; ) {
    const x = at(e);
    drawEvent(sheet, e, { x, y, wide });
    e = further(e, last, (n) => at(n) >= x + 1);
  }
  for (const e of sheet.special) {
    if (log.events.stream[e] === stream) drawEvent(sheet, e, { x: at(e), y, wide: Math.max(5, wide) });
  }
}

// The first number after `n` and before `last` of which a test is true that stays true; it is probably near.
function further(n, last, test) {
  let [low, step] = [n, 1];
  while (low + step < last && !test(low + step)) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, last);
  while (low + 1 < high) {
    const half = (low + high) >> 1;
    if (test(half)) high = half;
    else low = half;
  }
  return high;
}

function drawEvent(sheet, e, { x, y, wide }) {
  const { context: c, colours } = sheet;
  const [left, top, size] = [x - wide / 2, y - MARK / 2, [wide, MARK]];
  if (log.explains(log.columnOf[e])) {
    c.fillStyle = sheet.breaks(log.columnOf[e]) ? colours.bad : colours.accent;
    c.fillRect(left, top, ...size);
    return;
  }
  c.fillStyle = log.forgets(log.columnOf[e]) ? colours.join : colours.paper;
  c.fillRect(left, top, ...size);
  if (log.forgets(log.columnOf[e])) return;
  c.strokeStyle = log.blockedAt.has(e) ? colours.bad : colours.dim;
  c.lineWidth = log.blockedAt.has(e) ? 2 : 1;
  if (wide < 3) c.fillStyle = c.strokeStyle;
  if (wide < 3) c.fillRect(left, top, ...size);
  else c.strokeRect(left, top, ...size);
}

// The run: a mark for each step, with its number and its action where there is room.
export function drawRun(sheet) {
  const { context: c, colours } = sheet;
  c.fillStyle = colours.ground;
  c.fillRect(0, AXIS, sheet.width, HEAD - AXIS - 6);
  const [first, last] = sheet.range();
  const apart = sheet.column < THIN ? 1 : 0;
  let ended = -100;
  for (let k = first; k < last; ) {
    const x = sheet.at(k);
    if (log.explains(k) && !log.hidden(k) && !sheet.breaks(k)) ended = drawStep(sheet, k, x, ended);
    k = apart ? further(k, last, (n) => sheet.at(n) >= x + apart) : k + 1;
  }
  drawSpecials(sheet, first, last, apart);
}

// Hidden steps and those that violate something: above the others, so that none of them is lost among many.
function drawSpecials(sheet, first, last, apart) {
  const all = sheet.specials;
  let place = -100;
  for (let n = lowest(all, first); n < all.length && all[n] < last; n++) {
    const x = sheet.at(all[n]);
    if (x - place < apart && !sheet.breaks(all[n])) continue;
    place = x;
    drawSpecial(sheet, all[n], x);
  }
}

// A step of the run: a pill with its number, or a line if there is no room. Returns where it ends.
function drawStep(sheet, k, x, last) {
  const { context: c, colours } = sheet;
  const width = pillWidth(k);
  c.fillStyle = colours.accent;
  if (sheet.room(k) < THIN || x - width / 2 < last) {
    c.fillRect(Math.round(x), RUN - 7, 1, 14);
    return Math.max(last, x);
  }
  pill(c, x, width);
  c.fill();
  label(sheet, log.label(k), x, { fill: colours.paper, bold: true });
  drawName(sheet, log.action(k), k, colours.dim);
  return x + width / 2;
}

// A hidden step or one that violates something.
function drawSpecial(sheet, k, x) {
  const { context: c, colours } = sheet;
  const colour = sheet.breaks(k) ? colours.bad : colours.warn;
  const text = sheet.breaks(k) ? `✗ ${log.label(k)}` : log.label(k);
  if (sheet.column < THIN) {
    c.fillStyle = colour;
    c.fillRect(Math.round(x) - 1, RUN - 13, 2, log.hidden(k) ? 5 : 26);
    return;
  }
  pill(c, x, pillWidth(k) + (sheet.breaks(k) ? 10 : 0));
  c.fillStyle = sheet.breaks(k) ? colour : colours.paper;
  c.fill();
  c.strokeStyle = colour;
  c.lineWidth = 1.5;
  if (log.hidden(k)) c.setLineDash([3, 2]);
  c.stroke();
  c.setLineDash([]);
  label(sheet, text, x, { fill: sheet.breaks(k) ? colours.paper : colour, bold: true });
  drawName(sheet, log.hidden(k) ? log.hiddenName(k) : log.action(k), k, colour);
}

function pillWidth(k) {
  return Math.max(18, 9 + 6.5 * log.label(k).length);
}

function pill(c, x, width) {
  c.beginPath();
  c.roundRect(x - width / 2, RUN - 9, width, 18, 9);
}

// The name of an action below its step.
function drawName(sheet, name, k, fill) {
  const [room, x] = [sheet.room(k), sheet.at(k)];
  if (room < ROOM) return;
  const lines = wrapped(name.replaceAll("-", "_"), Math.min(room, WIDEST_NAME)).slice(0, 2);
  lines.forEach((line, n) => {
    label(sheet, line, x, { fill, y: RUN + 19 + 10 * n, size: 9 });
  });
}

export function label(sheet, text, x, { fill, y = RUN + 4, size = 11, bold = false, align = "center" }) {
  const c = sheet.context;
  c.font = `${bold ? "600 " : ""}${size}px system-ui, sans-serif`;
  c.textAlign = align;
  c.fillStyle = fill;
  c.fillText(text, x, y);
}

// The axis, with a time or a number every so often.
export function drawAxis(sheet) {
  const { context: c, colours, axis } = sheet;
  c.fillStyle = colours.soft;
  c.fillRect(0, 0, sheet.width, AXIS);
  for (const tick of axis.ticks(sheet.left, sheet.right, sheet.scale)) {
    const x = sheet.x(tick.unit);
    c.fillStyle = colours.line;
    c.fillRect(Math.round(x), AXIS - 5, 1, 5);
    label(sheet, tick.label, Math.min(Math.max(x, EDGE), sheet.width - EDGE), { fill: colours.dim, y: 13, size: 10 });
  }
}

// Where the logs leave the model.
export function drawEnd(sheet) {
  if (log.explained === null) return;
  const { context: c, colours } = sheet;
  const x = sheet.end;
  if (x < -200 || x > sheet.width + 200) return;
  c.fillStyle = colours.beyond;
  c.fillRect(x, AXIS, Math.max(0, sheet.width - x), sheet.height - AXIS);
  c.fillStyle = colours.bad;
  c.fillRect(Math.round(x) - 1, AXIS, 2, sheet.height - AXIS);
  label(sheet, "nothing explains what follows", x + 6, { fill: colours.bad, y: RUN + 4, align: "left", bold: true });
}
