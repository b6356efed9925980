// Steps, beliefs, races and whole runs in words.
import { changesOf, report } from "./data.js";

export function ending(step) {
  return step.outcome === null ? "" : ` [${step.outcome}]`;
}

export function faultOf(step) {
  return step.fault === null ? "" : ` (fault: ${step.fault})`;
}

export function stepText(step) {
  return `${step.by} ${step.text}${ending(step)}`;
}

export function seen(o) {
  return `${o.member === null ? o.title : `${o.title} ${o.member}`} now ${o.text}`;
}

// The line of the author's file that declares a step.
export function sourceOf(step) {
  return report.sources[`${step.action}${ending(step)}`] || report.sources[step.action] || "";
}

export function counted(n, thing) {
  return `${n} ${n === 1 ? thing : `${thing}s`}`;
}

// Numbers as in "5, 6 and 8".
export function listed(numbers) {
  const words = numbers.map(String);
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

// A belief after a step: what the process thinks, whether it is wrong, and how it came to think so.
export function beliefWords(b, at) {
  const now = at - b.since;
  const holds = b.truth[now];
  const wrong = b.truth.slice(0, now + 1).lastIndexOf(true) + 1; // it is false from there on
  const read = `${b.checked ? "checked" : "read"} at step ${b.since}`;
  return { holds, read, wrong: holds ? "" : `Wrong since step ${b.since + wrong}.` };
}

// The run of a finding as plain text, for a chat or an issue.
export function asText(view) {
  const { finding, run } = view;
  const lines = [`${report.title}`, report.subject, "", `${finding.name}: ${finding.word}`, finding.promise, ""];
  run.steps.forEach((step, k) => {
    lines.push(...stepLines(run, step, k + 1));
  });
  if (run.loop !== null) lines.push(loopText(run));
  if (finding.because) lines.push("", finding.because);
  if (report.command) lines.push("", report.command);
  return `${lines.join("\n")}\n`;
}

function stepLines(run, step, n) {
  const changes = changesOf(step, run.state(n - 1), run.state(n)).join(", ");
  const broken = run.breaks(n).map((name) => `   VIOLATED: ${name}`);
  const seenNow = step.observed.map((o) => `   ${seen(o)}`);
  return [`${n}. ${stepText(step)}${faultOf(step)}`, ...(changes ? [`   ${changes}`] : []), ...seenNow, ...broken];
}

export function loopText(run) {
  const { loop, length } = run;
  if (loop === length) return "The run stays there for ever.";
  return loop + 1 === length ? `Step ${length} repeats for ever.` : `Steps ${loop + 1}–${length} repeat for ever.`;
}
