// What is known about one state: the step into it, beliefs, enabled steps, the other variant, facts. Each function makes
// the content of a panel for a view, and changes nothing, so that contents can also be measured and printed.
import { changed, changesOf, differences, report } from "./data.js";
import { button, el, note, tag } from "./dom.js";
import { drawPictures, drawTables } from "./pictures.js";
import { beliefWords, faultOf, listed, loopText, seen, sourceOf, stepText } from "./words.js";

export function stepTitle(view) {
  const off = view.walked.length;
  if (off) return `Off the run: ${off} step${off > 1 ? "s" : ""} after step ${view.at}`;
  return view.at ? `Step ${view.at} of ${view.run.length}` : "The initial state";
}

export function stepContent(view) {
  const broken = view.brokenHere.map((name) => el("p", {}, tag("bad", "violated"), `${name}${view.who(name)}`));
  const happened = view.step ? stepTaken(view, view.step) : [note("Nothing has happened yet.")];
  return [...happened, ...broken, ...(view.walked.length ? [] : aboutStep(view))];
}

function stepTaken(view, step) {
  const role = step.by.includes(step.role) ? "" : ` (${step.role})`;
  const who = el("strong", {}, `${step.by}${role} `);
  const outcome = step.outcome === null ? null : tag("", step.outcome);
  const fault = step.fault === null ? null : tag("fault", `fault: ${step.fault}`);
  const body = [el("p", { class: "sentence" }, who, step.text, " ", outcome, fault)];
  for (const o of step.observed) body.push(el("p", { class: "sees" }, seen(o)));
  const before = view.from;
  const changes = before ? changesOf(step, before, view.state).join(", ") : "";
  if (changes) body.push(el("p", { class: "note changes" }, changes));
  const where = sourceOf(step);
  body.push(el("p", { class: "note source" }, el("code", {}, step.action), where ? ` at ${where}` : ""));
  return body;
}

function aboutStep(view) {
  const run = view.run;
  const facts = view.facts.get(view.at) || [];
  const found = facts.map((f) => el("p", {}, tag("fact", f.fact), f.meaning));
  const races = view.races.filter((r) => r.first === view.at || r.second === view.at);
  if (races.length) found.push(orderMatters(view, races));
  if (run.recoverable !== null && view.at === run.recoverable && run.recoverable < run.length) {
    found.push(el("p", {}, tag("bad", "last chance"), "After the next step the automation cannot recover by itself."));
  }
  if (run.loop !== null && view.at === run.length) found.push(el("p", {}, loopText(run)));
  return found;
}

// All races of a step in one line; why the order matters is the title of each number.
function orderMatters(view, races) {
  const other = (race) => (race.first === view.at ? race.second : race.first);
  const sorted = [...races].sort((a, b) => other(a) - other(b));
  const numbers = sorted.map((race) => {
    const swap = `if step ${race.second} came before step ${race.first}, ${view.finding.name} would hold`;
    return button(String(other(race)), () => view.go(other(race)), { title: `${race.places.join(", ")}: ${swap}` });
  });
  const words = numbers.flatMap((b, n) => (n ? [", ", b] : [b]));
  return el("p", { class: "races" }, `order matters against step${races.length > 1 ? "s" : ""} `, words);
}

// The places that differ from the chosen step, as text; nothing if that is the step before.
export function differencesContent(view) {
  if (view.since === null || view.walked.length) return [];
  const found = changesOf({ changed: differences(view.before, view.state) }, view.before, view.state);
  const from = view.since ? `step ${view.since}` : "the initial state";
  return [note(found.length ? `Since ${from}: ${found.join(", ")}` : `Nothing differs from ${from}.`)];
}

export function stateContent(view) {
  return [
    el("div", {}, differencesContent(view)),
    el("div", { class: "pictures" }, drawPictures(view)),
    el("div", { class: "tables" }, drawTables(view)),
  ];
}

export function beliefsContent(view) {
  const here = view.walked.length ? [] : view.beliefsHere;
  const who = view.run.actors.filter((a) => here.some((b) => b.who === a));
  const off = "What the processes think is known only on the run.";
  if (!who.length) return [note(view.walked.length ? off : "No process relies on an earlier read.")];
  return who.map((name) => {
    const beliefs = here.filter((b) => b.who === name).map((b) => belief(b, view.at));
    return el("div", {}, el("h3", {}, name), el("ul", { class: "plain" }, beliefs));
  });
}

