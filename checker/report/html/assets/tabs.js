// Tabs, and heights that are reserved: whatever the current step, everything below stays where it is.
import { $, button, el, replace } from "./dom.js";
import { beliefsContent, besideContent, factsContent, offersContent, stateContent, stepContent } from "./panels.js";

const MOST = 120; // states whose contents are measured

const TABS = {
  beliefs: {
    title: () => "what they think",
    there: (run) => run.beliefs.length,
    says: (view) => view.beliefsHere.length,
    content: beliefsContent,
  },
  offers: {
    title: () => "enabled steps",
    there: (run) => run.offers.length || run.neighbourhood,
    says: (view) => view.offers.length,
    content: offersContent,
  },
  beside: { title: (run) => `in ${run.beside.protocol}`, there: (run) => run.beside, content: besideContent },
  facts: { title: (_, view) => view.match.scenario, there: (_, view) => view.match, content: factsContent },
};

export class Tabs {
  constructor() {
    this.current = null;
    this.width = 0;
    addEventListener("resize", () => this.resized());
  }

  // The tabs that a run has; the chosen one stays chosen if it is there.
  open(view) {
    this.view = view;
    this.names = Object.keys(TABS).filter((name) => TABS[name].there(view.run, view));
    if (!this.names.includes(this.current)) this.current = this.telling() || this.names[0] || null;
    $("more").hidden = !this.names.length;
    const tabs = this.names.map((name) => {
      const attributes = { role: "tab", id: `tab-${name}`, "aria-controls": name };
      return button(TABS[name].title(view.run, view), () => this.choose(name), attributes);
    });
    replace("tabs", tabs);
    for (const name of Object.keys(TABS)) $(`${name}-body`).replaceChildren();
    this.show();
    this.reserve();
  }

  // The first tab that has something to say about the current state.
  telling() {
    return this.names.find((name) => !TABS[name].says || TABS[name].says(this.view));
  }

  choose(name) {
    this.current = name;
    this.show();
    this.reserve();
    this.draw();
  }

  show() {
    for (const name of Object.keys(TABS)) $(name).hidden = name !== this.current;
    for (const tab of $("tabs").children) {
      tab.setAttribute("aria-selected", String(tab.getAttribute("aria-controls") === this.current));
    }
  }

  draw() {
    if (this.current) replace(`${this.current}-body`, TABS[this.current].content(this.view));
  }

  // The contents of all tabs, for printing.
  all() {
    return this.names.map((name) => [TABS[name].title(this.view.run, this.view), TABS[name].content(this.view)]);
  }

  resized() {
    if (!this.view || innerWidth === this.width) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.view.rail.stretch();
      this.view.lanes.open(this.view);
      this.view.lanes.reveal(this.view.at);
      this.reserve();
    }, 60);
  }

  reserve() {
    this.width = innerWidth;
    const looks = states(this.view).map((n) => this.view.looking(n));
    tallest($("step-body"), looks, stepContent);
    tallest($("state-body"), looks, stateContent);
    if (this.current) tallest($(`${this.current}-body`), looks, TABS[this.current].content);
  }
}

// The states to measure: all of a short run, of a long one some and those of the facts.
function states(view) {
  const { length } = view.run;
  const every = Math.max(1, Math.ceil(length / MOST));
  const found = new Set([0, length, ...view.facts.keys()]);
  for (let n = 0; n <= length; n += every) found.add(n);
  return [...found].filter((n) => n <= length);
}

// Give a box the height of the tallest content that it will have; what is taller still gets a scroll bar.
function tallest(box, looks, content) {
  const measured = looks.map((look) => el("div", {}, content(look)));
  const hidden = el(box.tagName, { class: `measured ${box.id}`, "aria-hidden": "true" }, measured);
  hidden.style.width = `${box.clientWidth}px`;
  box.after(hidden);
  const height = Math.max(...measured.map((m) => m.offsetHeight));
  hidden.remove();
  box.style.height = `${height + 2}px`;
}
