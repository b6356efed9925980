// Proofs for every size, laid out: what was asked, each theorem with its invariant and obligations; the table of all.
function proofs() {
  replace("proofs", report.proof ? proofPage(report.proof) : null, report.matrix ? matrixPage(report.matrix) : null);
}

function card(title, ...body) { return el("section", { class: "card" }, el("h2", {}, title), ...body); }
function verdict(word) { return el("span", { class: `verdict ${word === "holds" ? "holds-word" : word}` }, word); }
// Wide tables scroll by themselves, so that the page does not.
function wide(caption, head, rows) {
  const table = el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, table);
}

function proofPage(proof) {
  const cards = [card("What was asked", el("ul", { class: "plain" }, proof.asked.map(asked)),
    proof.left_out.length ? el("p", { class: "note" }, `Left out: ${proof.left_out.map((x) => `${x.name} (${x.kind})`).join(", ")}: ${proof.left_out[0].why}.`) : null)];
  for (const p of proof.proofs) cards.push(theorem(p, proof));
  if (proof.confirmation) cards.push(confirmation(proof.confirmation));
  return cards;
}

function asked(a) {
  const body = [el("p", {}, verdict(a.word), el("strong", {}, a.name), ` ${a.kind}: ${a.meaning}`), el("p", { class: "note" }, a.how)];
  if (a.unreached) {
    body.push(el("p", {}, `A counterexample to induction, at ${a.unreached.sizes}, from a state that need not be reachable; a lemma that excludes it would help:`));
    body.push(el("p", {}, el("code", {}, a.unreached.state)));
    if (a.unreached.steps.length) body.push(el("ol", {}, a.unreached.steps.map((s) => el("li", {}, s))));
  }
  return el("li", { class: "asked" }, body);
}

function theorem(p, all) {
  const body = [
    el("p", { class: p.complete ? "statement" : "statement open" }, el("strong", {}, p.complete ? "Proved: " : "Not all is shown: "), p.statement),
    el("p", { class: "note" }, el("strong", {}, "Assumed: "), p.assumptions),
  ];
  if (p.invariant) body.push(el("h3", {}, "The invariant, and why"), el("p", {}, p.invariant));
  if (p.facts.length) {
    const rows = p.facts.map((f, n) => el("tr", {}, el("th", { scope: "row" }, `#${n + 1}`), el("td", {}, f.name), el("td", {}, f.kind), el("td", {}, f.meaning)));
    body.push(wide("Conjuncts, and what else every step is asked", ["", "name", "kind", "what it says"].map((t) => el("th", { scope: "col" }, t)), rows));
    body.push(el("h3", {}, `Obligations by action: ${p.count}`), el("p", { class: "note" }, all.times));
    const head = ["", ...p.facts.map((_, n) => `#${n + 1}`)].map((t, n) => el("th", { scope: "col", title: n ? p.facts[n - 1].name : null }, t));
    body.push(wide("Obligations by action", head, p.rows.map((r) => el("tr", {}, el("th", { scope: "row" }, r.action), r.cells.map(obligation)))));
  }
  if (p.schedule.length) {
    body.push(el("h3", {}, "The schedule"), el("p", { class: "note" }, all.rules));
    const rows = p.schedule.map((o) => el("tr", {}, el("th", { scope: "row" }, o.name), obligation(o), el("td", {}, o.why)));
    body.push(wide("Rules of the schedule", ["rule", "ms", "shown"].map((t) => el("th", { scope: "col" }, t)), rows));
  }
  return card(p.title, ...body);
}

function obligation(o) {
  if (!o) return el("td", {});
  return el("td", { class: o.proved ? "shown" : "missing", title: o.why }, o.proved ? `✓ ${o.ms}` : "?");
}

function confirmation(c) {
  return card("A second solver", el("p", {}, c.text), c.doubted.length ? el("ul", {}, c.doubted.map((d) => el("li", { class: "missing" }, `not confirmed: ${d}`))) : null);
}

function matrixPage(m) {
  const legend = el("dl", { class: "legend" }, m.legend.flatMap((x) => [el("dt", {}, x.letter), el("dd", {}, `${x.name} (${x.kind})`)]));
  const cards = [card("How to read it", el("p", {}, verdict(m.word), m.closing), el("p", {}, m.note), el("p", { class: "note" }, "Protections go down, faults across; point at a cell, or touch it, for how it was decided."), legend)];
  for (const t of m.tables) {
    const head = [el("td", {}), ...m.columns.map((c) => el("th", { scope: "col", title: c.title }, c.label))];
    const how = el("p", { class: "note", "aria-live": "polite" });
    const cell = (r, c, n) => el("td", { class: `cell ${c.word}-cell`, title: c.how, onclick: () => { how.textContent = `${r.title}; ${m.columns[n].title}: ${c.how}.`; } }, c.text);
    const rows = t.rows.map((r) => el("tr", {}, el("th", { scope: "row", title: r.title }, r.label), r.cells.map((c, n) => cell(r, c, n))));
    cards.push(card(t.name, wide(`${t.name}: protections down, faults across`, head, rows), how));
  }
  return [...cards, confirmation(m.confirmation)];
}
