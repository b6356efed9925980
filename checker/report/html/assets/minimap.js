// The minimap: the whole run in one line, with the part that the timeline shows.
import { $, el, replace, svg } from "./dom.js";

const HEIGHT = 40;
const THINNEST = 2; // pixels of a mark

export class Minimap {
  constructor(lanes) {
    this.lanes = lanes;
    const box = $("minimap");
    box.addEventListener("pointerdown", (e) => {
      box.setPointerCapture(e.pointerId);
      this.to(e);
    });
    box.addEventListener("pointermove", (e) => {
      if (e.buttons) this.to(e);
    });
  }

  open(view) {
    this.view = view;
    $("minimap").hidden = this.lanes.fits;
    if (this.lanes.fits) return;
    this.width = $("minimap").clientWidth;
    this.scale = this.width / (view.run.length + 1);
    const drawing = svg("svg", { width: this.width, height: HEIGHT, viewBox: `0 0 ${this.width} ${HEIGHT}` });
    drawing.append(...this.loop(), ...this.marks());
    this.window = el("div", { class: "window" });
    this.here = el("div", { class: "here" });
    replace("minimap", drawing, this.window, this.here);
  }

  // One mark for each process and pixel, however many steps there are.
  marks() {
    const { run, facts, broken } = this.view;
    const found = new Map();
    const lane = (HEIGHT - 12) / run.actors.length;
    const width = Math.max(THINNEST, this.scale - 1);
    const add = (key, attributes) => {
      if (!found.has(key)) found.set(key, svg("rect", attributes));
    };
    run.steps.forEach((step, k) => {
      const x = Math.round(((k + 1) * this.scale) / THINNEST) * THINNEST;
      const row = run.actors.indexOf(step.by);
      const size = { x, y: 8 + row * lane, width, height: Math.max(2, lane - 1) };
      add(`${x} ${row}`, { class: step.fault ? "mark fault" : "mark", ...size });
      if (facts.has(k + 1)) add(`fact ${x}`, { class: "fact-tick", x, y: 0, width: Math.max(3, width), height: 6 });
      if (k + 1 === broken || run.breaks(k + 1).length) {
        add(`breaks ${x}`, { class: "fails break", x, y: 0, width: Math.max(3, width), height: HEIGHT });
      }
    });
    return [...found.values()];
  }

  loop() {
    const { loop, length } = this.view.run;
    if (loop === null) return [];
    const x = (Math.min(loop + 1, length) * this.width) / (length + 1);
    return [svg("rect", { class: "looped", x, y: 0, width: this.width - x, height: HEIGHT })];
  }

  // Show which part of the run the timeline shows, and the current state.
  move() {
    if (this.lanes.fits || !this.window) return;
    const box = $("scroll");
    const ratio = this.scale / this.lanes.column;
    this.window.style.left = `${box.scrollLeft * ratio}px`;
    this.window.style.width = `${Math.max(6, box.clientWidth * ratio)}px`;
    this.here.style.left = `${(this.view.at + 0.5) * this.scale}px`;
  }

  // Scroll the timeline to where the pointer is.
  to(event) {
    const x = event.clientX - $("minimap").getBoundingClientRect().left;
    const box = $("scroll");
    box.scrollLeft = (x / this.scale) * this.lanes.column - box.clientWidth / 2;
  }
}
