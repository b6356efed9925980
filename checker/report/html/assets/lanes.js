// The timeline: one row for each process, thing and property, one column for each state. Only what is in sight is drawn.
import { sees } from "./data.js";
import { $, el, place, replace, svg, titled } from "./dom.js";
import { Minimap } from "./minimap.js";
import { LEAST, rowsOf, truthLook, truthWords, wrapped } from "./rows.js";
import { ending, loopText } from "./words.js";

const READABLE = 36; // pixels for a state, so that the name of an action can be read
const NARROWEST = 5;
const WIDEST = 400;
const HEAD = 24;
const FOOT = 24; // for the arrow of a loop

export class Lanes {
  constructor(go) {
    this.go = go;
    this.frame = 0;
    this.column = READABLE;
    this.minimap = new Minimap(this);
    $("scroll").addEventListener("scroll", () => this.later());
    $("scroll").addEventListener("click", (e) => this.clicked(e));
    $("scroll").addEventListener("wheel", (e) => this.wheel(e), { passive: false });
  }

  // Rebuild everything for another run, or after the width has changed.
  open(view) {
    this.view = view;
    this.layOut();
    this.zoom(Math.max(this.readable, this.fitting));
  }

  // The same lanes for another view and width, to draw from.
  copy(view, column) {
    const lanes = Object.create(this);
    lanes.view = view;
    lanes.column = column;
    lanes.measure();
    return lanes;
  }

  // The width of a column in which the names of actions and the longest number can be read.
  get readable() {
    return Math.max(READABLE, markWidth(String(this.view.run.length)) + 3);
  }

  // The width of a column if the whole run is to be seen.
  get fitting() {
    return Math.min(WIDEST, $("scroll").clientWidth / (this.view.run.length + 1));
  }

  get fits() {
    return this.column <= this.fitting + 0.01;
  }

  // Change the width of columns; the state at pixel `at` of the visible part stays there.
  zoom(column, at = $("scroll").clientWidth / 2) {
    const box = $("scroll");
    const state = (box.scrollLeft + at) / this.column;
    const least = Math.max(Math.min(NARROWEST, READABLE), Math.min(this.fitting, READABLE));
    this.column = Math.min(WIDEST, Math.max(least, column));
    this.layOut();
    box.scrollLeft = state * this.column - at;
    this.draw();
  }

  zoomBy(factor, at) {
    this.zoom(this.column * factor, at);
  }

  fit() {
    this.zoom(this.fitting);
  }

  measure() {
    const { run } = this.view;
    this.rows = rowsOf(run, this.column, HEAD);
    this.height = this.rows.at(-1).top + this.rows.at(-1).height + (run.loop === null ? 4 : FOOT);
  }

  layOut() {
    const { run } = this.view;
    this.measure();
    replace("names", this.rows.map(rowName));
    $("names").style.flexBasis = `${this.namesWidth()}px`;
    $("names").style.height = `${this.height}px`;
    $("width").style.height = `${this.height}px`;
    $("width").style.width = `${Math.floor((run.length + 1) * this.column)}px`;
    this.minimap.open(this.view);
  }

