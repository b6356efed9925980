// The embedded report, and the states of its runs.
export const report = JSON.parse(document.getElementById("data").textContent);
const EVERY = 64; // every 64th state is kept; changes are replayed from there

export let variables = report.variables; // those of the current run, which may have its own sizes

class Run {
  constructor(raw) {
    Object.assign(this, raw);
    this.look();
    this.kept = [raw.initial];
    this.actors = byKind([...new Set(raw.steps.map((s) => s.by))]);
    this.things = this.findThings();
  }

  look() {
    variables = this.variables || report.variables;
  }

  get length() {
    return this.steps.length;
  }

  // The state after step n. States are shared and must not be modified.
  state(n) {
    const from = Math.min(Math.floor(n / EVERY), this.kept.length - 1);
    let state = this.kept[from];
    for (let k = from * EVERY; k < n; k++) {
      state = changed(state, this.steps[k].changed);
      if ((k + 1) % EVERY === 0 && this.kept.length === (k + 1) / EVERY) this.kept.push(state);
    }
    return state;
  }

  // Lanes of things: what the world sees, and members that a picture draws. Two observations of one name differ in
  // their members, a member and a process of one name in their groups.
  findThings() {
    const seen = new Map();
    const add = (title, member) => {
      const name = member === null ? title : `${title} ${member}`;
      seen.set(JSON.stringify([title, member]), { title, member, name });
    };
    for (const p of report.pictures.filter((p) => p.title)) for (const m of membersOf(p.title)) add(p.title, m);
    for (const o of this.steps.flatMap((s) => s.observed)) add(o.title, o.member);
    const things = [...seen.values()];
    const order = byKind([...new Set(things.map((x) => x.name))]);
    return things.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  }

  // Whether a step changes a thing.
  touches(step, thing) {
    return sees(step, thing) || step.changed.some((c) => belongsTo(c, thing));
  }

  // The truth value of a property itself; null for conditions inside properties about whole runs.
  truth(name) {
    return this.truths.find((t) => t.property === name && t.inner === null);
  }

  // The properties that are false at state n.
  broken(n) {
    return this.truths.filter((t) => t.inner === null && t.holds[n] === false).map((t) => t.property);
  }

  // The properties that step n makes false: after it they are false, before it they were not.
  breaks(n) {
    const before = n ? this.broken(n - 1) : [];
    return this.broken(n).filter((name) => !before.includes(name));
  }

  // Whether state n belongs to the part of the run that repeats for ever.
  repeats(n) {
    return this.loop !== null && (this.loop === this.length ? n === this.loop : n > this.loop);
  }

  // Whether recovery is impossible from state n on.
  lost(n) {
    return this.recoverable !== null && n > this.recoverable;
  }
}

// Names by kind, in the order of their first appearance, and by number: worker 2 before worker 10.
function byKind(names) {
  const parts = names.map((name) => /^(.*?)\s*(\d*)$/.exec(name));
  const kinds = [...new Set(parts.map((p) => p[1]))];
  const key = (p) => [kinds.indexOf(p[1]), Number(p[2])];
  const less = (a, b) => a[0] - b[0] || a[1] - b[1];
  return parts.sort((p, q) => less(key(p), key(q))).map((p) => p[0]);
}

// Whether the world sees a step change a thing.
export function sees(step, thing) {
  return step.observed.some((o) => o.title === thing.title && o.member === thing.member);
}

function belongsTo(change, thing) {
  const shape = variable(change.variable)?.shape;
  if (shape?.kind !== "array" || shape.domain.name !== thing.title) return false;
  return change.path[0] === valuesOf(shape.domain).indexOf(thing.member);
}

export function variable(name) {
  return variables.find((v) => v.name === name);
}

export function valuesOf(shape) {
  if (shape.kind === "truth value") return [false, true];
  if (shape.kind === "enumeration") return shape.members;
  return Array.from({ length: shape.high - shape.low + 1 }, (_, n) => shape.low + n);
}

// The members of the index of this name, taken from a variable that uses it.
export function membersOf(title) {
  for (const v of variables) {
    for (let s = v.shape; s?.kind === "array"; s = s.element) if (s.domain.name === title) return valuesOf(s.domain);
  }
  return [];
}

export function changed(state, changes) {
  const next = { ...state };
  for (const c of changes) next[c.variable] = put(next[c.variable], c.path, c.after);
  return next;
}

function put(value, path, after) {
  if (!path.length) return after;
  const copy = value.slice();
  copy[path[0]] = put(value[path[0]], path.slice(1), after);
  return copy;
}

export function show(value, shape) {
  if (Array.isArray(value)) return `{${value.map((v) => show(v, shape?.element)).join(", ")}}`;
  if (shape?.kind === "ticks" && value === -1) return "off";
  return shape?.kind === "optional" && value === 0 ? "none" : String(value);
}

// The shape of the value at a path of a variable.
function shapeAt(name, path) {
  let shape = variable(name)?.shape;
  for (let n = 0; n < path.length && shape; n++) shape = shape.element;
  return shape;
}

// The changes of a step, place by place; channels are shown as their messages, values with parts as one.
export function changesOf(step, before, after) {
  const found = new Map();
  for (const c of step.changed) {
    const old = before && wholesOf(c.variable, before);
    const now = before && wholesOf(c.variable, after);
    if (old && now) {
      for (const [n, m] of now.entries()) {
        if (m.text !== old[n].text) found.set(m.place, `${m.place}: ${old[n].text} → ${m.text}`);
      }
    } else {
      const shape = shapeAt(c.variable, c.path);
      found.set(c.place, `${c.place}: ${show(c.before, shape)} → ${show(c.after, shape)}`);
    }
  }
  return [...found.values()];
}

