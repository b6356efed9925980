"""Words of patterns: templates, phrases and functions, as those of changes are."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.model.language import (
    ModelError,
    Protocol,
    array,
    boolean,
    enumeration,
    index,
    says,
)
from planrace.model.patterns import clock, crash, duplicating, lossy, ordered, timer, unordered


# Words ------------------------------------------------------------------------------------------------------------
def worded(kind: str, words: Any) -> Any:
    """The words of the action that a pattern declares."""
    p = Protocol("worded")
    worker, letter = index("worker", 2), enumeration("letter", "A B")
    p.fault("fault", "it happens")
    if kind == "crash":
        state = p.variable("state", array(worker, boolean()), False)
        return crash(p, [state], fault="fault", by=worker, words=words).says
    if kind == "clock":
        return clock(p, timer(p, "left", 2), words=words).says
    if kind == "ordered":
        return lossy(p, ordered(p, "box", letter, 2, letter.A, over=worker), fault="fault", words=words).says
    return duplicating(p, unordered(p, "box", letter, copies=2), fault="fault", words=words).says


@pytest.mark.parametrize(
    ("kind", "function", "template"),
    [
        ("crash", lambda w: says("{w} is gone", w=w), "{member} is gone"),
        ("clock", lambda: says("goes on"), "goes on"),
        ("ordered", lambda to, m: says("{m} for {to} is lost", m=m, to=to), "{m} for {to} is lost"),
        ("unordered", lambda m: says("{m} comes twice", m=m), "{m} comes twice"),
    ],
)
def test_words_of_patterns_are_given_as_those_of_changes(kind: str, function: Any, template: str) -> None:
    by_function, by_template = worded(kind, function), worded(kind, template)
    names = {"member": "w"} if kind == "crash" else {}
    assert by_function.template == template.replace("{member}", "{w}")
    found = dict(by_template.terms)
    assert all(found[n] is t for n, t in by_function.terms if n not in names.values())
    assert len(by_function.terms) == template.count("{")
    assert worded(kind, says("ready")).template == "ready"


@pytest.mark.parametrize("kind", ["crash", "clock", "ordered", "unordered"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (lambda a, b, c: says("x"), r"words of \w+: the function must take .*write words=lambda.*: says\(…\)"),
        (lambda *_: "gone", r"words of \w+: 'gone' is not says\(…\) \(write words=lambda"),
        (5, r"words of \w+: 5 is not says\(…\)"),
        ("{strange}", "strange"),
    ],
)
def test_wrong_words_of_patterns_are_refused(kind: str, words: Any, message: str) -> None:
    with pytest.raises(ModelError, match=rf"test_pattern_words.py:\d+: .*{message}"):
        worded(kind, words)
