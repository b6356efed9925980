// The list beside the lanes: all steps as sentences, each with its line. Only the rows in sight exist.
import { $, el, replace, tag } from "./dom.js";
import { timeText } from "./log-axis.js";
import { log } from "./log-data.js";

const TALLEST = 8e6; // pixels of a list; browsers do not scroll much farther
const OVER = 6; // rows above and below those in sight

export class LogList {
  constructor(view) {
    this.view = view;
    this.shown = null;
    this.facts = new Map();
    for (const f of log.facts) this.facts.set(f.step, [...(this.facts.get(f.step) || []), f]);
    const box = $("steps-body");
    box.addEventListener("scroll", () => this.draw());
    box.addEventListener("keydown", (e) => this.key(e));
    box.addEventListener("click", (e) => {
      const row = e.target.closest("[data-step]");
      if (row) this.view.go(Number(row.dataset.step));
    });
    new ResizeObserver(() => this.draw()).observe(box);
    $("search").addEventListener("input", () => this.filter());
    $("search").addEventListener("keydown", (e) => this.typed(e));
    $("who").addEventListener("change", () => this.filter());
    addEventListener("scroll", () => this.stretch(), { passive: true });
    addEventListener("resize", () => this.stretch());
    this.choices();
    this.stretch();
    this.filter();
  }

  // The list ends where the window ends, so that its last row can be seen without scrolling the page.
  stretch() {
    const top = Math.max(10, $("explorer").getBoundingClientRect().top);
    $("rail").style.setProperty("--above", `${Math.round(top)}px`);
  }

  choices() {
    const all = el("option", { value: "" }, "everything");
    const hidden = el("option", { value: "hidden" }, "steps that no line tells");
    const open = el("option", { value: "open" }, "lines that nothing explains");
    const streams = log.streams.map((s, n) => el("option", { value: String(n) }, s));
    const rest = log.open < log.columns.length;
    replace("who", all, log.columns.includes(-1) ? hidden : null, rest ? open : null, streams);
  }

  // The rows: numbers of columns from 1, and 0 for the initial state.
  filter() {
    const word = $("search").value.trim().toLowerCase();
    const who = $("who").value;
    const all = log.columns.length;
    const first = log.length && !word && !who ? 0 : 1;
    this.shown = [];
    for (let n = first; n <= all; n++) if (n === 0 || this.passes(n - 1, who, word)) this.shown.push(n);
    $("found").textContent =
      word || who ? `${this.shown.length.toLocaleString("en-US")} of ${all.toLocaleString("en-US")}` : "";
    $("steps-body").setAttribute("aria-label", `${this.shown.length} steps and lines`);
    this.reveal();
  }

  passes(k, who, word) {
    if (who === "hidden" && !log.hidden(k)) return false;
    if (who === "open" && k < log.open) return false;
    if (/^\d+$/.test(who) && (log.hidden(k) || log.events.stream[log.columns[k]] !== Number(who))) return false;
    return !word || this.content(k).includes(word);
  }

  // What the search looks through: the sentence, and the line itself.
  content(k) {
    const e = log.columns[k];
    const line = e < 0 ? (log.said(k, "fault") ?? "") : `${log.place(e)} ${log.text(log.events.text[e])}`;
    return `${log.words(k)} ${log.action(k)} ${line}`.toLowerCase();
  }

  typed(event) {
    if (event.key === "Escape") {
      $("search").value = "";
      $("search").blur();
      this.filter();
    } else if (event.key === "Enter" && this.shown.length) {
      this.view.go(this.shown.find((n) => n > this.view.at) ?? this.shown[0]);
    }
  }

  key(event) {
    const page = Math.max(1, Math.floor($("steps-body").clientHeight / this.tall) - 1);
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[event.key];
    if (!by || !this.shown.length) return;
    event.preventDefault();
    const next = Math.min(Math.max(this.place() + by, 0), this.shown.length - 1);
    this.view.go(this.shown[next]);
  }

  // The row of the selected step, or of the last one before it.
  place() {
    let [low, high] = [0, this.shown.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if (this.shown[half] <= this.view.at) low = half + 1;
      else high = half;
    }
    return Math.max(0, low - 1);
  }

