// The page of logs: what it shows, and what buttons, keys and the address do.
import { report } from "./data.js";
import { cardsOf } from "./document.js";
import { $, el, replace } from "./dom.js";
import { copy, madeBy, switchTheme, typing } from "./frame.js";
import { log } from "./log-data.js";
import { LogLanes } from "./log-lanes.js";
import { LogList } from "./log-list.js";
import { LogMap } from "./log-map.js";
import { detail, detailTitle, number, story } from "./log-panels.js";
import { drawTables } from "./pictures.js";

const TONES = {
  conforms: log.violates ? "violated-tone" : "holds-tone",
  ambiguous: "unknown-tone",
  diverges: "violated-tone",
  unknown: "unknown-tone",
};

class LogView {
  constructor() {
    this.at = 0;
    this.map = new LogMap(this);
    this.lanes = new LogLanes(this);
    this.list = new LogList(this);
    this.map.open();
  }

  get count() {
    return log.columns.length;
  }

  // Select a step, or a line that none explains; 0 is the initial state.
  go(n) {
    if (!Number.isInteger(n)) return;
    this.at = Math.min(Math.max(n, 0), this.count);
    history.replaceState(null, "", `#${this.at}`);
    if (this.at) this.lanes.reveal(this.at - 1);
    else this.lanes.moveTo(Number.NEGATIVE_INFINITY);
    this.list.reveal();
    this.draw();
  }

  draw() {
    const run = this.at ? log.taken[this.at - 1] : 0;
    const moved = this.at > 0 && log.explains(this.at - 1);
    this.state = log.state(run);
    this.before = moved ? log.state(run - 1) : null;
    $("number").value = this.at;
    $("of").textContent = `of ${number(this.count)}`;
    $("step").classList.toggle("breaks", this.at > log.open || this.lanes.breaks(this.at - 1));
    $("step-title").textContent = detailTitle(this);
    replace("step-body", detail(this));
    $("state").hidden = !log.length || !report.variables.length;
    $("state-title").textContent = this.whatState;
    if (log.length) replace("tables", drawTables(this));
  }

  get whatState() {
    if (this.at > log.open) return "The state where the run ends";
    return this.at && log.forgets(this.at - 1) ? "The state with which the known part of the run begins" : "The state";
  }

  // Whether something in the lanes is wrong.
  get wrong() {
    return log.blocked.length > 0 || log.broken.some((b) => b.step !== null);
  }

  // The next one of which a test is true, round and round.
  next(test) {
    for (let n = 1; n <= this.count; n++) {
      const k = (this.at - 1 + n) % this.count;
      if (k >= 0 && test(k)) return this.go(k + 1);
    }
    return undefined;
  }

  // What the page is about: a violation, the first line that nothing explains, a hidden step.
  get matter() {
    const broken = log.broken.find((b) => b.step !== null);
    if (broken) return log.rowOf(broken.step);
    const blocked = log.blocked.map((b) => b.event).filter((e) => e >= 0);
    if (blocked.length) return Math.min(...blocked.map((e) => log.columnOf[e])) + 1;
    return log.columns.indexOf(-1) + 1 || Math.min(1, this.count);
  }
}

function commands(view) {
  return {
    first: () => view.go(0),
    back: () => view.go(view.at - 1),
    on: () => view.go(view.at + 1),
    last: () => view.go(view.count),
    hidden: () => view.next((k) => log.hidden(k)),
    wrong: () => view.next((k) => view.lanes.breaks(k) || log.blockedAt.has(log.columns[k])),
    in: () => view.lanes.zoomBy(1.5),
    out: () => view.lanes.zoomBy(1 / 1.5),
    fit: () => view.lanes.fit(),
    turn: () => turn(view, view.lanes.axis.name === "order" ? "clock" : "order"),
  };
}

function turn(view, name) {
  view.lanes.turn(name);
  const clock = view.lanes.axis.name === "clock";
  $("axis").setAttribute("aria-pressed", String(clock));
}

function listenTo(view) {
  const all = commands(view);
  for (const b of document.querySelectorAll("[data-do]")) b.addEventListener("click", all[b.dataset.do]);
  const keys = {
    ArrowLeft: all.back,
    ArrowRight: all.on,
    Home: all.first,
    End: all.last,
    h: all.hidden,
    x: all.wrong,
    t: all.turn,
    "+": all.in,
    "-": all.out,
    "/": () => $("search").focus(),
  };
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !keys[e.key] || typing(e)) return;
    e.preventDefault();
    keys[e.key]();
  });
  $("number").addEventListener("change", () => view.go(Number($("number").value)));
  addEventListener("hashchange", () => followLink(view));
  $("theme").addEventListener("click", () => {
    switchTheme();
    view.lanes.recolour();
    view.map.open();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    view.lanes.recolour();
    view.map.open();
  });
  $("copy-link").addEventListener("click", () => copy(location.href));
  printing(view);
}

// On paper the lanes are light.
function printing(view) {
  const root = document.documentElement;
  let theme;
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    view.lanes.recolour();
    view.lanes.draw();
    view.map.open();
  });
  addEventListener("afterprint", () => {
    if (theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = theme;
    view.lanes.recolour();
    view.map.open();
  });
}

// Open what the address names, as in #14.
function followLink(view) {
  const found = /^#(\d+)$/.exec(location.hash);
  view.go(found ? Number(found[1]) : view.matter);
}

function beginning() {
  $("title").textContent = report.title;
  $("subject").textContent = report.subject;
  replace("proofs", ...cardsOf(report.document.blocks));
  madeBy();
  const view = new LogView();
  replace(
    "story",
    el("p", { class: `told ${TONES[log.verdict]}` }, el("strong", {}, report.document.closing)),
    ...story(view),
  );
  $("key-forgotten").hidden = !log.forgotten.length;
  $("number").max = view.count;
  $("number").style.width = `${String(view.count).length + 5}ch`;
  $("axis").hidden = !log.timed;
  for (const b of document.querySelectorAll('[data-do="hidden"]')) b.hidden = !log.columns.includes(-1);
  for (const b of document.querySelectorAll('[data-do="wrong"]')) b.hidden = !view.wrong;
  listenTo(view);
  followLink(view);
}

beginning();
