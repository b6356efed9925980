// Creating elements. Text is inserted as text, never as markup: protocol files may come from strangers.
const SVG = "http://www.w3.org/2000/svg";

export function $(id) {
  return document.getElementById(id);
}

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", value);
    else if (isSet(value) && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter(isSet));
  return node;
}

function isSet(value) {
  return value !== null && value !== undefined;
}

export function replace(id, ...children) {
  $(id).replaceChildren(...children.flat().filter(isSet));
}

export function place(node, left, top) {
  node.style.left = `${left}px`;
  if (top !== undefined) node.style.top = `${top}px`;
  return node;
}

export function button(text, onclick, attributes = {}) {
  return el("button", { type: "button", ...attributes, onclick }, text);
}

export function note(...text) {
  return el("p", { class: "note" }, ...text);
}

export function tag(kind, text) {
  return el("span", { class: kind ? `tag ${kind}` : "tag" }, text);
}

export function verdict(word) {
  const kind = word === "holds" || word === "shown" ? `${word}-word` : word;
  return el("span", { class: `verdict ${kind}` }, word);
}

// An SVG element with a title that is shown when the pointer is over it.
export function titled(title, tag, attributes, ...children) {
  return svg(tag, attributes, svg("title", {}, title), ...children);
}
