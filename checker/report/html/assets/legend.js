// The legend: the marks themselves, as they are drawn, with their meaning.
import { sees } from "./data.js";
import { el, svg } from "./dom.js";

function sample(...shapes) {
  return svg("svg", { width: 26, height: 20, viewBox: "0 0 26 20", "aria-hidden": "true" }, ...shapes);
}

function entry(words, ...shapes) {
  return el("li", {}, sample(...shapes), words);
}

function pill(kind, number = "3") {
  return [
    svg("rect", { class: `mark ${kind}`, x: 4, y: 1, width: 18, height: 18, rx: 9 }),
    svg("text", { class: "mark-text", x: 13, y: 14 }, number),
  ];
}

function bar(kind, thin = false) {
  return svg("rect", { class: kind, x: 2, y: thin ? 6 : 3, width: 22, height: thin ? 8 : 14, rx: 2 });
}

// The marks that a run has.
export function legend(view) {
  const { run } = view;
  const has = (test) => run.steps.some(test);
  const hidden = (s) => run.things.some((x) => run.touches(s, x) && !sees(s, x));
  const inner = run.truths.some((t) => t.inner !== null);
  return [
    entry("a step", ...pill("")),
    view.chain.length ? entry("its order decides", ...pill("raced")) : null,
    view.broken >= 0 ? entry("it violates a property", ...pill("breaks")) : null,
    has((s) => s.fault !== null) ? entry("a fault", ...pill("fault")) : null,
    has((s) => s.observed.length) ? entry("users see a change", triangle("hit seen")) : null,
    has(hidden) ? entry("a change that nobody sees", triangle("hit")) : null,
    entry("true", bar("holds")),
    entry("false", bar("fails"), svg("text", { class: "fails-text", x: 13, y: 14 }, "✗")),
    inner ? entry("the goal is true", bar("inner", true)) : null,
    inner ? entry("not true here, which violates nothing yet", bar("not", true)) : null,
    ...ofRuns(view),
  ].filter((x) => x !== null);
}

function ofRuns(view) {
  const { run } = view;
  const lost = run.recoverable !== null && run.recoverable < run.length;
  const mail = run.deliveries.some((taken) => taken.length);
  return [
    view.facts.size ? entry("a fact of the scenario", pin()) : null,
    mail ? entry("a message is received", ...arrow()) : null,
    lost ? entry("no recovery after it", svg("line", { class: "lost", x1: 13, x2: 13, y1: 0, y2: 20 })) : null,
    run.loop === null ? null : entry("this part repeats for ever", bar("looped")),
    ...(run.beside ? twins(run) : []),
  ];
}

function triangle(kind) {
  return svg("path", { class: kind, d: "M8,6 h10 l-5,8 z" });
}

function pin() {
  const box = svg("rect", { x: 1, y: 2, width: 24, height: 16, rx: 8 });
  return svg("g", { class: "pin" }, box, svg("text", { x: 13, y: 14 }, "F1"));
}

function arrow() {
  const line = svg("line", { class: "arrow mail", x1: 13, x2: 13, y1: 1, y2: 12 });
  return [line, svg("path", { class: "hit mail", d: "M8,10 h10 l-5,8 z" })];
}

function twins(run) {
  const { protocol, steps } = run.beside;
  const ring = (kind, r) => svg("circle", { class: `twin ${kind}`, cx: 13, cy: 10, r });
  const differs = (s, k) => s !== null && (s.text !== run.steps[k].text || s.outcome !== run.steps[k].outcome);
  return [
    entry(`the same step in ${protocol}`, ring("same", 5)),
    steps.some(differs) ? entry("another outcome there", ring("other", 7)) : null,
    steps.includes(null) ? entry("not enabled there", ring("absent", 5)) : null,
  ];
}
