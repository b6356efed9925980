// What the page takes from other projects; build_playground.py makes one file of it.
export { indentWithTab } from "@codemirror/commands";
export { python } from "@codemirror/lang-python";
export { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
export { lintGutter, setDiagnostics } from "@codemirror/lint";
export { Prec } from "@codemirror/state";
export { keymap } from "@codemirror/view";
export { tags } from "@lezer/highlight";
export { basicSetup, EditorView } from "codemirror";
