// The lanes: one for the run and one for each stream, on a canvas that shows a part of them. Only that part is drawn, and
// what falls on one pixel is drawn once, so that logs of any length can be moved and zoomed.
import { $ } from "./dom.js";
import { byClock, byOrder } from "./log-axis.js";
import { log, lowest } from "./log-data.js";
import { AXIS, drawAxis, drawEnd, drawGround, drawJoins, drawLane, drawRun, HEAD, label } from "./log-marks.js";

const PILL = 14; // pixels beside a number
const READABLE = 44; // pixels of a column at the beginning, at least
const LANE = 26; // pixels of a lane
const SPARE = 14; // pixels beside the first and the last column
const MOVED = 4; // pixels after which a click is a drag
const COLOURS = ["ink", "dim", "paper", "soft", "line", "accent", "bad", "warn", "glow", "good"];

export class LogLanes {
  constructor(view) {
    this.view = view;
    this.axis = byOrder;
    this.canvas = $("canvas");
    this.context = this.canvas.getContext("2d");
    this.frame = 0;
    this.broken = new Set(log.broken.filter((b) => b.step).map((b) => log.rowOf(b.step) - 1));
    // What is drawn whatever else falls on its pixel: events, and columns of the run in their order.
    this.special = [...log.blockedAt.keys(), ...[...this.broken].map((k) => log.columns[k])].filter((e) => e >= 0);
    const apart = (k) => log.explains(k) && (log.hidden(k) || this.breaks(k));
    this.specials = [...log.columns.keys()].filter(apart);
    this.left = 0;
    this.scale = this.usual;
    this.listen();
    this.resize();
  }

  listen() {
    const box = $("scroll");
    box.addEventListener("scroll", () => this.later());
    box.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
    this.canvas.addEventListener("pointerdown", (e) => this.down(e));
    this.canvas.addEventListener("pointermove", (e) => this.move(e));
    this.canvas.addEventListener("pointerup", (e) => this.up(e));
    new ResizeObserver(() => this.resize()).observe(box);
  }