function belief(b, at) {
  const words = beliefWords(b, at);
  const what = b.sentence ? `thinks ${b.sentence} ` : ["thinks ", el("code", {}, b.text), " "];
  const wrong = words.wrong ? el("strong", {}, words.wrong) : null;
  return el("li", { class: words.holds ? "true" : "stale", title: b.text }, what, `(${words.read}). `, wrong);
}

export function offersContent(view) {
  const items = view.offers.map((o) => offer(view, o));
  const further = "The report ends here (check --with-alternatives N includes states up to N steps from the run).";
  const ends = note(view.offersKnown ? "Nothing is enabled here." : further);
  const unwalk = button("one step back", () => view.unwalk());
  const back = button("back to the run", () => view.go(view.at));
  const ways = view.walked.length ? el("p", {}, unwalk, " ", back) : null;
  return [ways, items.length ? el("ul", { class: "plain" }, items) : ends];
}

// An enabled step: a button if the report has the state after it.
function offer(view, o) {
  const text = `${stepText(o)}${faultOf(o)}`;
  if (isNext(view, o)) {
    const here = el("span", { class: "note" }, " taken by the run");
    const on = button(text, () => view.go(view.at + 1));
    return el("li", { class: "taken" }, on, here);
  }
  const known = o.to !== null;
  return el("li", {}, known ? button(text, () => view.walk(o)) : el("span", {}, text));
}

function isNext(view, o) {
  const next = view.walked.length ? null : view.run.steps[view.at];
  if (!next || o.action !== next.action) return false;
  return JSON.stringify(o.parameters) === JSON.stringify(next.parameters);
}

export function besideContent(view) {
  const other = view.run.beside;
  const steps = view.run.steps;
  const first = other.steps.findIndex((s, n) => s?.text !== steps[n].text || s.outcome !== steps[n].outcome);
  const go = first < 0 ? null : button(`first difference: step ${first + 1}`, () => view.go(first + 1));
  const broken = other.broken[view.at] || [];
  return [
    note(`with ${other.protections.join(", ") || "no protections"} `, go),
    view.at ? besideStep(other.steps[view.at - 1]) : null,
    besidePictures(view),
    el("p", {}, broken.length ? `Violated there: ${broken.join(", ")}.` : "Every invariant holds there."),
  ];
}

function besideStep(step) {
  if (!step) return el("p", {}, "This step is not enabled there.", " ");
  return el("p", {}, `${step.by} ${step.text}`, " ", step.outcome === null ? null : tag("", step.outcome));
}

function besidePictures(view) {
  const state = besideState(view.run, view.at);
  const before = view.at ? besideState(view.run, view.at - 1) : null;
  const run = { state: (n) => besideState(view.run, n) };
  const look = { run, at: view.at, state, before, offenders: new Set() };
  return el("div", { class: "pictures" }, report.pictures.length ? drawPictures(look) : drawTables(look));
}

function besideState(run, n) {
  let state = run.beside.initial;
  for (const s of run.beside.steps.slice(0, n)) if (s) state = changed(state, s.changed);
  return state;
}

export function factsContent(view) {
  return view.match.facts.flatMap((f) => [el("dt", {}, f.fact), el("dd", {}, `${f.meaning} `, whereFact(view, f))]);
}

function whereFact(view, f) {
  if (f.step === null) return el("span", { class: "note" }, "not in this run");
  const onward = `from step ${f.step} on, in all ${f.states} states that can follow`;
  return button(f.onward ? onward : `step ${f.step}`, () => view.go(f.step));
}

// Why a loop or a run without recovery is one, for the title of the current finding.
export function headline(view) {
  const { finding, run, broken } = view;
  const races = view.chain.length ? `: the order of steps ${listed(view.chain)} decides` : "";
  if (finding.word === "shown") return `${finding.name}: ${run.length} steps`;
  if (finding.word === "holds" && run.loop === null) return `${finding.name}: holds, reached at step ${run.length}`;
  if (broken >= 0) return `${finding.name}: ${finding.word}${broken ? ` at step ${broken}` : ""}${races}`;
  return run.loop === null
    ? `${finding.name}: ${finding.word}`
    : `${finding.name}: ${finding.word} by a run without end`;
}
