// Which run and state is looked at, and the ways to get elsewhere.
class View {
  constructor() {
    this.lanes = new Lanes((n) => this.go(n));
    this.walked = [];
  }

  // Look at the finding number k.
  open(k, at) {
    this.finding = report.findings[k];
    this.k = k;
    this.run = runs[this.finding.run];
    this.run.look();
    this.match = this.finding.match;
    const causes = this.finding.causes;
    this.races = causes ? causes.races : [];
    this.chain = causes ? causes.chain : [];
    this.broken = this.finding.verdict === "violated" && this.run.loop === null ? this.run.length : -1;
    this.facts = new Map();
    for (const f of this.match ? this.match.facts : []) if (f.step !== null && !f.onward) this.facts.set(f.step, [...(this.facts.get(f.step) || []), f]);
    this.heading();
    this.lanes.open(Object.assign(this, { at: 0 }));
    factsPanel(this);
    this.go(at === undefined ? (this.broken > 0 ? this.broken : 0) : at);
  }

  heading() {
    const f = this.finding;
    $("story-title").textContent = `${f.name}: ${f.word}`;
    $("promise").textContent = f.promise;
    $("because").textContent = f.because;
    const parts = ["● a step of a process", "ringed: its order decides", "▾ what it changes; coloured: the world sees it", "✗ a property is false"];
    if (this.run.recoverable !== null && this.run.recoverable < this.run.length) parts.push("dashed red line: beyond it there is no recovery");
    if (this.run.deliveries.some((taken) => taken.length)) parts.push("arrow between processes: a message, when it arrives");
    if (this.run.beside) parts.push(`last row: the same step in ${this.run.beside.protocol} (green ring: another outcome, dotted: not enabled)`);
    $("legend").textContent = parts.join(" · ");
    for (const b of $("properties").querySelectorAll("button")) b.setAttribute("aria-current", String(Number(b.dataset.finding) === this.k));
  }

  get step() { return this.walked.length ? this.walked[this.walked.length - 1].offer : this.run.steps[this.at - 1] || null; }
  get node() { return this.walked.length ? this.walked[this.walked.length - 1].to : this.at; }

  get offers() {
    const near = this.run.neighbourhood;
    if (near && near.states[this.node]) return near.states[this.node].offers;
    return this.walked.length ? [] : this.run.offers[this.at] || [];
  }

  get offersKnown() {
    const near = this.run.neighbourhood;
    return !this.walked.length || !near || !near.edge.includes(this.node);
  }

  get brokenHere() {
    if (this.walked.length) return this.run.neighbourhood.states[this.node].broken;
    return this.run.truths.filter((t) => t.holds[this.at] === false).map((t) => t.property);
  }

  who(name) {
    const truth = this.walked.length ? null : this.run.truth(name);
    const found = truth ? truth.offenders[this.at] || [] : [];
    return found.length ? `: ${found.join(", ")}` : "";
  }

  // Go to a state of the run.
  go(n) {
    if (!Number.isInteger(n)) return;
    this.at = Math.min(Math.max(n, 0), this.run.length);
    this.walked = [];
    history.replaceState(null, "", `#${this.k}.${this.at}`);
    this.lanes.reveal(this.at);
    this.draw();
  }

  // Take a step off the run.
  walk(offer) {
    this.walked = [...this.walked, { offer, to: offer.to }];
    this.draw();
  }

  unwalk() {
    this.walked = this.walked.slice(0, -1);
    this.draw();
  }

  draw() {
    const states = this.walked.reduce((all, w) => [...all, changed(all[all.length - 1], w.offer.changed)], this.at && !this.walked.length ? [this.run.state(this.at - 1), this.run.state(this.at)] : [this.run.state(this.at)]);
    this.state = states[states.length - 1];
    this.before = states.length > 1 ? states[states.length - 2] : null;
    this.offenders = new Set(this.walked.length ? [] : this.run.truths.flatMap((t) => t.offenders[this.at] || []));
    $("number").value = this.at;
    $("number").max = this.run.length;
    $("of").textContent = `of ${this.run.length}`;
    stepPanel(this);
    replace("pictures", drawPictures(this));
    replace("tables", drawTables(this));
    beliefsPanel(this);
    offersPanel(this);
    besidePanel(this);
    stepsPanel(this);
  }

  nextFact() {
    const steps = [...this.facts.keys()].sort((a, b) => a - b);
    if (steps.length) this.go(steps.find((n) => n > this.at) || steps[0]);
  }
}

function start() {
  $("title").textContent = report.title;
  $("subject").textContent = report.subject;
  $("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  });
  replace("warnings", report.warnings.map((w) => el("li", {}, w)));
  replace("properties", report.properties.map((p) => {
    const label = [el("span", { class: `verdict ${p.word === "holds" ? "holds-word" : p.word}` }, p.word), p.name];
    return el("li", {}, p.finding === null ? el("span", { title: p.how }, label) : el("button", { type: "button", "data-finding": String(p.finding), title: p.how, onclick: () => view.open(p.finding) }, label));
  }));
  proofs();
  if (!report.findings.length) {
    $("time").hidden = $("panels").hidden = true;
    $("story").hidden = Boolean(report.proof || report.matrix);
    $("story-title").textContent = "There is no run to look at: no property is violated.";
    document.querySelector(".skip").hidden = true;
    return;
  }
  const view = new View();
  const moves = { first: () => view.go(0), back: () => (view.walked.length ? view.unwalk() : view.go(view.at - 1)), on: () => view.go(view.at + 1), last: () => view.go(view.run.length) };
  for (const b of document.querySelectorAll("[data-go]")) b.addEventListener("click", moves[b.dataset.go]);
  $("number").addEventListener("change", () => view.go(Number($("number").value)));
  const keys = { ArrowLeft: moves.back, ArrowRight: moves.on, Home: moves.first, End: moves.last, f: () => view.nextFact(), p: () => view.open((view.k + 1) % report.findings.length) };
  addEventListener("keydown", (e) => {
    if (e.target.tagName === "INPUT" || e.ctrlKey || e.metaKey || e.altKey || !keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  });
  const follow = () => {
    const link = /^#(\d+)\.(\d+)$/.exec(location.hash);
    if (link && report.findings[Number(link[1])]) view.open(Number(link[1]), Number(link[2]));
    else if (!view.run) view.open(0);
  };
  addEventListener("hashchange", follow);
  follow();
}

start();
