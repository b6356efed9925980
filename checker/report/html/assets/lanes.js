// The lanes: one row a process, one a thing, one a property; one column a state. Only what is in view is drawn.
const NARROW = 34, WIDE = 60, ROW = 30, HEAD = 26;
let COLUMN = NARROW; // pixels a state: wider where all of the run fits

class Lanes {
  constructor(go) {
    this.go = go;
    this.frame = 0;
    $("scroll").addEventListener("scroll", () => this.later());
    addEventListener("resize", () => this.later());
    $("scroll").addEventListener("click", (e) => this.clicked(e));
  }

  // Everything anew, for another run.
  open(view) {
    this.view = view;
    const run = view.run;
    this.rows = [
      ...run.actors.map((name) => ({ kind: "actor", name })),
      ...run.things.map((t) => ({ kind: "thing", name: t.name, thing: t })),
      ...run.truths.map((t) => ({ kind: "truth", name: t.property, truth: t })),
    ];
    if (run.beside) this.rows.push({ kind: "beside", name: `in ${run.beside.protocol}` });
    COLUMN = Math.max(NARROW, Math.min(WIDE, Math.floor($("scroll").clientWidth / (run.length + 1))));
    this.height = HEAD + this.rows.length * ROW + (run.loop === null ? 4 : 26);
    replace("names", this.rows.map((r, n) => place(el("div", { class: `name ${r.kind}`, title: r.name }, r.name), 0, HEAD + n * ROW)));
    $("names").style.height = $("width").style.height = `${this.height}px`;
    $("width").style.width = `${(run.length + 1) * COLUMN}px`;
    this.draw();
  }

  later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  // Bring a state into view.
  reveal(n) {
    const box = $("scroll"), x = n * COLUMN;
    if (x < box.scrollLeft + COLUMN || x > box.scrollLeft + box.clientWidth - 3 * COLUMN) box.scrollLeft = x - box.clientWidth / 2;
    this.draw();
  }

  clicked(event) {
    const x = event.clientX - $("scroll").getBoundingClientRect().left + $("scroll").scrollLeft;
    const n = Math.floor(x / COLUMN);
    if (n >= 0 && n <= this.view.run.length) this.go(n);
  }

  draw() {
    const box = $("scroll"), run = this.view.run;
    const first = Math.max(0, Math.floor(box.scrollLeft / COLUMN) - 2);
    const last = Math.min(run.length, first + Math.ceil(box.clientWidth / COLUMN) + 4);
    const width = (last - first + 1) * COLUMN;
    const drawing = svg("svg", { width, height: this.height, viewBox: `${first * COLUMN} 0 ${width} ${this.height}`, "aria-hidden": "true" });
    drawing.append(svg("rect", { class: "now", x: this.view.at * COLUMN, y: 0, width: COLUMN, height: this.height }));
    this.rows.forEach((row, r) => {
      const y = HEAD + r * ROW + ROW / 2;
      if (row.kind !== "truth") drawing.append(svg("line", { class: "lane", x1: first * COLUMN, x2: (last + 1) * COLUMN, y1: y, y2: y }));
      for (let n = first; n <= last; n++) drawing.append(...this.marks(row, n, y));
    });
    for (let n = Math.max(1, first); n <= last; n++) drawing.append(...this.head(n));
    if (run.recoverable !== null && run.recoverable < run.length) drawing.append(...this.lost(run.recoverable));
    if (run.loop !== null) drawing.append(...this.loop(run));
    place(drawing, first * COLUMN);
    replace("width", drawing);
  }

  marks(row, n, y) {
    const run = this.view.run, step = run.steps[n - 1], x = n * COLUMN + COLUMN / 2;
    if (row.kind === "truth") return this.truth(row.truth, n, y);
    if (!step) return [];
    if (row.kind === "actor" && step.by === row.name) return [...this.mail(n, x, y), this.mark(step, n, x, y)];
    if (row.kind === "beside") return [this.twin(run.beside.steps[n - 1], step, n, x, y)];
    if (row.kind === "thing" && run.touches(step, row.thing)) {
      const from = HEAD + run.actors.indexOf(step.by) * ROW + ROW / 2 + 9;
      const seen = step.observed.some((o) => o.title === row.thing.title && o.member === row.thing.member);
      const tip = step.observed.filter((o) => o.member === row.thing.member).map((o) => `${row.thing.name} ${o.text}`).join("; ");
      return [
        svg("line", { class: "arrow", x1: x, x2: x, y1: from, y2: y - 6 }),
        svg("path", { class: seen ? "hit seen" : "hit", d: `M${x - 5},${y - 7} h10 l-5,8 z` }, svg("title", {}, tip || step.text)),
      ];
    }
    return [];
  }

