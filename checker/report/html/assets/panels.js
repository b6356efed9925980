// The panels below the lanes: the step, beliefs, enabled steps, the other variant, facts, all steps.
import { changed, changesOf, report } from "./data.js";
import { $, button, el, note, replace, tag } from "./dom.js";
import { drawPictures, drawTables } from "./pictures.js";

const NEAR = 250; // steps before and after the current one that are listed

export function stepPanel(view) {
  $("step").classList.toggle("breaks", view.at === view.broken && !view.walked.length);
  $("step-title").textContent = stepTitle(view);
  const broken = view.brokenHere.map((name) => el("p", {}, tag("bad", "violated"), `${name}${view.who(name)}`));
  const happened = view.step ? stepTaken(view, view.step) : [];
  const about = view.walked.length ? [] : aboutStep(view);
  replace("step-body", happened, about, broken);
}

function stepTitle(view) {
  const off = view.walked.length;
  if (off) return `Off the run: ${off} step${off > 1 ? "s" : ""} after step ${view.at}`;
  return view.at ? `Step ${view.at} of ${view.run.length}` : "The initial state";
}

function stepTaken(view, step) {
  const role = step.by.includes(step.role) ? "" : ` (${step.role})`;
  const who = el("strong", {}, `${step.by}${role} `);
  const outcome = step.outcome === null ? null : tag("", step.outcome);
  const fault = step.fault === null ? null : tag("fault", `fault: ${step.fault}`);
  const body = [el("p", {}, who, step.text, " ", outcome, fault)];
  if (step.changed.length) body.push(note(changesOf(step, view.before, view.state).join(", ")));
  for (const o of step.observed) {
    const member = o.member === null ? "" : ` ${o.member}`;
    body.push(el("p", { class: "sees" }, `${o.title}${member} now ${o.text}`));
  }
  return body;
}

function aboutStep(view) {
  const run = view.run;
  const facts = view.facts.get(view.at) || [];
  const found = facts.map((f) => el("p", {}, tag("fact", f.fact), f.meaning));
  const races = view.races.filter((r) => r.first === view.at || r.second === view.at);
  found.push(...races.map((r) => note(raceText(view, r))));
  if (run.recoverable !== null && view.at === run.recoverable && run.recoverable < run.length) {
    found.push(el("p", {}, tag("bad", "last chance"), "After the next step the automation cannot recover by itself."));
  }
  if (run.loop !== null && view.at === run.length) {
    found.push(el("p", {}, `The run repeats the steps after step ${run.loop} for ever.`));
  }
  return found;
}

function raceText(view, race) {
  const other = race.first === view.at ? race.second : race.first;
  const places = race.places.join(", ");
  const swap = `if step ${race.second} came before step ${race.first}, ${view.finding.name} would hold.`;
  return `It races with step ${other} about ${places}: ${swap}`;
}

export function beliefsPanel(view) {
  const known = view.walked.length ? [] : view.run.beliefs;
  const here = known.filter((b) => b.since <= view.at && view.at < b.since + b.truth.length);
  $("beliefs").hidden = !view.run.beliefs.length;
  const who = view.run.actors.filter((a) => here.some((b) => b.who === a));
  const off = "Beliefs are known only on the run.";
  const nobody = "No process relies on an earlier read.";
  const believers = who.map((name) => {
    const beliefs = here.filter((b) => b.who === name).map((b) => belief(b, view.at));
    return el("div", {}, el("h3", {}, name), el("ul", { class: "plain" }, beliefs));
  });
  replace("beliefs-body", who.length ? believers : note(view.walked.length ? off : nobody));
}

function belief(b, at) {
  const now = at - b.since;
  const holds = b.truth[now];
  const read = `${b.checked ? "checked" : "read"} at step ${b.since}`;
  const stale = b.truth.slice(0, now + 1).lastIndexOf(true) + 1; // it is false from there on
  const when = holds ? read : `${read}; stale since step ${b.since + stale}; it is false`;
  return el("li", { class: holds ? "true" : "stale" }, el("code", {}, b.text), ` ${when}`);
}

