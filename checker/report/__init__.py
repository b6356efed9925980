"""Reports: the same answers for people (text) and for programs (JSON). They know traces and verdicts, no engine."""

from planrace.checker.report.json.proofs import matrix_json
from planrace.checker.report.json.write import plain as to_plain
from planrace.checker.report.json.write import render_json, to_json, trace_json
from planrace.checker.report.output import OutputError, OutputPlace, write_whole
from planrace.checker.report.text.document import document, sentence
from planrace.checker.report.text.plain import render_plain
from planrace.checker.report.text.proofs import matrix_document

__all__ = [
    "OutputError",
    "OutputPlace",
    "document",
    "matrix_document",
    "matrix_json",
    "render_json",
    "render_plain",
    "sentence",
    "to_json",
    "to_plain",
    "trace_json",
    "write_whole",
]