// The places where two states differ, as changes of a step that would lead from one to the other.
export function differences(before, after) {
  return variables.flatMap((v) => differ(v.name, v.name, v.shape, before[v.name], after[v.name], []));
}

function differ(variable, place, shape, before, after, path) {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (shape?.kind !== "array") return [{ variable, place, path, before, after }];
  return valuesOf(shape.domain).flatMap((m, n) => {
    const inner = `${place}[${show(m, shape.domain)}]`;
    return differ(variable, inner, shape.element, before[n], after[n], [...path, n]);
  });
}

// What a variable stores a part of, place by place: channels, or values with parts; null if it stands alone.
export function wholesOf(name, state) {
  const { part, whole } = variable(name) || {};
  if (part) {
    return mailOf(part, state);
  }
  return whole ? valuesIn(whole, state) : null;
}

// The name of what a variable stores a part of, if anything.
export function partOf(v) {
  return v.part ? v.part.channel : v.whole?.variable;
}

function valuesIn(whole, state) {
  const leaves = variables.filter((v) => v.whole?.variable === whole.variable).map((v) => [v.shape, state[v.name]]);
  return placesIn(whole.variable, whole.structure, leaves);
}

function placesIn(place, structure, leaves) {
  if (structure.kind !== "array") return [{ place, text: joined(structure, leaves.values()) }];
  const domain = leaves[0][0].domain;
  return valuesOf(domain).flatMap((m, n) => {
    return placesIn(`${place}[${show(m, domain)}]`, structure.parts[0], elementOf(leaves, n));
  });
}

function elementOf(leaves, n) {
  return leaves.map(([shape, values]) => [shape.element, values[n]]);
}

// A value with parts as text; `leaves` gives the shape and the value of each leaf in turn.
function joined(structure, leaves) {
  const [part] = structure.parts;
  const take = (of) => Array.from({ length: leavesIn(of) }, () => leaves.next().value);
  if (structure.kind === "record") {
    return `{${structure.parts.map((p) => `${p.label} ${joined(p, take(p).values())}`).join(", ")}}`;
  }
  if (structure.kind === "optional") {
    const present = leaves.next().value[1];
    return present ? joined(part, take(part).values()) : "none";
  }
  if (structure.kind === "sequence") {
    const length = leaves.next().value[1];
    const all = take(part);
    const text = (_, n) => joined(part, elementOf(all, n).values());
    return `⟨${Array.from({ length }, text).join(", ")}⟩`;
  }
  if (structure.kind === "map") {
    const keys = leaves.next().value[1];
    const all = take(part);
    const domain = all[0][0].domain;
    const text = (m, n) => keys.includes(m) && `${show(m, domain)} ↦ ${joined(part, elementOf(all, n).values())}`;
    return `{${valuesOf(domain).map(text).filter(Boolean).join(", ")}}`;
  }
  if (structure.kind === "array") {
    const all = take(part);
    const domain = all[0][0].domain;
    const text = (m, n) => `${show(m, domain)}: ${joined(part, elementOf(all, n).values())}`;
    return `[${valuesOf(domain).map(text).join(", ")}]`;
  }
  const [shape, value] = leaves.next().value;
  return show(value, shape);
}

function leavesIn(structure) {
  const own = ["record", "array"].includes(structure.kind) ? 0 : 1;
  return structure.parts.reduce((sum, p) => sum + leavesIn(p), own);
}

// The channels that a variable stores: one, or one for each member, or for each pair.
function mailOf(part, state) {
  const parts = variables.filter((v) => v.part && v.part.channel === part.channel);
  const all = (values, over, to) => {
    if (over === 0) {
      return [{ place: part.channel + to.map((m) => `[${m}]`).join(""), text: mailIn(parts, values, to) }];
    }
    const domain = values[0][0].domain;
    return valuesOf(domain).flatMap((m, n) => all(elementOf(values, n), over - 1, [...to, show(m, domain)]));
  };
  const whole = parts.map((v) => [v.shape, state[v.name]]);
  return all(whole, part.over, []);
}

// The messages of a channel as text; `values` are the shape and the value of each of its parts.
function mailIn(parts, values, to) {
  const length = values.find((_, n) => parts[n].part.what === "length");
  if (length) {
    const slots = values.filter((_, n) => parts[n].part.what === "slots");
    const message = (k) => slots.map(([shape, x]) => show(x[k], shape.element)).join(" ");
    return `[${Array.from({ length: length[1] }, (_, k) => message(k)).join(", ")}]`;
  }
  const order = parts[0].part.order.slice(to.length);
  const messages = keysOf(...values[0]).map(([key, copies]) => {
    const text = order.map((n) => [...to, ...key][n]).join(" ");
    return copies === 1 ? text : `${text} ×${copies}`;
  });
  return `{${messages.join(", ")}}`;
}

// The messages in nested arrays, with the number of copies.
function keysOf(shape, value) {
  if (shape.kind === "set") return value.map((v) => [[show(v, shape.element)], 1]);
  const inner = shape.element;
  const nested = inner.kind === "array" || inner.kind === "set";
  return valuesOf(shape.domain).flatMap((m, n) => {
    const here = show(m, shape.domain);
    if (nested) return keysOf(inner, value[n]).map(([key, copies]) => [[here, ...key], copies]);
    return value[n] ? [[[here], value[n]]] : [];
  });
}

export const runs = report.runs.map((raw) => new Run(raw));
