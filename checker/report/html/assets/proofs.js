// Proofs for every size: properties, theorems with invariants and obligations; the table of check prove --all.
import { report } from "./data.js";
import { el, note, replace, verdict } from "./dom.js";

export function proofs() {
  const proof = report.proof ? proofPage(report.proof) : [];
  const matrix = report.matrix ? matrixPage(report.matrix) : [];
  replace("proofs", proof, matrix);
}

export function card(title, ...body) {
  return el("section", { class: "card" }, el("h2", {}, title), ...body);
}

export function rowHead(text, title = null) {
  return el("th", { scope: "row", title }, text);
}

export function columnHead(text, title = null) {
  return el("th", { scope: "col", title }, text);
}

// Wide tables have their own scroll bar, so that the page does not scroll sideways.
// The caption is not shown if the title above says the same.
export function wide(caption, head, rows, below = false) {
  const top = el("thead", {}, el("tr", {}, head));
  const table = el("table", {}, el("caption", {}, caption), top, el("tbody", {}, rows));
  return el(
    "div",
    { class: below ? "wide below-title" : "wide", tabindex: "0", role: "region", "aria-label": caption },
    table,
  );
}

function proofPage(proof) {
  const questions = el("ul", { class: "plain" }, proof.asked.map(asked));
  const theorems = proof.proofs.map((p) => theorem(p, proof));
  return [card("Properties", questions, leftOut(proof)), ...theorems, confirmation(proof.confirmation)];
}

function leftOut(proof) {
  if (!proof.left_out.length) return null;
  const names = proof.left_out.map((x) => `${x.name} (${x.kind})`).join(", ");
  return note(`Left out: ${names}: ${proof.left_out[0].why}.`);
}

function asked(a) {
  const body = [el("p", {}, verdict(a.word), el("strong", {}, a.name), ` ${a.kind}: ${a.meaning}`), note(a.how)];
  return el("li", { class: "asked" }, body, a.unreached ? unreached(a.unreached) : []);
}

function unreached(from) {
  const what = `A counterexample to induction, at ${from.sizes}, from a state that need not be reachable`;
  const steps = from.steps.map((s) => el("li", {}, s));
  return [
    el("p", {}, `${what}; a lemma that excludes it would help:`),
    el("p", {}, el("code", {}, from.state)),
    steps.length ? el("ol", {}, steps) : null,
  ];
}

function theorem(p, all) {
  const proved = p.complete ? "Proved: " : "Not fully proved: ";
  const kind = p.complete ? "statement" : "statement open";
  return card(
    p.title,
    el("p", { class: kind }, el("strong", {}, proved), p.statement),
    note(el("strong", {}, "Assumed: "), p.assumptions),
    ...(p.invariant ? [el("h3", {}, "The invariant"), el("p", {}, p.invariant)] : []),
    ...(p.facts.length ? [conjuncts(p), ...obligations(p, all.times)] : []),
    ...(p.schedule.length ? schedule(p, all.rules) : []),
  );
}

function conjuncts(p) {
  const rows = p.facts.map((f, n) => {
    return el(
      "tr",
      {},
      rowHead(`#${n + 1}`),
      [f.name, f.kind, f.meaning].map((text) => el("td", {}, text)),
    );
  });
  const head = ["", "name", "kind", "meaning"].map((text) => columnHead(text));
  return wide("Conjuncts and other facts that every step must satisfy", head, rows);
}

function obligations(p, times) {
  const head = [columnHead(""), ...p.facts.map((f, n) => columnHead(`#${n + 1}`, f.name))];
  const rows = p.rows.map((r) => el("tr", {}, rowHead(r.action), r.cells.map(obligation)));
  const title = el("h3", {}, `Obligations by action: ${p.count}`);
  return [title, note(times), wide("Obligations by action", head, rows, true)];
}

function schedule(p, rules) {
  const rows = p.schedule.map((o) => el("tr", {}, rowHead(o.name), obligation(o), el("td", {}, o.why)));
  const head = ["rule", "ms", "result"].map((text) => columnHead(text));
  return [el("h3", {}, "The schedule"), note(rules), wide("Rules of the schedule", head, rows, true)];
}

function obligation(o) {
  if (!o) return el("td", {});
  return el("td", { class: o.proved ? "shown" : "missing", title: o.why }, o.proved ? `✓ ${o.ms}` : "?");
}

function confirmation(c) {
  if (!c) return null;
  const doubts = c.doubted.map((d) => el("li", { class: "missing" }, `not confirmed: ${d}`));
  return card("A second solver", el("p", {}, c.text), doubts.length ? el("ul", {}, doubts) : null);
}

function matrixPage(m) {
  const letters = m.legend.flatMap((x) => [el("dt", {}, x.letter), el("dd", {}, `${x.name} (${x.kind})`)]);
  const how = "Rows are protections, columns are faults. Hover over a cell, or touch it, to see how it was decided.";
  const decided = m.word === "holds" ? "decided" : "undecided";
  const look = `verdict ${m.word === "holds" ? "holds-word" : "unknown"}`;
  const verdicts = el("p", {}, el("span", { class: look }, decided), m.closing);
  const legend = el("dl", { class: "legend" }, letters);
  const intro = card("How to read it", verdicts, el("p", {}, m.note), note(how), legend);
  const tables = m.tables.map((t) => matrixTable(t, m.columns));
  return [intro, el("div", { class: "side-by-side" }, tables), confirmation(m.confirmation)];
}

function matrixTable(t, columns) {
  const head = [el("td", {}), ...columns.map((c) => columnHead(c.label, c.title))];
  const how = el("p", { class: "note", "aria-live": "polite" });
  const rows = t.rows.map((r) => {
    const cells = r.cells.map((c, n) => {
      const tell = () => {
        how.textContent = `${r.title}; ${columns[n].title}: ${c.how}.`;
      };
      return el("td", { class: `cell ${c.word}-cell`, title: c.how, onclick: tell }, c.text);
    });
    return el("tr", {}, rowHead(r.label, r.title), cells);
  });
  return card(t.name, wide(`${t.name}: rows are protections, columns are faults`, head, rows, true), how);
}
