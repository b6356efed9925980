// The state as pictures: things as small trees, pointers to them, the holder of the lock.
import { membersOf, partOf, report, show, valuesOf, variable, variables, wholesOf } from "./data.js";
import { el, note, svg, titled } from "./dom.js";

const TREE = 46;
const LOOK_BACK = 300; // earlier steps that are searched for deleted things

export function drawPictures(view) {
  return report.pictures.flatMap((picture) => {
    if (!picture.title) return [drawPicture(view, picture, null, null)];
    return membersOf(picture.title).map((member, k) => drawPicture(view, picture, member, k));
  });
}

// The value of a variable for the member at an offset; the whole value if the picture has no index.
function its(state, name, k) {
  return k === null ? state[name] : state[name][k];
}

// All things that a pointer or set of the run named so far, so that deleted things stay visible.
function everSeen(view, picture, k) {
  const seen = new Set();
  const look = (state) => {
    for (const x of its(state, picture.things, k)) seen.add(x);
    for (const p of picture.pointers) if (its(state, p, k) !== 0) seen.add(its(state, p, k));
  };
  for (let n = Math.max(0, view.at - LOOK_BACK); n <= view.at; n++) look(view.run.state(n));
  look(view.state);
  return [...seen].sort((a, b) => a - b);
}

function drawPicture(view, picture, member, k) {
  const name = k === null ? picture.things : `${picture.title} ${member}`;
  const things = its(view.state, picture.things, k);
  const before = view.before ? its(view.before, picture.things, k) : things;
  const seen = everSeen(view, picture, k);
  const width = Math.max(170, 98 + seen.length * TREE);
  const height = 66 + picture.pointers.length * 20;
  const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const x = (thing) => 110 + seen.indexOf(thing) * TREE;
  for (const thing of seen) {
    const there = things.includes(thing);
    drawing.append(...tree(x(thing), height - 30, thing, there, there && !before.includes(thing)));
  }
  for (const [row, p] of picture.pointers.entries()) {
    const to = its(view.state, p, k);
    const moved = view.before && its(view.before, p, k) !== to;
    const broken = to !== 0 && !things.includes(to);
    drawing.append(...pointer(p, to, { moved, broken, y: 14 + row * 20, x: x(to), height }));
  }
  const kind = view.offenders.has(name) ? "picture offending" : "picture";
  const words = note(inWords(picture, seen, things));
  return el("div", { class: kind }, el("h3", {}, name), drawing, lock(view, picture, k), words);
}

function tree(x, base, thing, there, fresh) {
  const kind = ["tree", there ? "" : "gone", fresh ? "new" : ""].join(" ");
  const trunk = svg("line", { class: "trunk", x1: x, x2: x, y1: base, y2: base + 12 });
  const tip = there ? `the tree of ${thing} exists` : `the tree of ${thing} is gone`;
  const crown = titled(tip, "path", { class: kind, d: `M${x},${base - 18} l13,20 h-26 z` });
  const label = svg("text", { x, y: base + 24 }, there ? String(thing) : `${thing} gone`);
  return there ? [trunk, crown, label] : [crown, label];
}

function pointer(name, to, { moved, broken, x, y, height }) {
  const kind = [broken ? "broken" : "", moved ? "changed" : ""].join(" ");
  const text = to === 0 ? `${name}: –` : `${name} →${to}`;
  const label = svg("text", { class: `pointer-name ${kind}`, x: 0, y: y + 4 }, text);
  const d = `M84,${y} H${x} V${height - 52} m-4,-6 l4,6 l4,-6`;
  return to === 0 ? [label] : [label, svg("path", { class: broken ? "pointer broken" : "pointer", d })];
}

function lock(view, picture, k) {
  if (!picture.holder) return null;
  const holder = its(view.state, picture.holder, k);
  return note(holder ? `lock held by ${holderName(picture, holder)}` : "lock free");
}

function holderName(picture, holder) {
  const declared = variable(picture.holder).shape;
  const shape = declared.kind === "array" ? declared.element : declared;
  if (shape.kind !== "optional" && shape.kind !== "index") return show(holder, shape);
  return `${shape.name.replace(" or none", "")} ${holder}`;
}

function inWords(picture, seen, things) {
  const gone = seen.filter((t) => !things.includes(t));
  const has = `${picture.things}: ${things.length ? things.join(", ") : "none"}`;
  return gone.length ? `${has}; gone: ${gone.join(", ")}` : has;
}

// Variables as tables: one table for each index of arrays, one for the rest.
export function drawTables(view) {
  const groups = new Map();
  const rest = [];
  for (const v of variables) {
    if (partOf(v)) continue;
    if (v.shape.kind !== "array") rest.push(v);
    else groups.set(v.shape.domain.name, [...(groups.get(v.shape.domain.name) || []), v]);
  }
  const tables = [...groups].map(([title, arrays]) => arrayTable(view, title, arrays));
  return [...(rest.length ? [plainTable(view, rest)] : []), ...wholesTable(view), ...tables];
}

// The messages in channels, and values with parts: one row for each.
function wholesTable(view) {
  const parts = variables.filter(partOf);
  const firsts = parts.filter((v) => parts.find((w) => partOf(w) === partOf(v)) === v);
  const rows = firsts.flatMap((v) => {
    const before = view.before && wholesOf(v.name, view.before);
    return wholesOf(v.name, view.state).map((m, n) => wholeRow(v, m, before ? before[n].text : m.text));
  });
  return rows.length ? [el("table", {}, el("tbody", {}, rows))] : [];
}

function wholeRow(v, whole, old) {
  const look = old === whole.text ? {} : { class: "changed", title: `was ${old}` };
  return el("tr", {}, el("th", { scope: "row", title: v.meaning }, whole.place), el("td", look, whole.text));
}

function plainTable(view, plain) {
  const rows = plain.map((v) => {
    return el("tr", {}, el("th", { scope: "row", title: v.meaning }, v.name), cell(view, v, [], v.shape));
  });
  return el("table", {}, el("tbody", {}, rows));
}

function arrayTable(view, title, arrays) {
  const domain = arrays[0].shape.domain;
  const columns = arrays.map((v) => el("th", { scope: "col", title: v.meaning }, v.name));
  const head = el("tr", {}, el("th", { scope: "col" }, title), columns);
  const rows = valuesOf(domain).map((member, k) => {
    const cells = arrays.map((v) => cell(view, v, [k], v.shape.element));
    return el("tr", {}, el("th", { scope: "row" }, show(member, domain)), cells);
  });
  return el("table", {}, el("thead", {}, head), el("tbody", {}, rows));
}

function cell(view, v, path, shape) {
  const at = (state) => path.reduce((x, n) => x[n], state[v.name]);
  const value = at(view.state);
  const old = view.before ? at(view.before) : value;
  const same = JSON.stringify(value) === JSON.stringify(old);
  return el("td", same ? {} : { class: "changed", title: `was ${show(old, shape)}` }, nested(value, shape));
}

function nested(value, shape) {
  if (shape?.kind === "array") return `[${value.map((v) => nested(v, shape.element)).join(", ")}]`;
  return show(value, shape);
}
