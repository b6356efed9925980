// The events of logs and the run that explains them. They come as columns of numbers, and stay so: a log may be long.
import { changed, report } from "./data.js";

const APART = 128; // every 128th state is kept; changes are replayed from there

class LogRun {
  constructor(raw) {
    Object.assign(this, raw);
    this.length = raw.steps.text.length;
    this.size = raw.events.line.length;
    this.kept = [raw.initial];
    this.lanes = this.findLanes();
    this.arrange();
    this.times = this.findTimes();
    this.timed = this.times.length > 0 && !Number.isNaN(this.times[0]);
    this.findSpans();
    this.namesakes = this.findNamesakes();
    this.blockedAt = new Map(raw.blocked.map((b) => [b.event, b]));
  }

  // The events of each stream: the first one, and the one after the last.
  findLanes() {
    const lanes = this.streams.map(() => [0, 0]);
    this.events.stream.forEach((s, e) => {
      if (lanes[s][0] === lanes[s][1]) lanes[s][0] = e;
      lanes[s][1] = e + 1;
    });
    return lanes;
  }

  // The columns of the page: events before the part of the run that is known; its steps, among them the events that are
  // taken not to have happened; and the events that it does not explain, by their clocks. A column has a step, an event,
  // or both.
  arrange() {
    const apart = new Uint8Array(this.size);
    for (const e of this.steps.event) if (e >= 0) apart[e] = 1;
    const beside = this.findSkipped(apart);
    for (const e of [...this.skipped, ...this.forgotten]) apart[e] = 1;
    const keys = this.middles();
    const byTime = (a, b) => keys[a] - keys[b] || a - b;
    const rest = [];
    for (let e = 0; e < this.size; e++) if (!apart[e]) rest.push(e);
    rest.sort(byTime);
    const columns = [...this.forgotten].sort(byTime);
    const steps = columns.map(() => -1);
    for (let s = 0; s <= this.length; s++) {
      const skipped = beside.get(s) || [];
      columns.push(...skipped);
      steps.push(...skipped.map(() => -1));
      if (s < this.length) columns.push(this.steps.event[s]);
      if (s < this.length) steps.push(s);
    }
    this.open = columns.length; // the first column of what is not explained
    this.columns = Int32Array.from([...columns, ...rest]);
    this.stepAt = new Int32Array(this.columns.length).fill(-1);
    this.stepAt.set(steps);
    this.number();
  }

  // Where each event and each step has its column, and how many steps there are up to a column.
  number() {
    this.columnOf = new Int32Array(this.size);
    this.columnOfStep = new Int32Array(this.length);
    this.taken = new Int32Array(this.columns.length);
    let taken = 0;
    this.columns.forEach((e, k) => {
      if (e >= 0) this.columnOf[e] = k;
      if (this.stepAt[k] >= 0) this.columnOfStep[this.stepAt[k]] = k;
      if (this.stepAt[k] >= 0) taken++;
      this.taken[k] = taken;
    });
  }

  // The events that are taken not to have happened, by the step before which their column stands: behind the line before
  // them in their stream, and by their clock.
  findSkipped(told) {
    const stepOf = new Int32Array(this.size).fill(-1);
    this.steps.event.forEach((e, s) => {
      if (e >= 0) stepOf[e] = s;
    });
    const found = new Map();
    for (const e of this.skipped) {
      const [first, end] = this.lanes[this.events.stream[e]];
      let [before, after] = [e - 1, e + 1];
      while (before >= first && !told[before]) before--;
      while (after < end && !told[after]) after++;
      let s = before >= first ? stepOf[before] + 1 : 0;
      const last = after < end ? stepOf[after] : this.length;
      while (s < last && this.steps.event[s] >= 0 && this.middle(this.steps.event[s]) < this.middle(e)) s++;
      found.set(s, [...(found.get(s) || []), e]);
    }
    return found;
  }

  // A time for each event that grows in each stream: the middle of its interval.
  middles() {
    const keys = new Float64Array(this.size);
    for (const [first, end] of this.lanes) {
      let latest = Number.NEGATIVE_INFINITY;
      for (let e = first; e < end; e++) {
        const middle = this.middle(e);
        if (!Number.isNaN(middle)) latest = Math.max(latest, middle);
        keys[e] = latest === Number.NEGATIVE_INFINITY ? 0 : latest;
      }
    }
    return keys;
  }

  // The middle of an interval, or its only end; not a number without a clock.
  middle(e) {
    const [from, to] = [this.events.from[e], this.events.to[e]];
    if (from === null) return to === null ? Number.NaN : to;
    return to === null ? from : (from + to) / 2;
  }

