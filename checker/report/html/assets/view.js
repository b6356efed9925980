// The view: which finding is shown, at which state, and what it is compared with.
import { changed, report, runs } from "./data.js";
import { $, replace } from "./dom.js";
import { Lanes } from "./lanes.js";
import { legend } from "./legend.js";
import { headline, stateContent, stepContent, stepTitle } from "./panels.js";
import { Rail } from "./rail.js";
import { Tabs } from "./tabs.js";

export class View {
  constructor() {
    this.lanes = new Lanes((n) => this.go(n));
    this.rail = new Rail((n) => this.go(n));
    this.tabs = new Tabs();
    this.walked = [];
    this.since = null;
  }

  // Turn to finding number k, at the state that it is about.
  set(k) {
    this.finding = report.findings[k];
    this.k = k;
    this.run = runs[this.finding.run];
    this.run.look();
    this.match = this.finding.match;
    this.races = this.finding.causes?.races || [];
    this.chain = this.finding.causes?.chain || [];
    const breaks = this.finding.word === "violated" && this.run.loop === null;
    this.broken = breaks ? this.run.length : -1;
    this.facts = factsByStep(this.match);
    this.walked = [];
    this.since = null;
    this.at = this.opening;
  }

  // Show finding number k.
  open(k, at) {
    this.set(k);
    if (at !== undefined) this.at = Math.min(at, this.run.length);
    this.heading();
    this.lanes.open(this);
    this.rail.open(this);
    this.findStates();
    this.tabs.open(this);
    this.go(this.at);
  }

  // The state to open: that of the violation, the first one of the loop, or the last one.
  get opening() {
    const { loop, length } = this.run;
    return loop === null ? length : Math.min(loop + 1, length);
  }

  // The same view at another state of the run, for measuring; it draws nothing.
  looking(n) {
    const look = Object.create(this);
    look.at = n;
    look.walked = [];
    look.findStates();
    return look;
  }

  // Another finding, for printing.
  viewing(k) {
    const other = Object.create(this);
    other.set(k);
    other.findStates();
    return other;
  }

  heading() {
    const f = this.finding;
    $("story-title").textContent = headline(this);
    $("promise").textContent = f.promise + (f.source ? ` (${f.source})` : "");
    $("because").textContent = f.because;
    replace("legend", legend(this));
    for (const b of $("properties").querySelectorAll("button")) {
      b.setAttribute("aria-current", String(Number(b.dataset.finding) === this.k));
    }
    $("property").value = String(this.k);
    $("beside-title").textContent = this.run.beside ? `The same steps in ${this.run.beside.protocol}` : "";
    $("facts-title").textContent = this.match ? `Facts of the ${this.match.scenario} in this run` : "";
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
    return this.walked.length ? this.run.neighbourhood.states[this.node].broken : this.run.broken(this.at);
  }

  get beliefsHere() {
    return this.run.beliefs.filter((b) => b.since <= this.at && this.at < b.since + b.truth.length);
  }

  // The members for which a property is false, to follow its name.
  who(name) {
    return this.walked.length ? "" : this.whoAt(name, this.at);
  }

  whoAt(name, n) {
    const found = this.run.truth(name)?.offenders[n] || [];
    return found.length ? `: ${found.join(", ")}` : "";
  }

  // Whether a step is not among those that are searched for.
  dims(n) {
    return this.rail.filtered && !this.rail.shows(n);
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

  // Mark what differs from the state after step n; from the state before if n is null.
  compare(n) {
    this.since = n === null || !Number.isInteger(n) ? null : Math.min(Math.max(n, 0), this.run.length);
    this.findStates();
    this.tabs.reserve();
    this.draw();
  }

  draw() {
    this.findStates();
    $("number").value = this.at;
    $("number").max = this.run.length;
    $("of").textContent = `of ${this.run.length}`;
    $("since").value = this.since === null ? Math.max(0, this.at - 1) : this.since;
    $("since").max = this.run.length;
    $("step").classList.toggle("breaks", this.at === this.broken && !this.walked.length);
    $("step-title").textContent = stepTitle(this);
    replace("step-body", stepContent(this));
    const [differences, pictures, tables] = stateContent(this);
    $("differences").replaceChildren(...differences.childNodes);
    $("pictures").replaceChildren(...pictures.childNodes);
    $("tables").replaceChildren(...tables.childNodes);
    this.tabs.draw();
    this.rail.mark();
  }

  // The current state, the state before its step (`from`), and the state that it is compared with (`before`).
  findStates() {
    const here = this.run.state(this.at);
    const truths = this.walked.length ? [] : this.run.truths.filter((t) => t.inner === null);
    this.offenders = new Set(truths.flatMap((t) => t.offenders[this.at] || []));
    if (this.walked.length) {
      const last = this.walked.at(-1);
      this.from = this.walked.slice(0, -1).reduce((state, offer) => changed(state, offer.changed), here);
      this.state = changed(this.from, last.changed);
      this.before = this.from;
    } else {
      this.from = this.at ? this.run.state(this.at - 1) : null;
      this.state = here;
      this.before = this.since === null ? this.from : this.run.state(this.since);
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