  // Pixels of a row, and of all of them. A list that is too long for the browser moves faster than its scroll bar.
  measure() {
    this.tall = 3.9 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.whole = this.shown.length * this.tall;
    this.scrolled = Math.min(this.whole, TALLEST);
    const sight = $("steps-body").clientHeight;
    this.ratio = this.whole > this.scrolled ? (this.whole - sight) / (this.scrolled - sight) : 1;
  }

  // Scroll the selected row into sight.
  reveal() {
    this.measure();
    const box = $("steps-body");
    const top = this.place() * this.tall;
    const now = box.scrollTop * this.ratio;
    $("rows").style.height = `${this.scrolled}px`;
    if (top < now) box.scrollTop = (top - this.tall) / this.ratio;
    else if (top + this.tall > now + box.clientHeight) {
      box.scrollTop = (top + 2 * this.tall - box.clientHeight) / this.ratio;
    }
    this.draw();
  }

  draw() {
    this.measure();
    const box = $("steps-body");
    const now = box.scrollTop * this.ratio;
    const first = Math.max(0, Math.floor(now / this.tall) - OVER);
    const last = Math.min(this.shown.length, Math.ceil((now + box.clientHeight) / this.tall) + OVER);
    $("rows").style.height = `${this.scrolled}px`;
    const items = this.shown.slice(first, last).map((n, i) => {
      const item = this.item(n, first + i);
      item.style.top = `${box.scrollTop + (first + i) * this.tall - now}px`;
      item.style.height = `${this.tall}px`;
      return item;
    });
    replace("rows", items.length ? items : el("p", { class: "note" }, "Nothing matches."));
    const here = $(`row-${this.view.at}`);
    if (here) box.setAttribute("aria-activedescendant", here.id);
    else box.removeAttribute("aria-activedescendant");
  }

  item(n, place) {
    const k = n - 1;
    const here = n === this.view.at;
    const attributes = {
      id: `row-${n}`,
      role: "option",
      class: "row",
      "data-step": String(n),
      "aria-selected": String(here),
      "aria-setsize": String(this.shown.length),
      "aria-posinset": String(place + 1),
    };
    const [words, under] = n ? [this.sentence(k), this.under(k)] : ["Before the first step", ""];
    const text = el("span", { class: "what" }, el("span", { class: "sentences" }, words), el("small", {}, under));
    return el("div", attributes, el("span", { class: this.look(k) }, n ? log.label(k) : "0"), text);
  }

  look(k) {
    const kind = ["pill"];
    if (k >= 0 && log.hidden(k)) kind.push("hidden-step");
    if (k >= 0 && !log.explains(k)) kind.push(log.blockedAt.has(log.columns[k]) ? "blocked" : "open");
    if (this.view.lanes.breaks(k)) kind.push("breaks");
    return kind.join(" ");
  }

  sentence(k) {
    if (!log.explains(k)) return [log.text(log.events.says[log.columns[k]]), notes(k)];
    const who = el("b", {}, log.said(k, "by"));
    return [who, ` ${log.said(k, "text")}`];
  }

  // The properties that a step violates and the facts that it shows, and its line with the time.
  under(k) {
    const step = log.stepAt[k] + 1;
    const broken = log.broken.filter((b) => b.step === step).map((b) => tag("bad", `✗ ${b.name}`));
    const facts = (this.facts.get(step) || []).map((f) => el("span", { class: "tag fact", title: f.meaning }, f.fact));
    return [...facts, ...broken, this.lineOf(k)];
  }

  lineOf(k) {
    const e = log.columns[k];
    if (e < 0) return `no line tells it${log.said(k, "fault") ? `, fault: ${log.said(k, "fault")}` : ""}`;
    const middle = log.middle(e);
    return `${Number.isNaN(middle) ? "" : `${timeText(middle, 1e3)} · `}${log.nearPlace(e)}`;
  }
}

// What is to be said of a line without a step.
function notes(k) {
  if (log.forgets(k)) return " (explained)";
  return log.skips(k) ? " (did not happen)" : "";
}