  // When each column happened: times that grow with the columns, each in the interval of its event. Such times exist
  // for a run, because no event comes before one that certainly happened earlier. Columns without a clock are placed
  // between their neighbours.
  findTimes() {
    const count = this.columns.length;
    const bound = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
    for (let k = count - 1; k >= 0; k--) {
      const to = this.columns[k] < 0 ? null : this.events.to[this.columns[k]];
      bound[k] = Math.min(bound[k + 1], to === null ? Number.POSITIVE_INFINITY : to);
    }
    const times = new Float64Array(count).fill(Number.NaN);
    let now = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const middle = this.columns[k] < 0 ? Number.NaN : this.middle(this.columns[k]);
      if (Number.isNaN(middle)) continue;
      now = Math.max(now, Math.min(middle, bound[k]));
      times[k] = now;
    }
    return between(times);
  }

  // The columns with which each event may have changed places, as far as clocks go: of its interval.
  findSpans() {
    this.low = new Int32Array(this.size);
    this.high = new Int32Array(this.size);
    for (let e = 0; e < this.size; e++) {
      const own = this.columnOf[e];
      const [from, to] = [this.events.from[e], this.events.to[e]];
      this.low[e] = from === null ? own : Math.min(own, lowest(this.times, from));
      this.high[e] = to === null ? own : Math.max(own, lowest(this.times, to, true) - 1);
    }
  }

  // The names that several files have, in different folders.
  findNamesakes() {
    const names = [...new Set(this.events.file)].map((n) => this.texts[n].split(/[\\/]/).at(-1));
    return new Set(names.filter((name, n) => names.indexOf(name) !== n));
  }

  text(n) {
    return n < 0 ? null : this.texts[n];
  }

  // Whether a column is a step that no line tells.
  hidden(k) {
    return this.columns[k] < 0;
  }

  // Whether a column is a step of the run.
  explains(k) {
    return this.stepAt[k] >= 0;
  }

  // Whether a column is an event that is taken not to have happened.
  skips(k) {
    return k >= this.forgotten.length && k < this.open && this.stepAt[k] < 0;
  }

  // Whether a column is an event that was explained, by steps that are no longer known.
  forgets(k) {
    return k < this.forgotten.length;
  }

  // A field of the step of a column, as text.
  said(k, field) {
    return this.text(this.steps[field][this.stepAt[k]]);
  }

  // What a hidden step is called: the fault, or the action.
  hiddenName(k) {
    return this.said(k, "fault") || this.said(k, "action");
  }

  action(k) {
    if (this.explains(k)) return this.said(k, "action");
    return this.text(this.events.says[this.columns[k]]).replace(/[([].*$/, "");
  }

  // A column in words.
  words(k) {
    if (this.explains(k)) return `${this.said(k, "by")} ${this.said(k, "text")}`;
    if (this.forgets(k)) return `${this.text(this.events.says[this.columns[k]])}, which was explained`;
    const why = this.skips(k) ? "which did not happen" : "which nothing explains";
    return `${this.text(this.events.says[this.columns[k]])}, ${why}`;
  }

  // The same without the folder, where the name of the file says enough.
  nearPlace(e) {
    const name = this.text(this.events.file[e]).split(/[\\/]/).at(-1);
    return this.namesakes.has(name) ? this.place(e) : `${name}:${this.events.line[e]}`;
  }

  place(e) {
    return `${this.text(this.events.file[e])}:${this.events.line[e]}`;
  }

  // The row of step n: where it stands among all columns, from 1; 0 is the initial state.
  rowOf(n) {
    return n ? this.columnOfStep[n - 1] + 1 : 0;
  }

  // The number of the step of a column, from 1; of others a sign.
  label(k) {
    if (this.explains(k)) return String(this.stepAt[k] + 1);
    if (this.forgets(k)) return "…";
    return this.skips(k) ? "∅" : "·";
  }

  // The state after step n. States are shared and must not be modified.
  state(n) {
    const from = Math.min(Math.floor(n / APART), this.kept.length - 1);
    let state = this.kept[from];
    for (let k = from * APART; k < n; k++) {
      state = changed(state, this.changes(k));
      if ((k + 1) % APART === 0 && this.kept.length === (k + 1) / APART) this.kept.push(state);
    }
    return state;
  }

  // The changes of a step, from 0; with the values before it if a state is given.
  changes(k, before = null) {
    const flat = this.steps.changed[k];
    const found = [];
    for (let n = 0; n < flat.length; n += 2) {
      const [place, variable, path] = this.places[flat[n]];
      const old = before && path.reduce((x, i) => x[i], before[variable]);
      found.push({ place, variable, path, before: old, after: flat[n + 1] });
    }
    return found;
  }
}

// Numbers that grow, with those that are missing placed evenly between their neighbours.
function between(times) {
  let last = -1;
  for (let k = 0; k <= times.length; k++) {
    if (k < times.length && Number.isNaN(times[k])) continue;
    const before = last < 0 ? times[k] : times[last];
    const after = k < times.length ? times[k] : before;
    for (let n = last + 1; n < k; n++) times[n] = before + ((after - before) * (n - last)) / (k - last);
    last = k;
  }
  return times;
}

// The first place of a sorted list whose number is not below `value`; with `above`, is above it.
export function lowest(sorted, value, above = false) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if (sorted[half] < value || (above && sorted[half] === value)) low = half + 1;
    else high = half;
  }
  return low;
}

export const log = new LogRun(report.logs);
