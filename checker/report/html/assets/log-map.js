// The map: all columns in one strip, with the part that the lanes show.
import { $, el, place, replace } from "./dom.js";
import { log } from "./log-data.js";

const TALL = 40;

export class LogMap {
  constructor(view) {
    this.view = view;
    const box = $("minimap");
    box.addEventListener("pointerdown", (e) => {
      box.setPointerCapture(e.pointerId);
      this.to(e);
    });
    box.addEventListener("pointermove", (e) => {
      if (e.buttons) this.to(e);
    });
    new ResizeObserver(() => this.open()).observe(box);
  }

  // Draw everything, once for each axis and width.
  open() {
    const { axis, colours } = this.view.lanes;
    this.width = $("minimap").clientWidth;
    this.scale = this.width / (axis.end - axis.begin);
    const ratio = devicePixelRatio || 1;
    const canvas = el("canvas", { width: Math.round(this.width * ratio), height: TALL * ratio });
    canvas.style.width = `${this.width}px`;
    canvas.style.height = `${TALL}px`;
    const c = canvas.getContext("2d");
    c.scale(ratio, ratio);
    this.marks(c, colours);
    this.window = el("div", { class: "window" });
    this.here = el("div", { class: "here" });
    replace("minimap", canvas, this.window, this.here);
    this.move();
  }

  x(unit) {
    return (unit - this.view.lanes.axis.begin) * this.scale;
  }

  // A mark for each stream and pixel; hidden steps and violations above them.
  marks(c, colours) {
    const { axis, broken } = this.view.lanes;
    const tall = Math.max(1, (TALL - 12) / log.streams.length);
    const done = new Int32Array(log.streams.length).fill(-1);
    const above = [];
    for (let k = 0; k < log.columns.length; k++) {
      const x = Math.floor(this.x(axis.at(k)));
      const e = log.columns[k];
      if (e < 0 || broken.has(k) || log.blockedAt.has(e)) above.push([x, k]);
      if (e < 0 || done[log.events.stream[e]] === x) continue;
      done[log.events.stream[e]] = x;
      c.fillStyle = log.explains(k) ? colours.accent : colours.dim;
      c.fillRect(x, 8 + log.events.stream[e] * tall, 2, Math.max(1, tall - 1));
    }
    for (const [x, k] of above) {
      const hidden = log.hidden(k) && !broken.has(k);
      c.fillStyle = hidden ? colours.warn : colours.bad;
      c.fillRect(x, 0, 2, hidden ? 7 : TALL);
    }
  }

  // Which part the lanes show, and the selected column.
  move() {
    if (!this.window) return;
    const { lanes, at } = this.view;
    const [left, right] = [Math.max(0, this.x(lanes.left)), Math.min(this.width, this.x(lanes.right))];
    place(this.window, left).style.width = `${Math.max(6, right - left)}px`;
    this.here.hidden = at === 0;
    if (at) place(this.here, this.x(lanes.axis.at(at - 1)));
  }

  // Move the lanes to where the pointer is.
  to(event) {
    const { lanes } = this.view;
    const x = event.clientX - $("minimap").getBoundingClientRect().left;
    lanes.moveTo(lanes.axis.begin + x / this.scale - lanes.width / lanes.scale / 2);
  }
}
