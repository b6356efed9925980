"""How operators and comments of TLA⁺ are spelled."""

from __future__ import annotations

import re
import textwrap

OPERATORS = {
    "\\land": "/\\",
    "\\lor": "\\/",
    "\\lnot": "~",
    "\\neg": "~",
    "/=": "#",
    "\\neq": "#",
    "=<": "<=",
    "\\leq": "<=",
    "\\geq": ">=",
    "\\intersect": "\\cap",
    "\\union": "\\cup",
    "\\times": "\\X",
    "\\circ": "\\o",
    "\\equiv": "<=>",
    "∧": "/\\",
    "∨": "\\/",
    "¬": "~",
    "≠": "#",
    "≤": "<=",
    "≥": ">=",
    "∩": "\\cap",
    "∪": "\\cup",
    "×": "\\X",
    "∈": "\\in",
    "∉": "\\notin",
    "⊆": "\\subseteq",
    "⇒": "=>",
    "⇔": "<=>",
    "□": "[]",
    "◇": "<>",
    "⇝": "~>",
    "‥": "..",
}
"""Other spellings of an operator."""


def comment_text(raw: str) -> str:
    """A comment without its marks and frames of stars."""
    lines = []
    for line in raw.splitlines():
        plain = re.sub(r"^\s*\(\*+\)\s*$", "", line)
        plain = re.sub(r"^\s*\\\*+ ?", "", plain)
        plain = re.sub(r"^\s*\(\*+", "", plain)
        plain = re.sub(r"\*+\)\s*$", "", plain)
        if plain.strip().strip("*-=~"):
            lines.append(plain.rstrip())
    return textwrap.dedent("\n".join(lines)).strip()
