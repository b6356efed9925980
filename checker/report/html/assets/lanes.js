// The lanes: one row for each process, thing and property, one column for each state. Only the visible part is drawn.
import { sees } from "./data.js";
import { $, el, place, replace, svg, titled } from "./dom.js";

const NARROW = 34; // pixels for each state
const WIDE = 60; // if the whole run fits
const ROW = 30;
const HEAD = 26;

function middle(row) {
  return HEAD + row * ROW + ROW / 2;
}

export class Lanes {
  constructor(go) {
    this.go = go;
    this.frame = 0;
    this.column = NARROW;
    $("scroll").addEventListener("scroll", () => this.later());
    addEventListener("resize", () => this.later());
    $("scroll").addEventListener("click", (e) => this.clicked(e));
  }

  // Rebuild everything for another run.
  open(view) {
    this.view = view;
    const run = view.run;
    this.rows = rowsOf(run);
    const fits = Math.floor($("scroll").clientWidth / (run.length + 1));
    this.column = Math.max(NARROW, Math.min(WIDE, fits));
    this.height = HEAD + this.rows.length * ROW + (run.loop === null ? 4 : 26);
    const names = this.rows.map((row, n) => {
      const name = el("div", { class: `name ${row.kind}`, title: row.name }, row.name);
      return place(name, 0, HEAD + n * ROW);
    });
    replace("names", names);
    $("names").style.height = `${this.height}px`;
    $("width").style.height = `${this.height}px`;
    $("width").style.width = `${(run.length + 1) * this.column}px`;
    this.draw();
  }

  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  // The middle of the column of a state.
  x(n) {
    return n * this.column + this.column / 2;
  }

  // Scroll a state into view.
  reveal(n) {
    const box = $("scroll");
    const x = n * this.column;
    const left = x < box.scrollLeft + this.column;
    const right = x > box.scrollLeft + box.clientWidth - 3 * this.column;
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
    const left = first * this.column;
    const width = (last - first + 1) * this.column;
    const viewBox = `${left} 0 ${width} ${this.height}`;
    const drawing = svg("svg", { width, height: this.height, viewBox, "aria-hidden": "true" });
    const now = { class: "now", x: this.view.at * this.column, y: 0, width: this.column, height: this.height };
    drawing.append(svg("rect", now));
    for (const [r, row] of this.rows.entries()) drawing.append(...this.lane(row, middle(r), first, last));
    for (let n = Math.max(1, first); n <= last; n++) drawing.append(...this.head(n));
    drawing.append(...this.lost(), ...this.loop());
    replace("width", place(drawing, left));
  }

  // The marks of a row from one state to another, joined by a line.
  lane(row, y, first, last) {
    const ends = { x1: first * this.column, x2: (last + 1) * this.column };
    const drawn = row.kind === "truth" ? [] : [svg("line", { class: "lane", ...ends, y1: y, y2: y })];
    for (let n = first; n <= last; n++) drawn.push(...this.marks(row, n, y));
    return drawn;
  }

  marks(row, n, y) {
    const run = this.view.run;
    const step = run.steps[n - 1];
    if (row.kind === "truth") return this.truth(row.truth, n, y);
    if (!step) return [];
    if (row.kind === "actor" && step.by === row.name) return [...this.mail(n, y), this.mark(step, n, y)];
    if (row.kind === "beside") return [this.twin(run.beside.steps[n - 1], step, n, y)];
    if (row.kind === "thing" && run.touches(step, row.thing)) return this.hit(step, row.thing, n, y);
    return [];
  }

