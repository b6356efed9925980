// What stands beside the lanes: the step, beliefs, what else could happen, the other variant, facts, all steps.
function stepPanel(view) {
  const run = view.run, step = view.step, body = [];
  $("step").classList.toggle("breaks", view.at === view.broken && !view.walked.length);
  $("step-title").textContent = view.walked.length ? `Off the run: ${view.walked.length} step${view.walked.length > 1 ? "s" : ""} after step ${view.at}` : view.at ? `Step ${view.at} of ${run.length}` : "The initial state";
  if (step) {
    body.push(el("p", {}, el("strong", {}, `${step.by}${step.by.includes(step.role) ? "" : ` (${step.role})`} `), step.text, " ",
      step.outcome === null ? null : el("span", { class: "tag" }, step.outcome), step.fault === null ? null : el("span", { class: "tag fault" }, `fault: ${step.fault}`)));
    if (step.changed.length) body.push(el("p", { class: "note" }, changesOf(step, view.before, view.state).join(", ")));
    for (const o of step.observed) body.push(el("p", { class: "sees" }, `${o.title}${o.member === null ? "" : ` ${o.member}`} now ${o.text}`));
  }
  if (!view.walked.length) body.push(...aboutStep(view));
  for (const name of view.brokenHere) body.push(el("p", {}, el("span", { class: "tag bad" }, "false now"), `${name}${view.who(name)}`));
  replace("step-body", body);
}

function aboutStep(view) {
  const found = (view.facts.get(view.at) || []).map((f) => el("p", {}, el("span", { class: "tag fact" }, f.fact), f.meaning));
  const races = view.races.filter((r) => r.first === view.at || r.second === view.at);
  for (const r of races) {
    const other = r.first === view.at ? r.second : r.first, early = r.first === view.at;
    found.push(el("p", { class: "note" }, `It races with step ${other} about ${r.places.join(", ")}: had step ${early ? other : view.at} come before step ${early ? view.at : other}, ${view.finding.name} would hold.`));
  }
  const run = view.run;
  if (run.recoverable !== null && view.at === run.recoverable && run.recoverable < run.length) found.push(el("p", {}, el("span", { class: "tag bad" }, "last chance"), "After the next step there is no way back by itself."));
  if (run.loop !== null && view.at === run.length) found.push(el("p", {}, `The run goes on as after step ${run.loop}, for ever.`));
  return found;
}

function beliefsPanel(view) {
  const here = view.walked.length ? [] : view.run.beliefs.filter((b) => b.since <= view.at && view.at < b.since + b.truth.length);
  $("beliefs").hidden = !view.run.beliefs.length;
  const who = view.run.actors.filter((a) => here.some((b) => b.who === a));
  replace("beliefs-body", who.length ? who.map((a) => believer(view, a, here.filter((b) => b.who === a))) : el("p", { class: "note" }, view.walked.length ? "Off the run nothing is known of beliefs." : "Nobody is acting on anything read before."));
}

function believer(view, name, beliefs) {
  const items = beliefs.map((b) => {
    const stale = b.truth.findIndex((t, n) => !t && b.since + n <= view.at && b.truth.slice(n, view.at - b.since + 1).every((x) => !x));
    const true_ = b.truth[view.at - b.since];
    const when = true_ ? `${b.checked ? "checked" : "read"} at step ${b.since}` : `${b.checked ? "checked" : "read"} at step ${b.since}; stale since step ${b.since + stale}`;
    return el("li", { class: true_ ? "true" : "stale" }, el("code", {}, b.text), ` ${when}${true_ ? "" : "; in truth it is false"}`);
  });
  return el("div", {}, el("h3", {}, name), el("ul", { class: "plain" }, items));
}

