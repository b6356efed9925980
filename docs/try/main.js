// The playground: a model, a question, an answer.

import { $, element, offer } from "./dom.js";
import { Editor } from "./editor.js";
import { Form } from "./form.js";
import { carriedBy, LONG, linkTo } from "./link.js";
import { askedBy, commandOf, NOTHING } from "./question.js";
import { Result } from "./result.js";
import { Runner, StoppedError } from "./runner.js";

const OWN = "";
const JUDGED = ["search", "random", "prove"];

class Playground {
  constructor(examples) {
    this.examples = examples;
    this.described = null; // the model whose choices the form shows
    this.busy = false;
    this.editor = new Editor($("editor"), { changed: () => this.edited(), run: () => this.run() });
    this.form = new Form();
    this.result = new Result((line) => this.editor.goTo(line));
    this.runner = new Runner((line) => this.busy && say(line));
    offer($("example"), [...examples.map((e) => [e.file, e.title]), [OWN, "your own"]]);
    this.listen();
  }

  listen() {
    $("example").addEventListener("change", () => this.open($("example").value));
    $("protocol").addEventListener("change", () => this.form.showProtocol());
    $("task").addEventListener("change", () => this.form.suit());
    $("options").addEventListener("input", () => this.showCommand());
    $("options").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    $("stop").addEventListener("click", () => this.runner.stop());
    $("share").addEventListener("click", () => this.share());
    $("dismiss").addEventListener("click", () => {
      $("shared").hidden = true;
    });
    addEventListener("hashchange", () => this.begin());
    addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) this.run();
    });
  }

  // The model of the link, or the example that it names, or the first one.
  async begin() {
    try {
      const carried = await carriedBy(location.hash);
      if (carried !== null) this.openShared(carried);
      else this.open(decodeURIComponent(location.hash.replace(/^#e=/, "")));
    } catch (problem) {
      this.open(OWN);
      say(problem.message);
    }
  }

  open(file) {
    const example = this.examples.find((e) => e.file === file) ?? this.examples[0];
    $("shared").hidden = true;
    this.replace(example.source);
    $("example").value = example.file;
    this.described = example.source;
    this.form.show(example.protocols, { ...NOTHING, ...example.choices });
    this.showCommand();
  }

  // Nothing of a stranger's model runs before the user says so, so its choices are not known yet.
  openShared({ source, choices }) {
    this.replace(source);
    $("shared").hidden = false;
    this.described = null;
    this.pending = choices;
    this.form.show([{ attribute: choices.protocol, meaning: "" }], choices);
    this.showCommand();
  }

  replace(source) {
    if (this.busy) this.runner.stop();
    this.pending = null;
    this.editor.text = source;
    this.result.clear();
    this.forget();
    say("");
  }

  edited() {
    $("example").value = OWN;
    this.forget();
  }

  forget() {
    this.editor.mark(null);
    $("told").replaceChildren();
  }

  // What is chosen. Of a model that has not run yet, it is what came with the link, and what the form has by now.
  get choices() {
    const { task, time, more, ...rest } = this.form.choices;
    return { ...(this.pending ?? rest), task, time, more };
  }

  showCommand() {
    $("command").textContent = commandOf(this.choices);
  }

  async run() {
    if (this.busy) return;
    this.working(true);
    this.result.clear();
    this.forget();
    const source = this.editor.text;
    try {
      const wrong = await this.describe(source);
      const { choices } = this;
      const answer = wrong ?? (await this.runner.answer(source, askedBy(choices, columns())));
      this.show(answer, wrong === null && JUDGED.includes(choices.task));
    } catch (problem) {
      this.failed(problem);
    }
    this.working(false);
  }

  // A worker that failed is of no more use: memory may be full, or a file could not be fetched.
  failed(problem) {
    if (problem instanceof StoppedError) return say("Stopped.");
    this.runner.stop();
    say(`Python has ended, or could not be loaded: ${problem.message}. It is loaded anew.`);
  }

  // Ask what can be chosen for a model that has changed. Returns what is wrong with it, or null.
  async describe(source) {
    if (source === this.described) return null;
    say("Reading the model…");
    const found = await this.runner.describe(source);
    if (!found.protocols) return { ...found, output: "", page: null };
    this.form.show(found.protocols, this.choices);
    this.described = source;
    this.pending = null;
    this.showCommand();
    return null;
  }

  show(answer, judged) {
    this.result.show(answer, judged);
    if (answer.line !== null) this.editor.mark(answer.line, answer.errors);
    say("Done: the answer is below.");
    $("result").scrollIntoView({ block: "start" });
    $("result").focus({ preventScroll: true });
  }

  working(busy) {
    this.busy = busy;
    $("run").disabled = busy;
    $("stop").disabled = !busy;
    if (busy) say("Loading Python, which takes some seconds the first time…");
  }

  async share() {
    try {
      const link = await linkTo(this.editor.text, this.choices, location.href);
      const length = `${link.length.toLocaleString("en")} characters`;
      const long = link.length > LONG ? "; some programs cut links that are so long" : "";
      const copied = await navigator.clipboard.writeText(link).then(
        () => "Copied",
        () => "Copy it from here",
      );
      const shown = element("input", { value: link, readOnly: true, ariaLabel: "Link to this model" });
      $("told").replaceChildren(`${copied}: ${length}${long}. `, shown);
      if (copied !== "Copied") shown.select();
    } catch (problem) {
      $("told").textContent = problem.message;
    }
  }
}

function say(line) {
  $("status").textContent = line;
}

// The width of the report, in characters.
function columns() {
  const probe = element("span", { className: "probe" }, "0".repeat(10));
  $("output").parentElement.append(probe);
  $("result").hidden = false;
  const width = probe.getBoundingClientRect().width / 10;
  const room = $("result").clientWidth - 32;
  $("result").hidden = true;
  probe.remove();
  return Math.max(40, Math.min(100, Math.floor(room / (width || 8))));
}

async function begin() {
  const found = await fetch("vendor/examples.json");
  if (!found.ok) throw new Error("its files have not been built (see docs/playground.md)");
  const playground = new Playground(await found.json());
  await playground.begin();
}

// The documentation is beside the page on its site, and not where the page stands alone.
fetch("../playground/", { method: "HEAD" }).then(({ ok }) => {
  $("documentation").hidden = !ok;
});
begin().catch((problem) => say(`This copy of the page cannot run: ${problem.message}.`));