  // Arrows from those who sent what a step takes.
  mail(n, x, y) {
    const run = this.view.run;
    return run.deliveries[n - 1].filter((d) => d.sender !== run.steps[n - 1].by).flatMap((d) => {
      const from = HEAD + run.actors.indexOf(d.sender) * ROW + ROW / 2, down = y > from ? 1 : -1;
      return [
        svg("line", { class: "arrow mail", x1: x, x2: x, y1: from, y2: y - 10 * down }, svg("title", {}, `${d.message} of ${d.sender}`)),
        svg("path", { class: "hit mail", d: `M${x - 5},${y - 17 * down} h10 l-5,${8 * down} z` }, svg("title", {}, `${d.message} of ${d.sender}`)),
      ];
    });
  }

  mark(step, n, x, y) {
    const raced = this.view.chain.includes(n);
    const kind = ["mark", step.fault ? "fault" : "", raced ? "raced" : "", n === this.view.broken ? "breaks" : ""].join(" ");
    return svg("g", {}, svg("title", {}, `${n}. ${step.by} ${step.text}`), svg("circle", { class: kind, cx: x, cy: y, r: 9 }), svg("text", { class: "mark-text", x, y: y + 4 }, String(n)));
  }

  twin(other, step, n, x, y) {
    const kind = other === null ? "absent" : other.text === step.text && other.outcome === step.outcome ? "same" : "other";
    const tip = other === null ? "not enabled there" : `${other.by} ${other.text}`;
    return svg("g", {}, svg("title", {}, `${n}. ${tip}`), svg("circle", { class: `twin ${kind}`, cx: x, cy: y, r: kind === "other" ? 8 : 5 }));
  }

  truth(truth, n, y) {
    const value = truth.holds[n];
    if (value === null || value === undefined) return [];
    const who = value ? "" : (truth.offenders[n] || []).join(", ");
    const tip = `${truth.property}: ${value ? "true" : "false"} after step ${n}${who ? `, for ${who}` : ""}`;
    const box = svg("rect", { class: value ? "holds" : "fails", x: n * COLUMN + 2, y: y - 8, width: COLUMN - 4, height: 16, rx: 3 }, svg("title", {}, tip));
    return value ? [box] : [box, svg("text", { class: "fails-text", x: n * COLUMN + COLUMN / 2, y: y + 4 }, "✗")];
  }

  head(n) {
    const facts = this.view.facts.get(n) || [];
    if (!facts.length) return [];
    const x = n * COLUMN + COLUMN / 2, label = facts.length > 1 ? `${facts[0].fact}+` : facts[0].fact;
    const tip = facts.map((f) => `${f.fact}: ${f.meaning}`).join("\n");
    return [svg("g", { class: "pin" }, svg("title", {}, tip), svg("rect", { x: x - 15, y: 3, width: 30, height: 16, rx: 8 }), svg("text", { x, y: 15 }, label))];
  }

  lost(n) {
    const x = (n + 1) * COLUMN;
    return [svg("line", { class: "lost", x1: x, x2: x, y1: HEAD - 4, y2: this.height }, svg("title", {}, `after step ${n} recovery was still possible; from step ${n + 1} on it is not`))];
  }

  loop(run) {
    const y = this.height - 20, a = run.loop * COLUMN + COLUMN / 2, b = run.length * COLUMN + COLUMN / 2;
    const d = a === b ? `M${b - 8},${y} a8,8 0 1 0 16,0` : `M${b},${y} v10 H${a} v-10 m-4,5 l4,-6 l4,6`;
    return [svg("path", { class: "loop", d }, svg("title", {}, `the run goes on as after step ${run.loop}, for ever`))];
  }
}
