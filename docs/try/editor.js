// The editor of the model: CodeMirror, with the colours of the page.

import {
  basicSetup,
  EditorView,
  HighlightStyle,
  indentUnit,
  indentWithTab,
  keymap,
  lintGutter,
  Prec,
  python,
  setDiagnostics,
  syntaxHighlighting,
  tags,
} from "./vendor/codemirror.js";

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], color: "var(--accent)" },
  { tag: [tags.string, tags.docString], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--dim)", fontStyle: "italic" },
  { tag: tags.function(tags.definition(tags.variableName)), fontWeight: "600" },
  { tag: tags.meta, color: "var(--dim)" },
]);

const THEME = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-content": { caretColor: "var(--ink)", fontFamily: "var(--mono)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { color: "var(--dim)", backgroundColor: "var(--soft)", borderColor: "var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--glow)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--loop) !important" },
  ".cm-panels, .cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--soft)", borderColor: "var(--line)" },
});

export class Editor {
  constructor(parent, { changed, run }) {
    this.view = new EditorView({
      parent,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => run() || true }])),
        basicSetup,
        keymap.of([indentWithTab]),
        indentUnit.of("    "),
        python(),
        lintGutter(),
        syntaxHighlighting(COLOURS),
        THEME,
        EditorView.contentAttributes.of({ "aria-label": "Model, in Python", spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && changed()),
      ],
    });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  set text(text) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    this.view.scrollDOM.scrollTop = 0;
  }

  // Mark a line as wrong, from 1; null removes the mark.
  mark(line, message) {
    this.view.dispatch(setDiagnostics(this.view.state, line === null ? [] : [this.diagnostic(line, message)]));
  }

  diagnostic(line, message) {
    const { doc } = this.view.state;
    const { from, to } = doc.line(Math.min(line, doc.lines));
    return { from, to, severity: "error", message };
  }

  goTo(line) {
    const { doc } = this.view.state;
    const at = doc.line(Math.min(line, doc.lines)).from;
    this.view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    this.view.focus();
  }
}
