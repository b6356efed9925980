// What is known of one step or line, and what the logs say as a whole.
import { changesOf } from "./data.js";
import { button, el, note, tag } from "./dom.js";
import { wholeTime } from "./log-axis.js";
import { log } from "./log-data.js";

export function number(n) {
  return n.toLocaleString("en-US");
}

// The selected step or line.
export function detail(view) {
  const n = view.at;
  if (!n) return [note("The run begins with this state.")];
  const k = n - 1;
  const e = log.columns[k];
  const body = log.explains(k) ? taken(log.stepAt[k]) : unexplained(k, e);
  return [...body, ...(e < 0 ? around(view, k) : lineOf(e))];
}

export function detailTitle(view) {
  const n = view.at;
  if (!n) return "Before the first step";
  const rest = log.columns.length - log.open;
  if (n > log.open) return `Line ${number(n - log.open)} of ${number(rest)} that no step explains`;
  if (log.forgets(n - 1)) return "A line before the part of the run that is known";
  if (log.skips(n - 1)) return "A step that may have happened or not";
  return `Step ${log.label(n - 1)} of ${number(log.length)}${log.hidden(n - 1) ? ", which no line tells" : ""}`;
}

function taken(k) {
  const fault = log.text(log.steps.fault[k]);
  const who = el("strong", {}, `${log.text(log.steps.by[k])} `);
  const mark = fault ? tag("fault", `fault: ${fault}`) : null;
  const body = [el("p", { class: "sentence" }, who, log.text(log.steps.text[k]), " ", mark)];
  for (const text of log.steps.seen[k] || []) body.push(el("p", { class: "sees" }, log.text(text)));
  for (const b of log.broken.filter((x) => x.step === k + 1)) {
    body.push(el("p", {}, tag("bad", "violated"), `${b.name}: ${b.meaning}`));
  }
  for (const f of log.facts.filter((x) => x.step === k + 1)) body.push(el("p", {}, tag("fact", f.fact), f.meaning));
  const before = log.state(k);
  const changes = changesOf({ changed: log.changes(k, before) }, before, log.state(k + 1));
  if (changes.length) body.push(el("p", { class: "note changes" }, changes.join(", ")));
  return body;
}

function unexplained(k, e) {
  const says = el("p", { class: "sentence" }, "It says ", el("code", {}, log.text(log.events.says[e])), ".");
  if (log.forgets(k))
    return [says, note("It was explained. Of logs that are followed the beginning of the run is forgotten.")];
  if (log.skips(k)) return [says, note("In this run it did not happen.")];
  const all = log.blocked.filter((b) => b.event === e).map((b) => el("p", {}, tag("bad", "blocked"), reason(b)));
  const later = "The run ends before it: what stands before it must be explained first.";
  const open = log.verdict === "unknown" ? "The search ended before it was explained." : later;
  return [says, ...(all.length ? all : [note(open)])];
}

export function reason(b) {
  const allowed = b.enabled.length ? ` The model allows ${b.enabled.join(", ")}.` : "";
  return `${b.step} ${b.why}.${allowed}`;
}

function lineOf(e) {
  const { from, to } = { from: log.events.from[e], to: log.events.to[e] };
  const place = el("code", {}, log.place(e));
  return [
    el("p", { class: "note" }, place, ` in stream ${log.streams[log.events.stream[e]]}, ${interval(from, to)}`),
    el("pre", { class: "log-line" }, log.text(log.events.text[e])),
  ];
}

function interval(from, to) {
  if (from === null) return to === null ? "without a time" : `not after ${wholeTime(to)}`;
  if (to === null) return `not before ${wholeTime(from)}`;
  return from === to ? `at ${wholeTime(from)}` : `between ${wholeTime(from)} and ${wholeTime(to)}`;
}

// The lines around a step that no line tells.
function around(view, k) {
  const told = (n) => log.explains(n) && !log.hidden(n);
  let [before, after] = [k, k];
  while (before >= 0 && !told(before)) before--;
  while (after < log.open && !told(after)) after++;
  const go = (n) => button(log.place(log.columns[n]), () => view.go(n + 1));
  const words = ["No line tells it. It happened "];
  if (told(before)) words.push("after ", go(before));
  if (told(before) && told(after)) words.push(" and ");
  if (told(after)) words.push("before ", go(after));
  return [el("p", { class: "note around" }, words, ".")];
}

// What the logs say, above the lanes: violations, or where they leave the model, or what had to be added.
export function story(view) {
  const found = [
    ...log.broken.map((b, n) => violation(view, b, n === 0)),
    ...(log.explained === null ? [] : divergence(view)),
  ];
  const hidden = [];
  for (let k = 0; k < log.open && hidden.length < 12; k++) if (log.hidden(k)) hidden.push(k);
  if (hidden.length) found.push(...unseen(view, hidden));
  return found;
}

function violation(view, b, first) {
  const row = b.step === null ? log.columnOf[b.event] + 1 : log.rowOf(b.step);
  const at = b.step === null ? b.at : ["by ", button(`step ${b.step}`, () => view.go(row))];
  const line = b.event < 0 ? null : [" ", button("its line", () => view.go(row))];
  const what = [el("strong", {}, b.name), " is violated ", at, line].flat();
  if (!b.meaning) return el("p", { class: "told violated-tone" }, what);
  const more = `Promised: ${b.meaning}. ${b.because}`;
  return el("details", { class: "told violated-tone", open: first }, el("summary", {}, what), more);
}

function divergence(view) {
  const items = log.blocked.map((b) => {
    const at = b.event < 0 ? null : button(log.place(b.event), () => view.go(log.columnOf[b.event] + 1));
    return el("li", {}, at, ` ${reason(b)}`);
  });
  const repairs = log.repairs.map((text) => el("li", {}, text));
  return [
    el("div", { class: "told violated-tone" }, el("strong", {}, "What nothing explains"), el("ul", {}, items)),
    repairs.length
      ? el(
          "div",
          { class: "told" },
          el("strong", {}, "The logs go on if one thing was different"),
          el("ul", {}, repairs),
        )
      : null,
  ].filter(Boolean);
}

function unseen(view, columns) {
  const all = log.columns.reduce((sum, e) => sum + (e < 0 ? 1 : 0), 0);
  const items = columns.map((k) =>
    el(
      "li",
      {},
      button(log.label(k), () => view.go(k + 1)),
      ` ${log.words(k)}`,
    ),
  );
  const more =
    all > columns.length ? el("li", { class: "note" }, `and ${number(all - columns.length)} more, in the list`) : null;
  const what =
    all === 1 ? "One step is needed that no line tells" : `${number(all)} steps are needed that no line tells`;
  return [
    el("details", { class: "told unknown-tone", open: all < 5 }, el("summary", {}, what), el("ul", {}, items, more)),
  ];
}