  // Names are shown in full as long as most of the width is left for the run.
  namesWidth() {
    const longest = Math.max(...this.rows.map((r) => textWidth(r)));
    return Math.round(Math.min(Math.max(120, 24 + longest), Math.max(104, 0.25 * $("lanes").clientWidth)));
  }

  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const at = event.clientX - $("scroll").getBoundingClientRect().left;
    this.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, at);
  }

  // The middle of the column of a state.
  x(n) {
    return n * this.column + this.column / 2;
  }

  row(kind, name) {
    return this.rows.find((r) => r.kind === kind && r.name === name);
  }

  // Scroll a state into view.
  reveal(n) {
    const box = $("scroll");
    const x = n * this.column;
    const left = x < box.scrollLeft + this.column;
    const right = x > box.scrollLeft + box.clientWidth - 2 * this.column;
    if (left || right) box.scrollLeft = x - box.clientWidth / 2;
    this.draw();
  }

  clicked(event) {
    const box = $("scroll");
    const x = event.clientX - box.getBoundingClientRect().left + box.scrollLeft;
    const n = Math.floor(x / this.column);
    if (n >= 0 && n <= this.view.run.length) this.go(n);
  }

  draw() {
    const box = $("scroll");
    const first = Math.max(0, Math.floor(box.scrollLeft / this.column) - 2);
    const last = Math.min(this.view.run.length, first + Math.ceil(box.clientWidth / this.column) + 4);
    replace("width", place(this.drawing(first, last, this.view.at), first * this.column));
    this.minimap.move();
  }

  // The columns of some states, with the current one (if any) marked.
  drawing(first, last, at) {
    const left = first * this.column;
    const width = (last - first + 1) * this.column;
    const viewBox = `${left} 0 ${width} ${this.height}`;
    const drawing = svg("svg", { width, height: this.height, viewBox, "aria-hidden": "true" });
    for (let n = first; n <= last; n++) if (this.view.run.repeats(n)) drawing.append(this.band("looped", n));
    if (at !== null) drawing.append(this.band("now", at));
    for (const row of this.rows) drawing.append(...this.lane(row, first, last));
    for (let n = first; n <= last; n++) drawing.append(...this.head(n));
    drawing.append(...this.lost(first, last), ...this.loop(first, last));
    return drawing;
  }

  band(kind, n) {
    return svg("rect", { class: kind, x: n * this.column, y: 0, width: this.column, height: this.height });
  }

  // The marks of a row from one state to another, joined by a line.
  lane(row, first, last) {
    const ends = { x1: first * this.column, x2: (last + 1) * this.column };
    if (row.kind === "group") return [svg("line", { class: "rule", ...ends, y1: row.top, y2: row.top })];
    const drawn = row.kind === "truth" ? [] : [svg("line", { class: "lane", ...ends, y1: row.y, y2: row.y })];
    for (let n = first; n <= last; n++) drawn.push(...this.marks(row, n));
    return drawn;
  }

  marks(row, n) {
    const run = this.view.run;
    const step = run.steps[n - 1];
    if (row.kind === "truth") return this.truth(row, n);
    if (!step) return [];
    if (row.kind === "actor" && step.by === row.name) return [...this.mail(n, row.y), this.mark(step, n, row.y)];
    if (row.kind === "beside") return [this.twin(run.beside.steps[n - 1], step, n, row.y)];
    if (row.kind === "thing" && run.touches(step, row.thing)) return this.hit(step, row.thing, n, row.y);
    return [];
  }

  // An arrow from the process of a step to a thing that the step changes.
  hit(step, thing, n, y) {
    const x = this.x(n);
    const actor = this.row("actor", step.by);
    const own = step.observed.filter((o) => o.title === thing.title && o.member === thing.member);
    const seen = own.map((o) => `${thing.name} ${o.text}`);
    const look = { class: sees(step, thing) ? "hit seen" : "hit", d: `M${x - 5},${y - 7} h10 l-5,8 z` };
    const from = Math.min(actor.top + actor.height - 1, y - 8);
    return [
      svg("line", { class: "arrow", x1: x, x2: x, y1: from, y2: y - 6 }),
      titled(seen.join("; ") || step.text, "path", look),
    ];
  }

  // Arrows from the senders of the messages that a step receives.
  mail(n, y) {
    const run = this.view.run;
    const x = this.x(n);
    const others = run.deliveries[n - 1].filter((d) => d.sender !== run.steps[n - 1].by);
    return others.flatMap((d) => {
      const from = this.row("actor", d.sender).y;
      const down = y > from ? 1 : -1;
      const title = `${d.message} of ${d.sender}`;
      const head = `M${x - 5},${y - 17 * down} h10 l-5,${8 * down} z`;
      return [
        titled(title, "line", { class: "arrow mail", x1: x, x2: x, y1: from, y2: y - 10 * down }),
        titled(title, "path", { class: "hit mail", d: head }),
      ];
    });
  }

  // A step: its number, as wide as the number needs, with the name of its action below it.
  mark(step, n, y) {
    const x = this.x(n);
    const text = String(n);
    const raced = this.view.chain.includes(n) ? "raced" : "";
    const breaks = n === this.view.broken || this.view.run.breaks(n).length ? "breaks" : "";
    const faint = this.view.dims(n) ? "faint" : "";
    const kind = ["mark", step.fault ? "fault" : "", raced, breaks].join(" ");
    const wanted = markWidth(text);
    const width = Math.max(3, Math.min(wanted, this.column - 2));
    const shape = svg("rect", {
      class: kind,
      x: x - width / 2,
      y: y - 9,
      width,
      height: 18,
      rx: Math.min(9, width / 2),
    });
    const number = svg("text", { class: "mark-text", x, y: y + 4 }, text);
    const lines = this.column < LEAST ? [] : wrapped(step.action, this.column);
    const name = lines.map((line, k) => svg("text", { class: "action", x, y: y + 20 + 10 * k }, line));
    const title = `${n}. ${step.by} ${step.text}${ending(step)}`;
    return titled(title, "g", { class: faint }, shape, wanted <= this.column ? number : null, ...name);
  }

  // The same step in another variant: the same there, with another outcome, or not enabled.
  twin(other, step, n, y) {
    const at = { cx: this.x(n), cy: y };
    if (other === null) {
      return titled(`${n}. not enabled there`, "g", {}, svg("circle", { class: "twin absent", ...at, r: 5 }));
    }
    const same = other.text === step.text && other.outcome === step.outcome;
    const look = same ? { class: "twin same", r: 5 } : { class: "twin other", r: 8 };
    return titled(`${n}. ${other.by} ${other.text}${ending(other)}`, "g", {}, svg("circle", { ...look, ...at }));
  }

  truth(row, n) {
    const { run, finding } = this.view;
    const look = truthLook(run, finding, row.truth, n);
    if (look === null) return [];
    const gap = this.column < 12 ? 0 : 2;
    const thin = look === "not" || look === "inner";
    const [top, height] = thin ? [row.y - 4, 8] : [row.y - 7, 14];
    const size = { x: n * this.column + gap, y: top, width: this.column - 2 * gap, height, rx: gap };
    const box = titled(truthWords(row.truth, n, look), "rect", { class: look, ...size });
    if (look !== "fails" || this.column < 14) return [box];
    return [box, svg("text", { class: "fails-text", x: this.x(n), y: row.y + 4 }, "✗")];
  }

  // The facts of the scenario that a step shows.
  head(n) {
    if (!n) return this.column < LEAST ? [] : [svg("text", { class: "action", x: this.x(0), y: 15 }, "start")];
    const facts = this.view.facts.get(n) || [];
    if (!facts.length) return [];
    const x = this.x(n);
    const label = facts.length > 1 ? `${facts[0].fact}+` : facts[0].fact;
    const width = Math.max(4, Math.min(10 + 7 * label.length, this.column - 1));
    const tip = facts.map((f) => `${f.fact}: ${f.meaning}`).join("\n");
    const box = svg("rect", { x: x - width / 2, y: 3, width, height: 16, rx: Math.min(8, width / 2) });
    const text = width < 8 + 5 * label.length ? null : svg("text", { x, y: 15 }, label);
    return [titled(tip, "g", { class: "pin" }, box, text)];
  }

  // A line behind the last state from which recovery is possible.
  lost(first, last) {
    const { recoverable, length } = this.view.run;
    if (recoverable === null || recoverable >= length || recoverable < first || recoverable > last) return [];
    const x = (recoverable + 1) * this.column;
    const next = recoverable + 1;
    const tip = `after step ${recoverable} recovery was still possible; from step ${next} on it is not`;
    return [titled(tip, "line", { class: "lost", x1: x, x2: x, y1: HEAD - 4, y2: this.height })];
  }

  // An arrow below the steps that repeat: from the last one back to the first one.
  loop(first, last) {
    const run = this.view.run;
    if (run.loop === null || run.length < first || run.loop > last) return [];
    const y = this.height - 18;
    const still = run.loop === run.length;
    const from = this.x(run.length);
    const to = this.x(still ? run.length : run.loop + 1);
    const around = `M${from - 8},${y} a8,8 0 1 0 16,0`;
    const back = `M${from},${y} v10 H${to} v-10 m-4,5 l4,-6 l4,6`;
    const path = { class: "loop", d: to === from ? around : back };
    return [titled(loopText(run), "path", path)];
  }
}

// The width of the name of a row, in pixels.
function textWidth(row) {
  const ruler = document.createElement("canvas").getContext("2d");
  const size = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = (text, share) => {
    ruler.font = `${share * size}px ${getComputedStyle(document.body).fontFamily}`;
    return ruler.measureText(text).width;
  };
  if (row.kind === "truth") return width(row.name, 0.8) + (row.what ? width(` ${row.what}`, 0.7) : 0);
  return width(row.name, row.kind === "group" ? 0.85 : 0.87);
}

// The width of a mark with a number in it.
function markWidth(number) {
  return Math.max(18, 9 + 6.5 * number.length);
}

// The name of a row, beside the drawing.
export function rowName(row) {
  const what = row.what ? el("small", {}, ` ${row.what}`) : null;
  const name = el(
    "div",
    { class: `name ${row.kind}`, title: row.what ? `${row.name}: ${row.what}` : row.name },
    row.name,
    what,
  );
  name.style.height = `${row.height}px`;
  name.style.lineHeight = `${row.kind === "actor" ? 28 : row.height}px`;
  return place(name, 0, row.top);
}
