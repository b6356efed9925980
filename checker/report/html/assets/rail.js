// The rail: all steps as sentences, with the facts that they show and the properties that they break.
import { $, button, el, replace, tag } from "./dom.js";
import { ending, faultOf, loopText, seen, stepText } from "./words.js";

const NEAR = 100; // steps before and after the current one that are listed

export class Rail {
  constructor(go) {
    this.go = go;
    $("search").addEventListener("input", () => this.filter());
    $("who").addEventListener("change", () => this.filter());
    $("search").addEventListener("keydown", (e) => this.typed(e));
    $("steps-body").addEventListener("keydown", (e) => this.upAndDown(e));
    addEventListener("scroll", () => this.stretch(), { passive: true });
  }

  // Another run.
  open(view) {
    this.view = view;
    this.texts = view.run.steps.map((s) => `${stepText(s)}${faultOf(s)} ${s.action}`.toLowerCase());
    const everybody = el("option", { value: "" }, "all processes");
    replace(
      "who",
      everybody,
      view.run.actors.map((a) => el("option", { value: a }, a)),
    );
    $("search").value = "";
    $("steps-body").style.setProperty("--digits", String(view.run.length).length);
    this.stretch();
    this.filter();
  }

  // The rail ends where the window ends, so that its last step can be seen without scrolling the page.
  stretch() {
    const top = Math.max(10, $("explorer").getBoundingClientRect().top);
    $("rail").style.setProperty("--above", `${Math.round(top)}px`);
  }

  get filtered() {
    return Boolean($("search").value.trim() || $("who").value);
  }

  // Whether a step passes the filter and contains what is searched for.
  shows(n) {
    const word = $("search").value.trim().toLowerCase();
    const who = $("who").value;
    return (!who || this.view.run.steps[n - 1].by === who) && (!word || this.texts[n - 1].includes(word));
  }

  filter() {
    const all = Array.from({ length: this.view.run.length }, (_, k) => k + 1);
    this.shown = this.filtered ? all.filter((n) => this.shows(n)) : [0, ...all];
    $("found").textContent = this.filtered ? `${this.shown.length} of ${all.length} steps` : "";
    this.list(this.nearest(this.view.at));
    this.view.lanes.later();
  }

  typed(event) {
    if (event.key === "Enter") {
      const next = this.shown.find((n) => n > this.view.at);
      const first = this.shown.find((n) => n > 0);
      if (first !== undefined) this.go(next === undefined ? first : next);
    } else if (event.key === "Escape") {
      $("search").value = "";
      this.filter();
      $("search").blur();
    }
  }

  // In the list, the arrows up and down step, too.
  upAndDown(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = this.shown[this.nearest(this.view.at) + by];
    if (next === undefined) return;
    this.go(next);
    $("steps-body").querySelector('[aria-current="true"]')?.focus({ preventScroll: true });
  }

  // The place in the list of the last step that is not after step n.
  nearest(n) {
    let [low, high] = [0, this.shown.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if (this.shown[half] <= n) low = half + 1;
      else high = half;
    }
    return Math.max(0, low - 1);
  }

  // List the steps around a place of the list.
  list(place) {
    this.first = Math.max(0, place - NEAR);
    this.last = Math.min(this.shown.length, place + NEAR + 1);
    const items = this.shown.slice(this.first, this.last).map((n) => this.item(n));
    const earlier = this.more(this.first, "earlier", place - NEAR);
    const later = this.more(this.shown.length - this.last, "later", place + NEAR);
    const nothing = this.shown.length ? null : el("li", { class: "note" }, "No step matches.");
    const ends = this.view.run.loop === null ? null : el("li", { class: "note ends" }, `↻ ${loopText(this.view.run)}`);
    replace("steps-body", earlier, items, nothing, later || ends);
    this.mark();
  }

  more(count, which, place) {
    const go = () => this.list(Math.min(Math.max(place, 0), this.shown.length - 1));
    return count > 0 ? el("li", {}, button(`… ${count} ${which}`, go, { class: "further" })) : null;
  }

  // Mark the current step; nothing else changes as long as it is listed.
  mark() {
    const place = this.nearest(this.view.at);
    if (place < this.first || place >= this.last) return this.list(place);
    const list = $("steps-body");
    for (const b of list.querySelectorAll('[aria-current="true"]')) b.setAttribute("aria-current", "false");
    const here = list.querySelector(`[data-step="${this.view.at}"]`);
    if (!here) return undefined;
    here.setAttribute("aria-current", "true");
    return reveal(list, here.parentElement);
  }

  item(n) {
    const { run, facts, broken, chain } = this.view;
    const step = run.steps[n - 1];
    const breaks = n === broken || run.breaks(n).length > 0;
    const kind = ["pill", step?.fault ? "fault" : "", chain.includes(n) ? "raced" : "", breaks ? "breaks" : ""];
    const found = (facts.get(n) || []).map((f) => el("span", { class: "tag fact", title: f.meaning }, f.fact));
    const marks = [...found, ...this.notes(n)];
    const beginning = run.start ? `Starts with ${run.start}` : "The initial state";
    const what = el(
      "span",
      { class: "what" },
      step ? sentence(step) : beginning,
      marks.length ? el("span", { class: "marks" }, " ", marks) : null,
      step ? step.observed.map((o) => el("span", { class: "seen" }, seen(o))) : null,
    );
    const which = { "data-step": String(n), "aria-current": "false" };
    const go = button([el("span", { class: kind.join(" ") }, String(n)), what], () => this.go(n), which);
    return el("li", { class: run.repeats(n) ? "looped" : null }, go);
  }

  notes(n) {
    const { run, broken, finding } = this.view;
    const names = new Set([...run.breaks(n), ...(n === broken ? [finding.name] : [])]);
    const found = [...names].map((name) => tag("bad", `✗ ${name}`));
    if (run.recoverable === n && n < run.length) found.push(tag("chance", "last chance to recover"));
    return found;
  }
}

function sentence(step) {
  return [el("b", {}, step.by), ` ${step.text}${ending(step)}${faultOf(step)}`];
}

// Scroll the list, and nothing else, so that an item is in sight.
function reveal(list, item) {
  const top = item.offsetTop; // in the list, which is the offset parent
  const bottom = top + item.offsetHeight;
  if (top < list.scrollTop) list.scrollTop = top - 60;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight + 90;
}