  // An arrow from the process of a step to a thing that the step changes.
  hit(step, thing, n, y) {
    const x = this.x(n);
    const from = middle(this.view.run.actors.indexOf(step.by)) + 9;
    const seen = step.observed.filter((o) => o.member === thing.member).map((o) => `${thing.name} ${o.text}`);
    const look = { class: sees(step, thing) ? "hit seen" : "hit", d: `M${x - 5},${y - 7} h10 l-5,8 z` };
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
      const from = middle(run.actors.indexOf(d.sender));
      const down = y > from ? 1 : -1;
      const title = `${d.message} of ${d.sender}`;
      const head = `M${x - 5},${y - 17 * down} h10 l-5,${8 * down} z`;
      return [
        titled(title, "line", { class: "arrow mail", x1: x, x2: x, y1: from, y2: y - 10 * down }),
        titled(title, "path", { class: "hit mail", d: head }),
      ];
    });
  }

  mark(step, n, y) {
    const x = this.x(n);
    const raced = this.view.chain.includes(n) ? "raced" : "";
    const breaks = n === this.view.broken ? "breaks" : "";
    const kind = ["mark", step.fault ? "fault" : "", raced, breaks].join(" ");
    const circle = svg("circle", { class: kind, cx: x, cy: y, r: 9 });
    const number = svg("text", { class: "mark-text", x, y: y + 4 }, String(n));
    return titled(`${n}. ${step.by} ${step.text}`, "g", {}, circle, number);
  }

  // The same step in another variant: the same there, with another outcome, or not enabled.
  twin(other, step, n, y) {
    const place = { cx: this.x(n), cy: y };
    if (other === null) {
      return titled(`${n}. not enabled there`, "g", {}, svg("circle", { class: "twin absent", ...place, r: 5 }));
    }
    const same = other.text === step.text && other.outcome === step.outcome;
    const look = same ? { class: "twin same", r: 5 } : { class: "twin other", r: 8 };
    return titled(`${n}. ${other.by} ${other.text}`, "g", {}, svg("circle", { ...look, ...place }));
  }

  truth(truth, n, y) {
    const value = truth.holds[n];
    if (value === null || value === undefined) return [];
    const who = value ? "" : (truth.offenders[n] || []).join(", ");
    const tip = `${truth.property}: ${value ? "true" : "false"} after step ${n}${who ? `, for ${who}` : ""}`;
    const size = { x: n * this.column + 2, y: y - 8, width: this.column - 4, height: 16, rx: 3 };
    const box = titled(tip, "rect", { class: value ? "holds" : "fails", ...size });
    return value ? [box] : [box, svg("text", { class: "fails-text", x: this.x(n), y: y + 4 }, "✗")];
  }

  // The facts of the scenario that a step shows.
  head(n) {
    const facts = this.view.facts.get(n) || [];
    if (!facts.length) return [];
    const x = this.x(n);
    const label = facts.length > 1 ? `${facts[0].fact}+` : facts[0].fact;
    const tip = facts.map((f) => `${f.fact}: ${f.meaning}`).join("\n");
    const box = svg("rect", { x: x - 15, y: 3, width: 30, height: 16, rx: 8 });
    return [titled(tip, "g", { class: "pin" }, box, svg("text", { x, y: 15 }, label))];
  }

  // A line behind the last state from which recovery is possible.
  lost() {
    const { recoverable, length } = this.view.run;
    if (recoverable === null || recoverable >= length) return [];
    const x = (recoverable + 1) * this.column;
    const next = recoverable + 1;
    const tip = `after step ${recoverable} recovery was still possible; from step ${next} on it is not`;
    return [titled(tip, "line", { class: "lost", x1: x, x2: x, y1: HEAD - 4, y2: this.height })];
  }

  loop() {
    const { loop, length } = this.view.run;
    if (loop === null) return [];
    const y = this.height - 20;
    const to = this.x(loop);
    const from = this.x(length);
    const around = `M${from - 8},${y} a8,8 0 1 0 16,0`;
    const back = `M${from},${y} v10 H${to} v-10 m-4,5 l4,-6 l4,6`;
    const path = { class: "loop", d: to === from ? around : back };
    return [titled(`the run repeats the steps after step ${loop} for ever`, "path", path)];
  }
}

function rowsOf(run) {
  const rows = [
    ...run.actors.map((name) => ({ kind: "actor", name })),
    ...run.things.map((thing) => ({ kind: "thing", name: thing.name, thing })),
    ...run.truths.map((truth) => ({ kind: "truth", name: truth.property, truth })),
  ];
  if (run.beside) rows.push({ kind: "beside", name: `in ${run.beside.protocol}` });
  return rows;
}
