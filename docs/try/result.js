// Shows an answer: its text, and its page in a frame without rights.

import { $, element } from "./dom.js";

const VERDICTS = {
  0: ["holds", "good"],
  1: ["violated", "bad"],
  2: ["wrong model or request", "bad"],
  3: ["undecided", "warn"],
  70: ["a defect of planrace", "bad"],
};

export class Result {
  constructor(goTo) {
    $("as-text").addEventListener("click", () => show("text"));
    $("as-page").addEventListener("click", () => show("page"));
    for (const [from, to] of [
      ["as-text", "as-page"],
      ["as-page", "as-text"],
    ]) {
      $(from).addEventListener("keydown", ({ key }) => {
        if ((key === "ArrowLeft" || key === "ArrowRight") && !$(to).hidden) $(to).click();
      });
    }
    $("jump").addEventListener("click", () => goTo(this.line));
  }

  clear() {
    $("result").hidden = true;
    URL.revokeObjectURL($("save").href);
    $("page").replaceChildren();
  }

  // `task` says what was asked; only searches and proofs have verdicts.
  show(answer, judged) {
    this.clear();
    const [word, tone] = VERDICTS[answer.code] ?? [`exit code ${answer.code}`, "warn"];
    $("verdict").textContent = judged || answer.code > 1 ? word : "done";
    $("verdict").className = judged || answer.code > 1 ? tone : "good";
    $("output").textContent = answer.output ?? "";
    $("output").hidden = !answer.output;
    $("errors").textContent = answer.errors;
    $("errors").hidden = !answer.errors;
    this.line = answer.line;
    $("jump").hidden = answer.line === null;
    $("jump").textContent = `Go to line ${answer.line}`;
    $("as-page").hidden = $("save").hidden = !answer.page;
    $("result").hidden = false;
    if (answer.page) {
      $("save").href = URL.createObjectURL(new Blob([answer.page], { type: "text/html" }));
      $("page").append(framed(answer.page));
    }
    show("text");
  }
}

function show(id) {
  for (const each of ["text", "page"]) {
    $(each).hidden = each !== id;
    $(`as-${each}`).setAttribute("aria-selected", String(each === id));
    $(`as-${each}`).tabIndex = each === id ? 0 : -1;
  }
  if (document.activeElement?.getAttribute("role") === "tab") $(`as-${id}`).focus();
}

// The frame asks for its page when it has begun.
function framed(page) {
  const frame = element("iframe", { src: "frame.html", title: "The report, to step through" });
  frame.setAttribute("sandbox", "allow-scripts");
  frame.allow = "clipboard-write";
  const hand = ({ source, data }) => {
    if (source !== frame.contentWindow || data !== "ready") return;
    removeEventListener("message", hand);
    frame.contentWindow.postMessage(page, "*");
  };
  addEventListener("message", hand);
  return frame;
}
