// Python in a worker: it loads Pyodide and planrace, then answers messages one after the other.

import { loadPyodide } from "./vendor/pyodide/pyodide.mjs";

const vendor = new URL("vendor/", import.meta.url);
const LARGE = ["z3"]; // loaded when they are imported
const tell = (line) => postMessage({ kind: "progress", line });

async function begin() {
  tell("Loading Python…");
  const [pyodide, core] = await Promise.all([
    loadPyodide({ indexURL: new URL("pyodide/", vendor).href }),
    fetch(new URL("core.zip", vendor)).then((found) => {
      if (!found.ok) throw new Error(`core.zip: ${found.status} ${found.statusText}`);
      return found.arrayBuffer();
    }),
  ]);
  tell("Loading planrace…");
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  pyodide.unpackArchive(core, "zip", { extractDir });
  const side = pyodide.pyimport("planrace.checker.cli.playground");
  side.load_on_demand(LARGE, (name) => {
    tell(`Loading ${name}…`);
    pyodide.unpackArchive(loadedNow(`${name}.zip`), "zip", { extractDir });
  });
  return side;
}

// Python imports at once, so this waits; workers may.
function loadedNow(name) {
  const request = new XMLHttpRequest();
  request.open("GET", new URL(name, vendor), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${name}: ${request.status} ${request.statusText}`);
  return request.response;
}

const side = begin();
side.then(
  () => postMessage({ kind: "ready" }),
  (problem) => postMessage({ kind: "failed", reason: problem.message }),
);

addEventListener("message", async ({ data }) => {
  const python = await side;
  try {
    const value =
      data.kind === "describe" ? python.described(data.source) : python.answered(data.source, data.words, tell);
    postMessage({ kind: "answer", value });
  } catch (problem) {
    postMessage({ kind: "failed", reason: problem.message });
  }
});
