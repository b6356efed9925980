// What is asked, and the command line that asks it.
//
// Choices are data: { protocol, task, settings: { name: value }, faults, with, without, properties, time, more }, where
// settings are those that differ from their defaults, and properties are empty for all of them. A link carries them.

export const FILE = "model.py";
export const TASKS = {
  search: { title: "Search every interleaving", words: [], sized: true, timed: true, chosen: true, page: true },
  random: {
    title: "Try random runs",
    words: ["--engine", "simulate"],
    sized: true,
    timed: true,
    chosen: true,
    page: true,
  },
  prove: { title: "Prove for every size (Z3)", words: ["prove"], timed: true, chosen: true, page: true },
  lint: { title: "Look for slips of the author", words: ["lint"], sized: true, timed: true },
  mutate: { title: "Break it: do the properties notice?", words: ["mutate"], sized: true, timed: true, page: true },
};
export const NOTHING = {
  protocol: "",
  task: "search",
  settings: {},
  faults: [],
  with: [],
  without: [],
  properties: [],
  time: "60",
  more: "",
};

const each = (flag, names) => names.flatMap((name) => [flag, name]);

// The arguments of the command.
export function argumentsOf(choices) {
  const task = TASKS[choices.task];
  const settings = Object.entries(choices.settings).map(([name, value]) => `${name}=${value}`);
  return [
    ...task.words,
    "-p",
    `${FILE}:${choices.protocol}`,
    ...(task.sized ? each("-s", settings) : []),
    ...each("--fault", choices.faults),
    ...each("--with", choices.with),
    ...each("--without", choices.without),
    ...(task.chosen ? each("--property", choices.properties) : []),
    ...(task.timed && choices.time ? ["--time-limit", choices.time] : []),
    ...wordsOf(choices.more),
  ];
}

// The same, as the page needs it: text of this width, and the page of the report.
export function askedBy(choices, columns) {
  const page = TASKS[choices.task].page ? ["--format", "html:page.html"] : [];
  return [...argumentsOf(choices), "--width", String(columns), "--format", "text", ...page];
}

// A line for a shell.
export function commandOf(choices) {
  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);
  return ["check", ...argumentsOf(choices)].map(quoted).join(" ");
}

// Words as a shell divides them, with quotes around whole words.
export function wordsOf(line) {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain,
  );
}
