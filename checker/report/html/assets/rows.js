// The rows of the timeline: processes, what users see, promises; each with its place and height.
import { report } from "./data.js";

export const LEAST = 34; // pixels of a column that has room for the name of an action
const LINE = 10; // pixels of a line of a name under a mark
const LINES = 3;
const HEIGHTS = { group: 19, thing: 24, truth: 21, beside: 24 };

// The rows of a run from top to bottom, below `head` pixels; `column` is the width of a state.
export function rowsOf(run, column, head) {
  const lines = column < LEAST ? 0 : linesOf(run, column);
  const rows = [
    { kind: "group", name: "Processes" },
    ...run.actors.map((name) => ({ kind: "actor", name, height: 29 + lines * LINE })),
    ...grouped(
      "What users see",
      run.things.map((thing) => ({ kind: "thing", name: thing.name, thing })),
    ),
    ...grouped("Promises", promises(run)),
  ];
  if (run.beside) rows.push({ kind: "beside", name: `the same steps in ${run.beside.protocol}` });
  let top = head;
  for (const row of rows) {
    row.height ||= HEIGHTS[row.kind];
    row.top = top;
    row.y = row.kind === "actor" ? top + 14 : top + row.height / 2;
    top += row.height;
  }
  return rows;
}

function grouped(name, rows) {
  return rows.length ? [{ kind: "group", name }, ...rows] : [];
}

// Every property has a row, in the order of the report, also those about whole runs.
function promises(run) {
  const order = report.properties.map((p) => p.name);
  const place = (t) => (order.indexOf(t.property) + order.length) % order.length;
  const truths = [...run.truths].sort((a, b) => place(a) - place(b));
  return truths.map((truth) => ({ kind: "truth", name: truth.property, truth, what: truth.inner || "" }));
}

// The name of an action in short lines, as many as fit under a mark.
export function wrapped(action, column) {
  const most = Math.max(4, Math.floor(column / 4.9));
  const lines = [];
  for (const word of action.split("_")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const shown = lines.slice(0, LINES).map((line) => (line.length > most ? `${line.slice(0, most - 1)}…` : line));
  if (lines.length > LINES) shown[LINES - 1] = `${shown[LINES - 1].slice(0, most - 1)}…`;
  return shown;
}

function linesOf(run, column) {
  const actions = [...new Set(run.steps.map((s) => s.action))];
  return Math.max(0, ...actions.map((a) => wrapped(a, column).length));
}

// What a row about a truth value shows at a state: "holds", "fails", or for conditions inside properties about whole
// runs "inner" (true), "not" (false, which violates nothing yet); null if there is no value.
export function truthLook(run, finding, truth, n) {
  const value = truth.holds[n];
  if (value === null || value === undefined) return null;
  if (truth.inner === null) return value ? "holds" : "fails";
  if (truth.inner === "goal" && truth.meaning === run.goal && run.lost(n)) return "fails";
  if (value) return "inner";
  const decides = truth.property === finding.name && truth.inner !== "trigger" && truth.inner !== "event";
  return decides && run.repeats(n) ? "fails" : "not";
}

// The same in words.
export function truthWords(truth, n, look) {
  const who = (truth.offenders[n] || []).join(", ");
  const where = n ? `after step ${n}` : "in the initial state";
  if (truth.inner === null) return `${truth.property}: ${truth.holds[n]} ${where}${who ? `, for ${who}` : ""}`;
  if (truth.inner === "goal" && look === "fails")
    return `${truth.property}: no recovery is possible any more ${where}`;
  const loops = look === "fails" ? ", in the part that repeats for ever" : "";
  return `${truth.property} (${truth.meaning}): its ${conditionOf(truth)} is ${truth.holds[n]} ${where}${loops}`;
}

export function conditionOf(truth) {
  if (["once", "finally always", "again and again"].includes(truth.inner)) return `goal (true ${truth.inner})`;
  return truth.inner;
}
