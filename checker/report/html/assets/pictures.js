// The state as it reads in the protocol: things drawn as small trees, pointers at them, who holds the lock.
const TREE = 46;

// Values that some pointer or set of a run had so far, so that what is deleted stays visible.
function everSeen(view, picture, k) {
  const seen = new Set();
  const note = (state) => {
    for (const x of its(state, picture.things, k)) seen.add(x);
    for (const p of picture.pointers) if (its(state, p, k) !== 0) seen.add(its(state, p, k));
  };
  for (let n = Math.max(0, view.at - 300); n <= view.at; n++) note(view.run.state(n));
  note(view.state);
  return [...seen].sort((a, b) => a - b);
}

// What a variable holds for the member at an offset, or at all where a picture is of no index.
function its(state, name, k) { return k === null ? state[name] : state[name][k]; }

function drawPictures(view) {
  const boxes = [];
  for (const picture of report.pictures)
    if (!picture.title) boxes.push(drawPicture(view, picture, null, null));
    else membersOf(picture.title).forEach((member, k) => boxes.push(drawPicture(view, picture, member, k)));
  return boxes;
}

function drawPicture(view, picture, member, k) {
  const name = k === null ? picture.things : `${picture.title} ${member}`;
  const things = its(view.state, picture.things, k), before = view.before ? its(view.before, picture.things, k) : things;
  const seen = everSeen(view, picture, k);
  const width = Math.max(170, 98 + seen.length * TREE), height = 66 + picture.pointers.length * 20;
  const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const x = (thing) => 110 + seen.indexOf(thing) * TREE;
  for (const thing of seen) drawing.append(...tree(x(thing), height - 30, thing, things.includes(thing), things.includes(thing) && !before.includes(thing)));
  picture.pointers.forEach((p, row) => drawing.append(...pointer(view, p, k, 14 + row * 20, x, height, things)));
  const holder = picture.holder ? its(view.state, picture.holder, k) : 0;
  const lock = picture.holder ? [el("p", { class: "note" }, holder ? `lock held by ${holderName(picture, holder)}` : "lock free")] : [];
  const offending = view.offenders.has(name);
  return el("div", { class: offending ? "picture offending" : "picture" }, el("h3", {}, name), drawing, lock, el("p", { class: "note" }, inWords(view, picture, k, seen, things)));
}

function tree(x, base, thing, there, fresh) {
  const kind = ["tree", there ? "" : "gone", fresh ? "new" : ""].join(" ");
  const parts = there ? [svg("line", { class: "trunk", x1: x, x2: x, y1: base, y2: base + 12 })] : [];
  parts.push(svg("path", { class: kind, d: `M${x},${base - 18} l13,20 h-26 z` }, svg("title", {}, there ? `the tree of ${thing} exists` : `the tree of ${thing} is gone`)));
  parts.push(svg("text", { x, y: base + 24 }, there ? String(thing) : `${thing} gone`));
  return parts;
}

function pointer(view, name, k, y, x, height, things) {
  const to = its(view.state, name, k), broken = to !== 0 && !things.includes(to);
  const kind = [broken ? "broken" : "", view.before && its(view.before, name, k) !== to ? "changed" : ""].join(" ");
  const label = svg("text", { class: `pointer-name ${kind}`, x: 0, y: y + 4 }, to === 0 ? `${name}: –` : `${name} →${to}`);
  if (to === 0) return [label];
  return [label, svg("path", { class: broken ? "pointer broken" : "pointer", d: `M84,${y} H${x(to)} V${height - 52} m-4,-6 l4,6 l4,-6` })];
}

function holderName(picture, holder) {
  const declared = variable(picture.holder).shape, shape = declared.kind === "array" ? declared.element : declared;
  return shape.kind === "optional" || shape.kind === "index" ? `${shape.name.replace(" or none", "")} ${holder}` : show(holder, shape);
}

function inWords(view, picture, k, seen, things) {
  const gone = seen.filter((t) => !things.includes(t));
  const has = `${picture.things}: ${things.length ? things.join(", ") : "none"}`;
  return gone.length ? `${has}; gone: ${gone.join(", ")}` : has;
}

// Variables in tables: one for each index that arrays are over, one for the rest.
function drawTables(view) {
  const groups = new Map(), rest = [];
  for (const v of variables) {
    if (v.part) continue;
    if (v.shape.kind !== "array") rest.push(v);
    else groups.set(v.shape.domain.name, [...(groups.get(v.shape.domain.name) || []), v]);
  }
  const tables = [...groups].map(([title, arrays]) => arrayTable(view, title, arrays));
  return [...(rest.length ? [plainTable(view, rest)] : []), ...mailTable(view), ...tables];
}

// What is on its way, one row a channel.
function mailTable(view) {
  const firsts = variables.filter((v, n) => v.part && variables.findIndex((w) => w.part && w.part.channel === v.part.channel) === n);
  const rows = firsts.flatMap((v) => mailOf(v.name, view.state).map((m, n) => {
    const old = view.before ? mailOf(v.name, view.before)[n].text : m.text;
    const look = old === m.text ? {} : { class: "changed", title: `was ${old}` };
    return el("tr", {}, el("th", { scope: "row", title: v.meaning }, m.place), el("td", look, m.text));
  }));
  return rows.length ? [el("table", {}, el("tbody", {}, rows))] : [];
}

function plainTable(view, plain) {
  return el("table", {}, el("tbody", {}, plain.map((v) => el("tr", {}, el("th", { scope: "row", title: v.meaning }, v.name), cell(view, v, [], v.shape)))));
}

function arrayTable(view, title, arrays) {
  const members = valuesOf(arrays[0].shape.domain);
  const head = el("tr", {}, el("th", { scope: "col" }, title), arrays.map((v) => el("th", { scope: "col", title: v.meaning }, v.name)));
  const rows = members.map((m, k) => el("tr", {}, el("th", { scope: "row" }, show(m, arrays[0].shape.domain)), arrays.map((v) => cell(view, v, [k], v.shape.element))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, rows));
}

function cell(view, v, path, shape) {
  const value = path.reduce((x, n) => x[n], view.state[v.name]);
  const old = view.before ? path.reduce((x, n) => x[n], view.before[v.name]) : value;
  const same = JSON.stringify(value) === JSON.stringify(old);
  return el("td", same ? {} : { class: "changed", title: `was ${show(old, shape)}` }, nested(value, shape));
}

function nested(value, shape) {
  if (shape && shape.kind === "array") return `[${value.map((v) => nested(v, shape.element)).join(", ")}]`;
  return show(value, shape);
}
