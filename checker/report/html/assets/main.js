// The start of the page: what it shows, and what buttons, keys and the address do.

import { report } from "./data.js";
import { documentPage } from "./document.js";
import { $, button, el, replace, verdict } from "./dom.js";
import { copy, madeBy, switchTheme, typing } from "./frame.js";
import { preparePrinting } from "./print.js";
import { proofs } from "./proofs.js";
import { View } from "./view.js";
import { asText } from "./words.js";

// A property in the list: a button if it has a run.
function propertyItem(p, open) {
  const label = [verdict(p.word), p.name];
  if (p.finding === null) return el("li", {}, el("span", { title: p.how }, label));
  const attributes = { "data-finding": String(p.finding), title: p.how };
  const look = button(label, () => open(p.finding), attributes);
  return el("li", {}, look);
}

function propertyOption(p) {
  const attributes = { value: p.finding === null ? "" : String(p.finding), disabled: p.finding === null };
  return el("option", attributes, `${p.name}: ${p.word}`);
}

function withoutRun() {
  for (const id of ["explorer", "copy-link", "copy-text"]) $(id).hidden = true;
  replace("property");
  const others = report.proof || report.matrix || report.document;
  if (!others) replace("proofs", el("h2", {}, "There is no run to show: no property is violated."));
  document.querySelector(".skip").hidden = true;
}

function movesOf(view) {
  return {
    first: () => view.go(0),
    back: () => view.back(),
    on: () => view.go(view.at + 1),
    last: () => view.go(view.run.length),
  };
}

function shortcuts(view, moves) {
  return {
    ArrowLeft: moves.back,
    ArrowRight: moves.on,
    Home: moves.first,
    End: moves.last,
    f: () => view.nextFact(),
    p: () => view.open((view.k + 1) % report.findings.length),
    "/": () => $("search").focus(),
    "+": () => view.lanes.zoomBy(1.3),
    "-": () => view.lanes.zoomBy(1 / 1.3),
  };
}

function listen(view) {
  const moves = movesOf(view);
  for (const b of document.querySelectorAll("[data-go]")) b.addEventListener("click", moves[b.dataset.go]);
  const zooms = {
    in: () => view.lanes.zoomBy(1.5),
    out: () => view.lanes.zoomBy(1 / 1.5),
    fit: () => view.lanes.fit(),
  };
  for (const b of document.querySelectorAll("[data-zoom]")) b.addEventListener("click", zooms[b.dataset.zoom]);
  const keys = shortcuts(view, moves);
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !keys[e.key] || typing(e)) return;
    e.preventDefault();
    keys[e.key]();
  });
  $("property").addEventListener("change", () => view.open(Number($("property").value)));
  $("previous").addEventListener("click", () => view.compare(null));
  $("since").addEventListener("change", () => view.compare(Number($("since").value)));
  numberField(view, moves);
}

// After a number is typed, arrow keys step from there: they are of no use among a few digits.
function numberField(view, moves) {
  const field = $("number");
  const typed = () => field.value !== "" && Number(field.value) !== view.at && view.go(Number(field.value));
  const arrows = { ArrowLeft: moves.back, ArrowRight: moves.on };
  field.addEventListener("change", typed);
  field.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" && !arrows[e.key]) return;
    e.preventDefault();
    typed();
    if (arrows[e.key]) arrows[e.key]();
    else field.blur();
  });
}

// Open what the address names, as in #1.4: finding 1 after step 4.
function follow(view) {
  const link = /^#(\d+)\.(\d+)$/.exec(location.hash);
  if (link && report.findings[Number(link[1])]) view.open(Number(link[1]), Number(link[2]));
  else if (!view.run) view.open(0);
}

function frame(view) {
  $("title").textContent = report.title;
  $("subject").textContent = report.subject;
  $("theme").addEventListener("click", switchTheme);
  const warnings = report.warnings.map((w) => el("li", {}, w));
  replace("warnings", warnings);
  const properties = report.properties.map((p) => propertyItem(p, (k) => view.open(k)));
  replace("properties", properties);
  replace("property", report.properties.map(propertyOption));
  $("coverage").textContent = report.coverage;
  madeBy();
}

function start() {
  const view = report.findings.length ? new View() : null;
  frame(view);
  proofs();
  documentPage();
  preparePrinting(view);
  if (!view) return withoutRun();
  listen(view);
  $("copy-link").addEventListener("click", () => copy(location.href));
  $("copy-text").addEventListener("click", () => copy(asText(view)));
  addEventListener("hashchange", () => follow(view));
  return follow(view);
}

start();
