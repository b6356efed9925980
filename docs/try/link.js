// A link that carries the model and the question in its fragment, which browsers send to no server.

import { NOTHING } from "./question.js";

export const LONG = 8_000; // characters; some programs for mail and chat cut longer links
const LONGEST = 200_000; // characters of a link that is read or made
const LARGEST = 1_000_000; // bytes of a model, unpacked: a small link must not fill the memory

export class LinkError extends Error {}

export async function linkTo(source, choices, place) {
  const bytes = new TextEncoder().encode(JSON.stringify({ source, ...choices }));
  const packed = new Uint8Array(
    await new Response(through(bytes, new CompressionStream("deflate-raw"))).arrayBuffer(),
  );
  const text = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(""));
  const url = new URL(place);
  url.hash = `m=${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  if (url.href.length > LONGEST || bytes.length > LARGEST) {
    throw new LinkError(`The model is too large for a link: ${url.href.length.toLocaleString("en")} characters.`);
  }
  return url.href;
}

// { source, choices } of a link's fragment; null if it carries none. Throws LinkError if it is damaged.
export async function carriedBy(fragment) {
  if (!fragment.startsWith("#m=")) return null;
  if (fragment.length > LONGEST) throw new LinkError("The link is too long.");
  try {
    const text = atob(fragment.slice(3).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const { source, ...choices } = JSON.parse(await unpacked(bytes));
    if (typeof source !== "string") throw new LinkError("it has no model");
    return { source, choices: checked(choices) };
  } catch (problem) {
    throw new LinkError(`The link is damaged, perhaps cut: ${problem.message}`);
  }
}

const through = (bytes, transform) => new Blob([bytes]).stream().pipeThrough(transform);

async function unpacked(bytes) {
  const reader = through(bytes, new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let size = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    size += value.length;
    if (size > LARGEST) throw new LinkError("the model is too large");
    parts.push(value);
  }
  return await new Blob(parts).text();
}

// Only what we know, each of its kind.
function checked(choices) {
  const words = (value) => (Array.isArray(value) ? value.map(String) : []);
  const pairs = Object.entries(choices.settings ?? {}).map(([name, value]) => [name, String(value)]);
  const text = (name) => (typeof choices[name] === "string" ? choices[name] : NOTHING[name]);
  return {
    protocol: text("protocol"),
    task: text("task"),
    settings: Object.fromEntries(pairs),
    faults: words(choices.faults),
    with: words(choices.with),
    without: words(choices.without),
    properties: words(choices.properties),
    time: text("time"),
    more: text("more"),
  };
}
