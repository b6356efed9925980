// Printing: all runs from beginning to end, with nothing hidden, scrolled away or behind a tab.
import { changesOf, report } from "./data.js";
import { $, el, note, replace, svg, tag, verdict } from "./dom.js";
import { rowName } from "./lanes.js";
import { legend } from "./legend.js";
import { headline, stateContent } from "./panels.js";
import { beliefWords, ending, faultOf, loopText, seen, sourceOf } from "./words.js";

const COLUMN = 46; // pixels of a state
const COLUMNS = 11; // states side by side on a sheet of paper

export function preparePrinting(view) {
  const fill = () => replace("paper", view ? paper(view) : []);
  const clear = () => $("paper").replaceChildren();
  addEventListener("beforeprint", fill);
  addEventListener("afterprint", clear);
  matchMedia("print").addEventListener("change", (e) => (e.matches ? fill() : clear()));
}

function paper(view) {
  const rows = report.properties.map((p) => el("li", {}, verdict(p.word), `${p.name} (${p.how})`));
  const told = new Set();
  const runs = report.findings.map((f, k) => {
    const again = told.has(f.run);
    told.add(f.run);
    const other = view.viewing(k);
    return el("section", {}, story(other), again ? note("The run is printed above.") : whole(other));
  });
  view.run.look();
  return [el("h2", {}, "Properties"), el("ul", { class: "plain" }, rows), ...runs];
}

function story(view) {
  const { promise, because } = view.finding;
  return [el("h2", {}, headline(view)), note(promise), because ? el("p", {}, because) : null];
}

function whole(view) {
  return [
    ...strips(view),
    el("ul", { class: "legend-list" }, legend(view)),
    el(
      "ol",
      { class: "steps" },
      view.run.steps.map((s, k) => printedStep(view, s, k + 1)),
    ),
    view.run.loop === null ? null : el("p", {}, loopText(view.run)),
    el("h3", {}, view.at ? `The state after step ${view.at}` : "The initial state"),
    ...stateContent(view),
    ...beliefs(view),
    ...elsewhere(view),
    ...facts(view),
  ];
}

// The timeline, cut into strips as wide as the paper.
function strips(view) {
  const lanes = view.lanes.copy(view, COLUMN);
  const found = [];
  for (let first = 0; first <= view.run.length; first += COLUMNS) {
    const last = Math.min(view.run.length, first + COLUMNS - 1);
    const names = el("div", { class: "names" }, lanes.rows.map(rowName));
    names.style.height = `${lanes.height}px`;
    found.push(el("div", { class: "strip" }, names, el("div", {}, lanes.drawing(first, last, null))));
  }
  return found.length ? found : [svg("svg")];
}

function printedStep(view, step, n) {
  const { run, facts: known } = view;
  const changes = changesOf(step, run.state(n - 1), run.state(n)).join(", ");
  const marks = [
    ...(known.get(n) || []).flatMap((f) => [tag("fact", f.fact), `${f.meaning} `]),
    ...run.breaks(n).map((name) => tag("bad", `violated: ${name}${view.whoAt(name, n)}`)),
  ];
  return el(
    "li",
    { value: String(n) },
    el("b", {}, step.by),
    ` ${step.text}${ending(step)}${faultOf(step)}`,
    step.observed.map((o) => el("div", { class: "sees" }, seen(o))),
    el("div", { class: "note" }, [changes, sourceOf(step)].filter((x) => x).join("; ")),
    marks.length ? el("div", {}, marks) : null,
  );
}

function beliefs(view) {
  const items = view.run.beliefs.map((b) => {
    const words = beliefWords(b, b.since + b.truth.length - 1);
    return el("li", {}, `${b.who} thinks ${b.sentence || b.text} (${words.read}). ${words.wrong}`);
  });
  return items.length ? [el("h3", {}, "What the processes think"), el("ul", {}, items)] : [];
}

function elsewhere(view) {
  const { beside, steps } = view.run;
  if (!beside) return [];
  const items = steps.map((s, k) => {
    const other = beside.steps[k];
    if (other !== null && other.text === s.text && other.outcome === s.outcome) return null;
    return el(
      "li",
      { value: String(k + 1) },
      other ? `${other.by} ${other.text}${ending(other)}` : "not enabled there",
    );
  });
  return [el("h3", {}, `The same steps in ${beside.protocol}, where they differ`), el("ol", {}, items)];
}

function facts(view) {
  if (!view.match) return [];
  const items = view.match.facts.flatMap((f) => {
    const where = f.step === null ? "not in this run" : `step ${f.step}`;
    return [el("dt", {}, f.fact), el("dd", {}, `${f.meaning} (${where})`)];
  });
  return [el("h3", {}, `Facts of the ${view.match.scenario}`), el("dl", {}, items)];
}
