// Elements. Text goes in as text, never as markup: protocol files come from strangers.
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

function replace(id, ...children) { $(id).replaceChildren(...children.flat().filter((c) => c !== null && c !== undefined)); }
function place(node, left, top, width) {
  node.style.left = `${left}px`;
  if (top !== undefined) node.style.top = `${top}px`;
  if (width !== undefined) node.style.width = `${width}px`;
  return node;
}
