// The form: what can be chosen for the protocols of a model, as `check list` tells it.

import { $, element, offer } from "./dom.js";
import { NOTHING, TASKS } from "./question.js";

const box = (id) => $(id).querySelector("div");

export class Form {
  constructor() {
    this.protocols = [];
    offer(
      $("task"),
      Object.entries(TASKS).map(([name, task]) => [name, task.title]),
    );
  }

  // Offer the protocols of a model, and choose. What the model does not have is left out.
  show(protocols, choices = NOTHING) {
    this.protocols = protocols;
    offer(
      $("protocol"),
      protocols.map((p) => [p.attribute, p.attribute]),
      choices.protocol,
    );
    $("task").value = choices.task in TASKS ? choices.task : NOTHING.task;
    $("time").value = choices.time;
    $("more").value = choices.more;
    this.showProtocol(choices);
  }

  get protocol() {
    return this.protocols.find((p) => p.attribute === $("protocol").value);
  }

  showProtocol(choices = NOTHING) {
    const protocol = this.protocol;
    $("meaning").textContent = protocol?.meaning ?? "";
    const { parameters = [], options = [], faults = {}, protections = [], properties = [] } = protocol ?? {};
    fill("settings", [
      ...parameters.map((p) => size(p, choices.settings[p.name])),
      ...options.map((o) => option(o, choices.settings[o.name])),
    ]);
    fill(
      "faults",
      Object.entries(faults).map(([name, meaning]) => tick(name, meaning, choices.faults.includes(name))),
    );
    const on = (p) => (p.on ? !choices.without.includes(p.name) : choices.with.includes(p.name));
    fill(
      "protections",
      protections.map((p) => tick(p.name, p.meaning, on(p), p.on)),
    );
    const asked = (p) => choices.properties.length === 0 || choices.properties.includes(p.name);
    fill(
      "properties",
      properties.map((p) => tick(p.name, `${p.kind}: ${p.meaning}`, asked(p))),
    );
    this.suit();
  }

  // Show what the task takes.
  suit() {
    const task = TASKS[$("task").value];
    $("settings").hidden = !task.sized || box("settings").children.length === 0;
    $("properties").hidden = !task.chosen || box("properties").children.length === 0;
    for (const id of ["faults", "protections"]) $(id).hidden = box(id).children.length === 0;
  }

  get choices() {
    const ticks = (id) => [...box(id).querySelectorAll("input")];
    const names = (inputs) => inputs.map((i) => i.name);
    const settings = [...box("settings").querySelectorAll("input, select")].filter((i) => i.value !== i.dataset.usual);
    const properties = ticks("properties").filter((i) => i.checked);
    return {
      protocol: $("protocol").value,
      task: $("task").value,
      settings: Object.fromEntries(settings.map((i) => [i.name, i.value])),
      faults: names(ticks("faults").filter((i) => i.checked)),
      with: names(ticks("protections").filter((i) => i.checked && !i.dataset.on)),
      without: names(ticks("protections").filter((i) => !i.checked && i.dataset.on)),
      properties: properties.length === ticks("properties").length ? [] : names(properties),
      time: $("time").value,
      more: $("more").value,
    };
  }
}

function fill(id, fields) {
  box(id).replaceChildren(...fields);
}

function size(parameter, chosen) {
  const { name, low, high, meaning } = parameter;
  const usual = String(parameter.default);
  const input = element("input", { type: "number", name, min: low, max: high, value: chosen ?? usual });
  input.dataset.usual = usual;
  return element("label", { title: meaning }, `${name} `, input, element("small", {}, ` ${meaning} (${low}–${high})`));
}

function option(choice, chosen) {
  const select = element("select", { name: choice.name });
  const words = Object.keys(choice.choices);
  offer(
    select,
    words.map((word) => [word, word]),
    chosen ?? words[0],
  );
  select.dataset.usual = words[0];
  return element(
    "label",
    { title: choice.meaning },
    `${choice.name} `,
    select,
    element("small", {}, ` ${choice.meaning}`),
  );
}

function tick(name, meaning, checked, on = false) {
  const input = element("input", { type: "checkbox", name, checked });
  if (on) input.dataset.on = "on";
  return element("label", {}, input, ` ${name} `, element("small", {}, meaning));
}
