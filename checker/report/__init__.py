"""Reports: the same answers for people (text) and for programs (JSON). They know traces and verdicts, no engine."""

from .document import document, sentence
from .json import plain as to_plain
from .json import render_json, to_json, trace_json
from .output import OutputError, OutputPlace, write_whole
from .plain import render_plain
from .proofs import matrix_document, matrix_json

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