function offersPanel(view) {
  $("offers").hidden = !view.run.offers.length && !view.run.neighbourhood;
  const offers = view.offers, next = view.walked.length ? null : view.run.steps[view.at];
  const items = offers.map((o) => {
    const taken = next && o.action === next.action && JSON.stringify(o.parameters) === JSON.stringify(next.parameters);
    const text = `${o.by} ${o.text}${o.outcome === null ? "" : ` [${o.outcome}]`}${o.fault === null ? "" : ` (fault: ${o.fault})`}`;
    const act = taken ? () => view.go(view.at + 1) : o.to !== null ? () => view.walk(o) : null;
    const inner = act ? el("button", { type: "button", onclick: act }, text) : el("span", {}, text);
    return el("li", taken ? { class: "taken" } : {}, inner, taken ? el("span", { class: "note" }, " the run goes here") : null);
  });
  const back = view.walked.length ? [el("p", {}, el("button", { type: "button", onclick: () => view.unwalk() }, "one step back"), " ", el("button", { type: "button", onclick: () => view.go(view.at) }, "back to the run"))] : [];
  const ends = view.offersKnown ? "Nothing is enabled here." : "The report does not reach further (check --with-alternatives N walks N steps away).";
  replace("offers-body", back, items.length ? el("ul", { class: "plain" }, items) : el("p", { class: "note" }, ends));
}

function besidePanel(view) {
  const other = view.run.beside;
  $("beside").hidden = !other;
  if (!other) return;
  $("beside-title").textContent = `The same steps in ${other.protocol}`;
  const step = other.steps[view.at - 1], body = [];
  body.push(el("p", { class: "note" }, `with ${other.protections.join(", ") || "no protections"}`));
  if (view.at) body.push(el("p", {}, step ? `${step.by} ${step.text}` : "This step is not enabled there.", " ", step && step.outcome !== null ? el("span", { class: "tag" }, step.outcome) : null));
  const different = other.steps.findIndex((s, n) => s === null || s.text !== view.run.steps[n].text || s.outcome !== view.run.steps[n].outcome);
  if (different >= 0) body.push(el("p", {}, el("button", { type: "button", onclick: () => view.go(different + 1) }, `first difference: step ${different + 1}`)));
  const state = besideState(view.run, view.at), before = view.at ? besideState(view.run, view.at - 1) : null;
  const look = { ...view, run: { state: (n) => besideState(view.run, n) }, at: view.at, state, before, offenders: new Set() };
  body.push(el("div", { id: "beside-pictures" }, report.pictures.length ? drawPictures(look) : drawTables(look)));
  const broken = other.broken[view.at] || [];
  body.push(el("p", {}, broken.length ? `False there: ${broken.join(", ")}.` : "Every invariant holds there."));
  replace("beside-body", body);
}

function besideState(run, n) {
  let state = run.beside.initial;
  for (const s of run.beside.steps.slice(0, n)) if (s) state = changed(state, s.changed);
  return state;
}

function factsPanel(view) {
  const match = view.match;
  $("facts").hidden = !match;
  if (!match) return;
  $("facts-title").textContent = `What of the ${match.scenario} it shows`;
  const rows = match.facts.map((f) => [
    el("dt", {}, f.fact),
    el("dd", {}, `${f.meaning} `, f.step === null ? el("span", { class: "note" }, "not in this run")
      : el("button", { type: "button", onclick: () => view.go(f.step) }, f.onward ? `from step ${f.step} on, in all ${f.states} states that can follow` : `step ${f.step}`)),
  ]);
  replace("facts-body", rows.flat());
}

// All steps in words, for screen readers and searching; of long runs those around the present one.
function stepsPanel(view) {
  const run = view.run, near = 250, first = Math.max(1, view.at - near), last = Math.min(run.length, view.at + near);
  const items = [el("li", {}, el("button", { type: "button", "data-step": "0", "aria-current": String(view.at === 0), onclick: () => view.go(0) }, "0. the initial state"))];
  for (let n = first; n <= last; n++) {
    const s = run.steps[n - 1];
    items.push(el("li", {}, el("button", { type: "button", "data-step": String(n), "aria-current": String(view.at === n), onclick: () => view.go(n) }, `${n}. ${s.by} ${s.text}${s.outcome === null ? "" : ` [${s.outcome}]`}`)));
  }
  if (last < run.length) items.push(el("li", { class: "note" }, `… ${run.length - last} more`));
  replace("steps-body", items);
  const here = $("steps-body").querySelector('[aria-current="true"]');
  if (here) $("steps-body").scrollTop = here.offsetTop - $("steps-body").offsetTop - 120;
}
