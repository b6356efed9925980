// The view: the current run and state, and navigation.
import { changed, report, runs } from "./data.js";
import { $, button, el, replace, verdict } from "./dom.js";
import { Lanes } from "./lanes.js";
import { beliefsPanel, besidePanel, factsPanel, offersPanel, stepPanel, stepsPanel } from "./panels.js";
import { drawPictures, drawTables } from "./pictures.js";
import { proofs } from "./proofs.js";

class View {
  constructor() {
    this.lanes = new Lanes((n) => this.go(n));
    this.walked = [];
  }

  // Show finding number k.
  open(k, at) {
    this.finding = report.findings[k];
    this.k = k;
    this.at = 0;
    this.run = runs[this.finding.run];
    this.run.look();
    this.match = this.finding.match;
    this.races = this.finding.causes?.races || [];
    this.chain = this.finding.causes?.chain || [];
    const breaks = this.finding.verdict === "violated" && this.run.loop === null;
    this.broken = breaks ? this.run.length : -1;
    this.facts = factsByStep(this.match);
    this.heading();
    this.lanes.open(this);
    factsPanel(this);
    this.go(at === undefined ? Math.max(this.broken, 0) : at);
  }

  heading() {
    const f = this.finding;
    $("story-title").textContent = `${f.name}: ${f.word}`;
    $("promise").textContent = f.promise;
    $("because").textContent = f.because;
    $("legend").textContent = legend(this.run).join(" · ");
    for (const b of $("properties").querySelectorAll("button")) {
      b.setAttribute("aria-current", String(Number(b.dataset.finding) === this.k));
    }
  }

  get step() {
    return this.walked.length ? this.walked.at(-1) : this.run.steps[this.at - 1] || null;
  }

  get node() {
    return this.walked.length ? this.walked.at(-1).to : this.at;
  }

  get offers() {
    const near = this.run.neighbourhood?.states[this.node];
    if (near) return near.offers;
    return this.walked.length ? [] : this.run.offers[this.at] || [];
  }

  get offersKnown() {
    const near = this.run.neighbourhood;
    return !(this.walked.length && near?.edge.includes(this.node));
  }

  get brokenHere() {
    if (this.walked.length) return this.run.neighbourhood.states[this.node].broken;
    return this.run.truths.filter((t) => t.holds[this.at] === false).map((t) => t.property);
  }

  who(name) {
    const truth = this.walked.length ? null : this.run.truth(name);
    const found = truth?.offenders[this.at] || [];
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

  // Take a step that leaves the run.
  walk(offer) {
    this.walked = [...this.walked, offer];
    this.draw();
  }

  unwalk() {
    this.walked = this.walked.slice(0, -1);
    this.draw();
  }

  back() {
    if (this.walked.length) this.unwalk();
    else this.go(this.at - 1);
  }

  draw() {
    this.findStates();
    const truths = this.walked.length ? [] : this.run.truths;
    this.offenders = new Set(truths.flatMap((t) => t.offenders[this.at] || []));
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

  // The current state, and the state before the step that leads to it.
  findStates() {
    const here = this.run.state(this.at);
    if (this.walked.length) {
      const last = this.walked.at(-1);
      this.before = this.walked.slice(0, -1).reduce((state, offer) => changed(state, offer.changed), here);
      this.state = changed(this.before, last.changed);
    } else {
      this.before = this.at ? this.run.state(this.at - 1) : null;
      this.state = here;
    }
  }

  nextFact() {
    const steps = [...this.facts.keys()].sort((a, b) => a - b);
    if (steps.length) this.go(steps.find((n) => n > this.at) || steps[0]);
  }
}

// The facts of a scenario by the step that shows them.
function factsByStep(match) {
  const found = new Map();
  for (const f of match ? match.facts : []) {
    if (f.step !== null && !f.onward) found.set(f.step, [...(found.get(f.step) || []), f]);
  }
  return found;
}

function legend(run) {
  const parts = [
    "● a step of a process",
    "ringed: its order decides",
    "▾ what it changes; coloured: the world sees it",
    "✗ a property is false",
  ];
  if (run.recoverable !== null && run.recoverable < run.length) {
    parts.push("dashed red line: no recovery after it");
  }
  if (run.deliveries.some((taken) => taken.length)) {
    parts.push("arrow between processes: a message is received");
  }
  if (run.beside) {
    const rings = "(green ring: another outcome, dotted: not enabled)";
    parts.push(`last row: the same step in ${run.beside.protocol} ${rings}`);
  }
  return parts;
}

function switchTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
}

// A property in the list: a button if it has a run.
function propertyItem(p, open) {
  const label = [verdict(p.word), p.name];
  if (p.finding === null) return el("li", {}, el("span", { title: p.how }, label));
  const attributes = { "data-finding": String(p.finding), title: p.how };
  const look = button(label, () => open(p.finding), attributes);
  return el("li", {}, look);
}

function withoutRun() {
  $("time").hidden = true;
  $("panels").hidden = true;
  $("story").hidden = Boolean(report.proof || report.matrix);
  $("story-title").textContent = "There is no run to show: no property is violated.";
  document.querySelector(".skip").hidden = true;
}

function listen(view) {
  const moves = {
    first: () => view.go(0),
    back: () => view.back(),
    on: () => view.go(view.at + 1),
    last: () => view.go(view.run.length),
  };
  for (const b of document.querySelectorAll("[data-go]")) b.addEventListener("click", moves[b.dataset.go]);
  $("number").addEventListener("change", () => view.go(Number($("number").value)));
  const keys = {
    ArrowLeft: moves.back,
    ArrowRight: moves.on,
    Home: moves.first,
    End: moves.last,
    f: () => view.nextFact(),
    p: () => view.open((view.k + 1) % report.findings.length),
  };
  addEventListener("keydown", (e) => {
    if (e.target.tagName === "INPUT" || e.ctrlKey || e.metaKey || e.altKey || !keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  });
}

// Open what the address names, as in #1.4: finding 1 after step 4.
function follow(view) {
  const link = /^#(\d+)\.(\d+)$/.exec(location.hash);
  if (link && report.findings[Number(link[1])]) view.open(Number(link[1]), Number(link[2]));
  else if (!view.run) view.open(0);
}

function start() {
  $("title").textContent = report.title;
  $("subject").textContent = report.subject;
  $("theme").addEventListener("click", switchTheme);
  const view = report.findings.length ? new View() : null;
  const warnings = report.warnings.map((w) => el("li", {}, w));
  replace("warnings", warnings);
  const properties = report.properties.map((p) => propertyItem(p, (k) => view.open(k)));
  replace("properties", properties);
  proofs();
  if (view) {
    listen(view);
    addEventListener("hashchange", () => follow(view));
    follow(view);
  } else {
    withoutRun();
  }
}

start();
