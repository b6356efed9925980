// The worker in which Python runs, one question at a time.

export class StoppedError extends Error {}

const WORKER = new URL("worker.js", import.meta.url).href;

export class Runner {
  // `told` is called with a line of progress.
  constructor(told) {
    this.told = told;
    this.start();
  }

  // Begin to load Python; `ready` is settled when it is there, or cannot be.
  start() {
    // A blob takes over this page's policy on what may be reached; a worker from a file would have none, so the policy
    // lets none begin, and the blob imports the file later than at its start.
    const blob = new Blob(
      [`import(${JSON.stringify(WORKER)}).catch((e) => postMessage({ kind: "failed", reason: e.message }));`],
      { type: "text/javascript" },
    );
    const url = URL.createObjectURL(blob);
    this.worker = new Worker(url, { type: "module" });
    this.waiting = null;
    this.worker.onmessage = ({ data }) => this.heard(data);
    this.worker.onerror = (event) =>
      this.settle("reject", new Error(event.message || "the worker could not be started"));
    this.ready = this.promised().finally(() => URL.revokeObjectURL(url));
    this.ready.catch(() => {}); // whoever asks hears of it
  }

  promised() {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  heard(message) {
    if (message.kind === "progress") this.told(String(message.line));
    else if (message.kind === "failed") this.settle("reject", new Error(String(message.reason)));
    else this.settle("resolve", message.value);
  }

  settle(how, value) {
    const waiting = this.waiting;
    this.waiting = null;
    waiting?.[how](value);
  }

  async describe(source) {
    return await this.ask({ kind: "describe", source });
  }

  async answer(source, words) {
    return await this.ask({ kind: "answer", source, words });
  }

  async ask(message) {
    await this.ready;
    this.worker.postMessage(message);
    return JSON.parse(await this.promised());
  }

  // End whatever runs; Python is loaded anew.
  stop() {
    this.worker.terminate();
    this.settle("reject", new StoppedError("stopped"));
    this.start();
  }
}
