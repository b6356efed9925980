// Documents of blocks: forecasts, mutants and other results that have no run.
import { report } from "./data.js";
import { el, note, replace, verdict } from "./dom.js";
import { card, columnHead, rowHead, wide } from "./proofs.js";

// Each heading begins a card; the first one is the title of the page.
export function documentPage() {
  if (!report.document) return;
  const closing = el("p", { class: "statement closing" }, el("strong", {}, report.document.closing));
  replace("proofs", closing, ...cardsOf(report.document.blocks));
}

let titles = new Set(); // of all cards

// A place on the page: cells of a table lead to the card of that title.
function anchor(title) {
  return `card-${title.replace(/[^A-Za-z0-9]+/g, "-")}`;
}

export function cardsOf(blocks) {
  const cards = [];
  titles = new Set(blocks.filter((b) => b.kind === "heading").map((b) => b.text));
  for (const block of blocks) {
    if (block.kind === "heading") cards.push([block.text]);
    else cards.at(-1).push(...BLOCKS[block.kind](block, cards.at(-1)[0]));
  }
  return cards.map(([title, ...body]) => {
    const made = card(title, ...body);
    made.id = anchor(title);
    return made;
  });
}

const BLOCKS = {
  paragraph: (b) => [el("p", { class: b.tone ? `tone ${b.tone}-tone` : null }, b.text)],
  verdicts: (b) => [el("ul", { class: "plain" }, b.rows.map(verdictRow))],
  grid: (b, title) => [grid(b, title)],
  bullets: (b) => [
    el(
      "ul",
      {},
      b.rows.map((text) => el("li", {}, text)),
    ),
  ],
  facts: (b) => [el("dl", {}, b.rows.flatMap(factRow))],
  timeline: (b) => [el("ol", { class: "steps" }, b.entries.map(entryRow))],
};

function verdictRow([name, word, how]) {
  return el("li", {}, verdict(word), el("strong", {}, name), ` ${how}`);
}

function factRow([name, meaning, where]) {
  return [el("dt", {}, name), el("dd", {}, `${meaning} ${where}`)];
}

function entryRow(entry) {
  const seen = entry.sees.map((text) => el("div", { class: "sees" }, text));
  return el(
    "li",
    { value: String(entry.number), class: entry.mark ? "marked" : null },
    el("b", {}, entry.who),
    ` ${entry.text}`,
    seen,
    entry.details ? note(entry.details) : null,
    entry.quoted.length ? el("pre", {}, entry.quoted.join("\n")) : null,
  );
}

const LONG = 24; // characters of a cell that needs room even on a telephone

// A table; a column whose cells are all numbers is aligned at the right.
function grid(block, title) {
  const numeric = block.header.map((_, n) => block.rows.every((r) => /^[\d,.]+%?$/.test(r[n])));
  const look = (n) => ({ class: numeric[n] ? "number" : null });
  const head = block.header.map((text, n) =>
    numeric[n] ? el("th", { scope: "col", ...look(n) }, text) : columnHead(text),
  );
  const rows = block.rows.map(([first, ...cells], at) => {
    const shown = (text, n) => {
      const attributes = text.length > LONG ? { class: "words" } : look(n + 1);
      return el("td", attributes, share(text), linked(text, block.links?.[at]?.[n]));
    };
    return el("tr", {}, rowHead(first), cells.map(shown));
  });
  return wide(title, head, rows, true);
}

// A cell that leads to the card with more about it.
function linked(text, title) {
  return title && titles.has(title) ? el("a", { href: `#${anchor(title)}` }, text) : text;
}

// A bar for a share of a whole.
function share(text) {
  const found = /^([\d.]+)%$/.exec(text);
  return found ? el("meter", { min: "0", max: "100", value: found[1], "aria-hidden": "true" }) : null;
}
