// What all pages have: colours, copying, the command that made the page.
import { report } from "./data.js";
import { $, button, el, replace } from "./dom.js";

export function switchTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
}

// Whether a key belongs to the field that has the focus.
export function typing(event) {
  return ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
}

// Copy text, and say so.
export async function copy(text) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "measured" });
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
  }
  $("copied").textContent = done ? "copied" : "not allowed to copy";
  setTimeout(() => {
    $("copied").textContent = "";
  }, 2000);
}

// The command that made the page.
export function madeBy() {
  const words = ["made by ", el("code", {}, report.command), " ", button("copy", () => copy(report.command))];
  replace("command", report.command ? words : []);
}