  // Another width, other colours.
  resize() {
    const box = $("scroll");
    const ratio = devicePixelRatio || 1;
    const whole = HEAD + log.streams.length * LANE + 6;
    this.full = box.clientWidth;
    this.height = Math.min(whole, Math.max(200, Math.round(0.6 * innerHeight)));
    box.style.maxHeight = `${this.height}px`;
    $("width").style.height = `${whole - this.height}px`;
    this.canvas.width = Math.round(this.full * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${this.full}px`;
    this.canvas.style.height = `${this.height}px`;
    this.ratio = ratio;
    this.names = this.namesWidth();
    this.width = this.full - this.names;
    this.recolour();
    this.zoomTo(this.scale);
  }

  recolour() {
    const style = getComputedStyle(document.documentElement);
    this.colours = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    const mix = (colour, share) => `color-mix(in srgb, ${this.colours[colour]} ${share}%, transparent)`;
    this.colours.bar = mix("accent", 28);
    this.colours.join = mix("accent", 45);
    this.colours.ground = mix("line", 25);
    this.colours.beyond = mix("bad", 7);
    this.later();
  }

  namesWidth() {
    this.context.font = "13px system-ui, sans-serif";
    const longest = Math.max(...log.streams.slice(0, 500).map((s) => this.context.measureText(s).width));
    return Math.round(Math.min(longest + 20, 0.26 * this.full));
  }

  // The scale to begin with: there is room for the longest number.
  get usual() {
    const columns = Math.max(READABLE, PILL + 7 * String(log.length).length);
    if (this.axis === byOrder) return columns;
    return (columns * log.columns.length) / (this.axis.end - this.axis.begin);
  }

  // Geometry -------------------------------------------------------------------------------------------------------
  // The pixel of a place of the axis, in the part right of the names.
  x(unit) {
    return (unit - this.left) * this.scale;
  }

  at(k) {
    return this.x(this.axis.at(k));
  }

  get right() {
    return this.left + this.width / this.scale;
  }

  // Pixels of a column, on the average where they differ.
  get column() {
    if (this.axis === byOrder) return this.scale;
    const [first, last] = this.range();
    return this.width / Math.max(1, last - first);
  }

  // Pixels from a column to the nearest one beside it.
  room(k) {
    if (this.axis === byOrder) return this.scale;
    const [x, end] = [this.at(k), log.columns.length - 1];
    return Math.min(k > 0 ? x - this.at(k - 1) : this.width, k < end ? this.at(k + 1) - x : this.width);
  }

  get gap() {
    return this.axis === byOrder && this.scale > 12 ? 2 : 0;
  }

  get selected() {
    return this.view.at ? this.view.at - 1 : null;
  }

  // The pixels of a column.
  band(k) {
    if (this.axis === byOrder) return [this.x(k), this.x(k + 1)];
    return [this.at(k) - 7, this.at(k) + 7];
  }

  // Where the run ends.
  get end() {
    if (this.axis === byOrder) return this.x(log.open);
    const last = log.open ? this.at(log.open - 1) : 0;
    return log.open < log.columns.length ? (last + this.at(log.open)) / 2 : last + 8;
  }

  breaks(k) {
    return this.broken.has(k);
  }

  // The columns in sight: the first one, and the one after the last.
  range() {
    const margin = 60 / this.scale;
    if (this.axis === byOrder) {
      const first = Math.max(0, Math.floor(this.left - margin));
      return [first, Math.min(log.columns.length, Math.ceil(this.right + margin))];
    }
    return [lowest(log.times, this.left - margin), lowest(log.times, this.right + margin, true)];
  }

  *columns() {
    const [first, last] = this.range();
    for (let k = first; k < last; k++) yield k;
  }

  // The events of a stream of which something is in sight.
  visible(stream) {
    const [first, end] = log.lanes[stream];
    const search = (test) => {
      let [low, high] = [first, end];
      while (low < high) {
        const half = (low + high) >> 1;
        if (test(half)) high = half;
        else low = half + 1;
      }
      return low;
    };
    return [search((e) => this.axis.to(e) >= this.left), search((e) => this.axis.from(e) > this.right)];
  }

  // The lanes in sight with the middle of each.
  *lanes() {
    const top = $("scroll").scrollTop;
    const first = Math.floor(top / LANE);
    for (let s = first; s < log.streams.length; s++) {
      const y = HEAD + s * LANE + LANE / 2 - top;
      if (y > this.height + LANE) return;
      yield [s, y];
    }
  }

  laneOf(e) {
    return HEAD + log.events.stream[e] * LANE + LANE / 2 - $("scroll").scrollTop;
  }

  // Moving ---------------------------------------------------------------------------------------------------------
  // Another scale; what is at pixel `at` stays there.
  zoomTo(scale, at = this.width / 2) {
    const { begin, end, least, most } = this.axis;
    const unit = this.left + at / this.scale;
    const fit = Math.max(1, this.width - 2 * SPARE) / (end - begin);
    this.scale = Math.min(most, Math.max(least, Math.min(fit, most), scale));
    this.moveTo(unit - at / this.scale);
  }

  zoomBy(factor, at) {
    this.zoomTo(this.scale * factor, at);
  }

  fit() {
    this.zoomTo(0);
  }

  moveTo(left) {
    const { begin, end } = this.axis;
    const spare = SPARE / this.scale;
    const most = Math.max(begin - spare, end + spare - this.width / this.scale);
    this.left = Math.min(Math.max(begin - spare, left), most);
    this.later();
  }

  // The other axis, with the selected step where it was.
  turn(name) {
    const k = Math.max(0, this.view.at - 1);
    const at = Math.min(Math.max(0, this.at(k)), this.width);
    this.axis = name === "clock" && log.timed ? byClock : byOrder;
    this.scale = this.usual;
    this.zoomTo(this.scale);
    this.moveTo(this.axis.at(k) - at / this.scale);
    this.view.map.open();
  }

  // Bring a column into sight.
  reveal(k) {
    const x = this.at(k);
    if (x < 30 || x > this.width - 50) this.moveTo(this.axis.at(k) - this.width / 2 / this.scale);
    const e = log.columns[k];
    if (e >= 0) {
      const [y, box] = [this.laneOf(e), $("scroll")];
      if (y < HEAD + LANE / 2) box.scrollTop += y - HEAD - LANE;
      else if (y > this.height - LANE / 2) box.scrollTop += y - this.height + LANE;
    }
    this.later();
  }

  wheel(event) {
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      this.zoomBy(event.deltaY < 0 ? 1.25 : 0.8, this.where(event)[0]);
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      this.moveTo(this.left + sideways / this.scale);
    } else return;
    event.preventDefault();
  }

  // The pixels of a pointer, right of the names and below the top.
  where(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left - this.names, event.clientY - box.top];
  }

  down(event) {
    const [x, y] = this.where(event);
    this.drag = { x, y, left: this.left, moved: false };
    this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    const [x, y] = this.where(event);
    if (!this.drag) {
      const k = this.columnAt(x, y);
      this.canvas.title = k === null ? this.streamAt(y) : `${log.label(k)} ${log.words(k)}`;
      return;
    }
    if (Math.abs(x - this.drag.x) > MOVED) this.drag.moved = true;
    if (this.drag.moved) this.moveTo(this.drag.left - (x - this.drag.x) / this.scale);
  }

  up(event) {
    const drag = this.drag;
    this.drag = null;
    if (!drag || drag.moved) return;
    const k = this.columnAt(...this.where(event));
    if (k !== null) this.view.go(k + 1);
  }

  streamAt(y) {
    const s = Math.floor((y - HEAD + $("scroll").scrollTop) / LANE);
    return y < HEAD ? "" : log.streams[s] || "";
  }

  // The column at a pixel: in a lane, that of its nearest event.
  columnAt(x, y) {
    if (x < 0) return null;
    const unit = this.left + x / this.scale;
    const s = Math.floor((y - HEAD + $("scroll").scrollTop) / LANE);
    const k = y >= HEAD && s < log.streams.length ? this.nearest(s, x) : null;
    if (k !== null) return k;
    const column = this.axis.column(unit);
    return column >= 0 && column < log.columns.length ? column : null;
  }

  // The column of the event of a stream that is nearest to a pixel, if it is near.
  nearest(stream, x) {
    const [first, last] = this.visible(stream);
    let found = null;
    let best = Math.max(8, this.gap ? this.scale / 2 : 8);
    for (let e = first; e < last; e++) {
      const far = Math.abs(this.at(log.columnOf[e]) - x);
      if (far < best) [found, best] = [log.columnOf[e], far];
    }
    return found;
  }

  // Drawing --------------------------------------------------------------------------------------------------------
  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const c = this.context;
    c.setTransform(this.ratio, 0, 0, this.ratio, this.names * this.ratio, 0);
    drawGround(this);
    c.save();
    c.beginPath();
    c.rect(0, HEAD - 4, this.width, this.height);
    c.clip();
    drawJoins(this);
    for (const [s, y] of this.lanes()) drawLane(this, s, y);
    c.restore();
    drawRun(this);
    drawEnd(this);
    drawAxis(this);
    this.drawNames();
    this.view.map.move();
  }

  drawNames() {
    const { context: c, colours } = this;
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.fillStyle = colours.soft;
    c.fillRect(0, 0, this.names, this.height);
    c.fillStyle = colours.line;
    c.fillRect(this.names - 1, 0, 1, this.height);
    c.save();
    c.beginPath();
    c.rect(0, HEAD - 6, this.names - 4, this.height);
    c.clip();
    for (const [s, y] of this.lanes()) this.name(log.streams[s], y + 4);
    c.restore();
    this.name("the run", AXIS + 18);
    this.name(this.axis === byOrder ? "in order" : "by clock", 13, colours.dim);
  }

  name(text, y, fill = this.colours.ink) {
    let shown = text;
    this.context.font = "13px system-ui, sans-serif";
    while (shown.length > 3 && this.context.measureText(shown).width > this.names - 14) {
      shown = `${shown.slice(0, -Math.max(2, Math.ceil(shown.length / 12)))}…`;
    }
    label(this, shown, 8, { fill, y, size: 13, align: "left" });
  }
}