export function offersPanel(view) {
  $("offers").hidden = !view.run.offers.length && !view.run.neighbourhood;
  const items = view.offers.map((o) => offer(view, o));
  const further = "The report ends here (check --with-alternatives N includes states up to N steps from the run).";
  const ends = note(view.offersKnown ? "Nothing is enabled here." : further);
  const unwalk = button("one step back", () => view.unwalk());
  const back = button("back to the run", () => view.go(view.at));
  const ways = view.walked.length ? el("p", {}, unwalk, " ", back) : null;
  replace("offers-body", ways, items.length ? el("ul", { class: "plain" }, items) : ends);
}

// An enabled step: a button if the report has the state after it.
function offer(view, o) {
  const fault = o.fault === null ? "" : ` (fault: ${o.fault})`;
  const text = `${stepText(o)}${fault}`;
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

function stepText(step) {
  return `${step.by} ${step.text}${step.outcome === null ? "" : ` [${step.outcome}]`}`;
}

export function besidePanel(view) {
  const other = view.run.beside;
  $("beside").hidden = !other;
  if (!other) return;
  $("beside-title").textContent = `The same steps in ${other.protocol}`;
  const body = [note(`with ${other.protections.join(", ") || "no protections"}`)];
  if (view.at) body.push(besideStep(other.steps[view.at - 1]));
  const steps = view.run.steps;
  const first = other.steps.findIndex((s, n) => s?.text !== steps[n].text || s.outcome !== steps[n].outcome);
  if (first >= 0) {
    const go = button(`first difference: step ${first + 1}`, () => view.go(first + 1));
    body.push(el("p", {}, go));
  }
  body.push(besidePictures(view));
  const broken = other.broken[view.at] || [];
  body.push(el("p", {}, broken.length ? `Violated there: ${broken.join(", ")}.` : "Every invariant holds there."));
  replace("beside-body", body);
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
  return el("div", { id: "beside-pictures" }, report.pictures.length ? drawPictures(look) : drawTables(look));
}

function besideState(run, n) {
  let state = run.beside.initial;
  for (const s of run.beside.steps.slice(0, n)) if (s) state = changed(state, s.changed);
  return state;
}

export function factsPanel(view) {
  const match = view.match;
  $("facts").hidden = !match;
  if (!match) return;
  $("facts-title").textContent = `Facts of the ${match.scenario} in this run`;
  const rows = match.facts.flatMap((f) => [el("dt", {}, f.fact), el("dd", {}, `${f.meaning} `, whereFact(view, f))]);
  replace("facts-body", rows);
}

function whereFact(view, f) {
  if (f.step === null) return el("span", { class: "note" }, "not in this run");
  const onward = `from step ${f.step} on, in all ${f.states} states that can follow`;
  return button(f.onward ? onward : `step ${f.step}`, () => view.go(f.step));
}

// All steps as text, for screen readers and searching; of long runs only those around the current step.
export function stepsPanel(view) {
  const run = view.run;
  const first = Math.max(1, view.at - NEAR);
  const last = Math.min(run.length, view.at + NEAR);
  const items = [stepItem(view, 0, "the initial state")];
  for (let n = first; n <= last; n++) items.push(stepItem(view, n, stepText(run.steps[n - 1])));
  if (last < run.length) items.push(el("li", { class: "note" }, `… ${run.length - last} more`));
  const list = $("steps-body");
  replace("steps-body", items);
  const here = list.querySelector('[aria-current="true"]');
  if (here) list.scrollTop = here.offsetTop - list.offsetTop - 120;
}

function stepItem(view, n, text) {
  const which = { "data-step": String(n), "aria-current": String(view.at === n) };
  const go = button(`${n}. ${text}`, () => view.go(n), which);
  return el("li", {}, go);
}
