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
  if (Array.isArray(value)) return value.length ? `{${value.map((v) => show(v)).join(", ")}}` : "{}";
  if (shape && shape.kind === "optional" && value === 0) return "none";
  return String(value);
}

const runs = report.runs.map((raw) => new Run(raw));
