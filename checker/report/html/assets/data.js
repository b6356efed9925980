// The report as the page holds it, and the states of its runs.
const report = JSON.parse(document.getElementById("data").textContent);
const EVERY = 64; // a state is kept so often; between, changes are replayed

let variables = report.variables; // those of the run that is looked at: its sizes may be its own

class Run {
  constructor(raw) {
    Object.assign(this, raw);
    this.look();
    this.kept = [raw.initial];
    this.actors = [...new Set(raw.steps.map((s) => s.by))];
    this.things = this.findThings();
  }

  look() { variables = this.variables || report.variables; }

  get length() { return this.steps.length; }

  // The state after step n. States are shared: nobody may write to them.
  state(n) {
    const from = Math.min(Math.floor(n / EVERY), this.kept.length - 1);
    let state = this.kept[from];
    for (let k = from * EVERY; k < n; k++) {
      state = changed(state, this.steps[k].changed);
      if ((k + 1) % EVERY === 0 && this.kept.length === (k + 1) / EVERY) this.kept.push(state);
    }
    return state;
  }

  // Lanes of what processes work on: members of an index that the world sees or that a picture draws.
  findThings() {
    const names = new Set();
    for (const s of this.steps) for (const o of s.observed) if (o.member !== null) names.add(o.title);
    for (const p of report.pictures) if (p.title) names.add(p.title);
    const found = [];
    for (const title of names) for (const member of membersOf(title)) found.push({ title, member, name: `${title} ${member}` });
    return found;
  }

  // Whether a step changes something of a thing.
  touches(step, thing) {
    if (step.observed.some((o) => o.title === thing.title && o.member === thing.member)) return true;
    return step.changed.some((c) => {
      const v = variable(c.variable);
      return v && v.shape.kind === "array" && v.shape.domain.name === thing.title && c.path[0] === offset(v.shape.domain, thing.member);
    });
  }

  truth(name) { return this.truths.find((t) => t.property === name); }
}

function variable(name) { return variables.find((v) => v.name === name); }
function offset(shape, member) { return valuesOf(shape).indexOf(member); }

function valuesOf(shape) {
  if (shape.kind === "truth value") return [false, true];
  if (shape.kind === "enumeration") return shape.members;
  return Array.from({ length: shape.high - shape.low + 1 }, (_, n) => shape.low + n);
}

function membersOf(title) {
  for (const v of variables)
    for (let s = v.shape; s && s.kind === "array"; s = s.element) if (s.domain.name === title) return valuesOf(s.domain);
  return [];
}

function changed(state, changes) {
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

function show(value, shape) {
  if (Array.isArray(value)) return `{${value.map((v) => show(v, shape && shape.element)).join(", ")}}`;
  if (shape && shape.kind === "optional" && value === 0) return "none";
  return String(value);
}

// The shape of what stands at a path of a variable.
function shapeAt(name, path) {
  let shape = variable(name) ? variable(name).shape : null;
  for (let n = 0; n < path.length && shape; n++) shape = shape.element;
  return shape;
}

// What a step changes, place by place; channels as what is on its way in them.
function changesOf(step, before, after) {
  const found = new Map();
  for (const c of step.changed) {
    const old = before && mailOf(c.variable, before), now = before && mailOf(c.variable, after);
    if (old && now) now.forEach((m, n) => { if (m.text !== old[n].text) found.set(m.place, `${m.place}: ${old[n].text} → ${m.text}`); });
    else found.set(c.place, `${c.place}: ${["before", "after"].map((when) => show(c[when], shapeAt(c.variable, c.path))).join(" → ")}`);
  }
  return [...found.values()];
}

// The channels that a variable is a part of, one or one for each member; null where it is of none.
function mailOf(name, state) {
  const part = (variable(name) || {}).part;
  if (!part) return null;
  const parts = variables.filter((v) => v.part && v.part.channel === part.channel);
  if (!part.over) return [{ place: part.channel, text: mailIn(parts, parts.map((v) => [v.shape, state[v.name]]), []) }];
  const domain = parts[0].shape.domain;
  return valuesOf(domain).map((m, n) => ({
    place: `${part.channel}[${show(m, domain)}]`,
    text: mailIn(parts, parts.map((v) => [v.shape.element, state[v.name][n]]), [show(m, domain)]),
  }));
}

function mailIn(parts, values, to) {
  const length = values.find((_, n) => parts[n].part.what === "length");
  if (length) {
    const slots = values.filter((_, n) => parts[n].part.what === "slots");
    return `[${Array.from({ length: length[1] }, (_, k) => slots.map(([shape, x]) => show(x[k], shape.element)).join(" ")).join(", ")}]`;
  }
  const { order } = parts[0].part, told = [];
  for (const [key, copies] of keysOf(...values[0])) {
    const text = order.slice(to.length).map((n) => [...to, ...key][n]).join(" ");
    told.push(copies === 1 ? text : `${text} ×${copies}`);
  }
  return `{${told.join(", ")}}`;
}

// The messages that nested arrays hold, with how often each is there.
function keysOf(shape, value) {
  if (shape.kind === "set") return value.map((v) => [[show(v, shape.element)], 1]);
  return valuesOf(shape.domain).flatMap((m, n) => {
    const here = show(m, shape.domain), inner = shape.element;
    if (inner.kind === "array" || inner.kind === "set") return keysOf(inner, value[n]).map(([key, copies]) => [[here, ...key], copies]);
    return value[n] ? [[[here], value[n]]] : [];
  });
}

const runs = report.runs.map((raw) => new Run(raw));
