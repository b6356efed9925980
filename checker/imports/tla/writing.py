"""A translation as a module of Python that a person would have written."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from planrace.checker.imports.tla.calling import Helper
from planrace.checker.imports.tla.code import WIDTH, PlainCode, PyCode, call, conjuncts
from planrace.checker.imports.tla.fairness import Rendered
from planrace.checker.imports.tla.names import GivenNames
from planrace.checker.imports.tla.temporal import Promise
from planrace.checker.imports.tla.translation import Translation, lines_of, tidied


def written(found: Translation, source: str, command: str) -> str:
    """The module. ``source`` is the file that was read, ``command`` what translated it."""
    names = _Writer(found, source)
    body = "\n".join(names.body())
    used = sorted((n for n in _IMPORTED if re.search(rf"\b{n}\b", body)), key=lambda n: (not n[0].isupper(), n))
    imports = "from planrace import (\n" + "".join(f"    {n},\n" for n in used) + ")\n"
    return f"{names.head(command)}\n{imports}\n{body}"


_IMPORTED = [
    "If",
    "Protocol",
    "Step",
    "Term",
    "anything",
    "array",
    "boolean",
    "both",
    "count",
    "each",
    "either",
    "enabled",
    "enumeration",
    "eventually",
    "eventually_always",
    "everything",
    "exists",
    "forall",
    "infinitely_often",
    "integers",
    "invariant",
    "leads_to",
    "least",
    "one_of",
    "primed",
    "record",
    "sequence",
    "size_of",
    "step",
    "step_invariant",
    "strong",
    "subsets",
    "such_that",
    "sum_of",
    "update",
    "weak",
    "when",
]


class _Writer:
    def __init__(self, found: Translation, source: str) -> None:
        self.found, self.source = found, source
        self.module = found.spec.root.name

    def head(self, command: str) -> str:
        lines = [f"{self.module}, read from {self.source}.", "", f"    {command}"]
        missing = [line for entry in lines_of(self.found) for line in entry.splitlines()]
        if missing:
            lines += ["", "NOT TRANSLATED, so this is not the whole specification:", "", *missing]
        if self.found.notes:
            lines += ["", "To know:", ""]
            lines += [w for n in self.found.notes for w in textwrap.wrap(f"* {n}", WIDTH - 2, subsequent_indent="  ")]
        text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        return f'"""{text}\n"""\n\nfrom __future__ import annotations\n'

    def body(self) -> Iterator[str]:
        found = self.found
        yield from _comment(found.spec.root.comment.splitlines()[:30])
        yield f'protocol = Protocol("{self.module}", "{self.module}, read from {self.source}")'
        yield ""
        for d in found.sorts:
            yield f"{d.name} = {d.code.after(0, len(d.name) + 3)}"
        if found.sorts:
            yield ""
        for name, code, sort, initial, comment in found.variables:
            args = [PlainCode(_text(name)), sort, initial]
            if comment:
                args.append(PlainCode(_text(" ".join(comment.split()))))
            yield f"{code} = {call('protocol.variable', *args).after(0, len(code) + 3)}"
        for condition in found.conditions:
            tidy = tidied(condition, frozenset(), found_names(found))
            yield f"{call('protocol.initially', tidy).block(0)}"
        for helper in found.helpers:
            yield from self._helper(helper)
        for action in found.actions:
            yield from self._action(action)
        yield ""
        yield from self._properties()
        for choice in found.choices:
            names = [PlainCode(n) for n in choice.actions] or [PlainCode("everything")]
            yield f"protocol.fair({call(choice.kind, *names).after(0, 15)})"
        if not found.spec.config.checks_deadlock:
            yield "protocol.final(both())  # CHECK_DEADLOCK FALSE: a run may end anywhere"
        yield ""

    def _helper(self, helper: Helper) -> Iterator[str]:
        body = tidied(helper.body.code, frozenset(helper.params), found_names(self.found))
        yield ""
        if not helper.params:
            yield from _comment(helper.comment.splitlines())
            yield f"{helper.name} = {body.after(0, len(helper.name) + 3)}"
            return
        yield ""
        yield from _comment(helper.comment.splitlines())
        yield f"def {helper.name}({', '.join(f'{p}: Term' for p in helper.params)}) -> Term:"
        yield f"    return {body.after(4, 7)}"
        yield ""

    def _action(self, action: Rendered) -> Iterator[str]:
        yield ""
        yield ""
        title = action.titles[-1] if action.titles else None
        if title is not None:
            yield from _comment(title.comment.splitlines())
        sorts: list[PyCode] = [b.over for b in action.binders]
        decorator = call(
            "protocol.action", *sorts, by=PlainCode(_text(self.module)), fairness=PlainCode(f'"{action.fairness}"')
        )
        yield f"@{decorator.block(1)}"
        params = ", ".join(f"{b.name}: Term" for b in action.binders)
        yield f"def {action.name}({params}) -> Step:" + (f"  # line {title.line}" if title is not None else "")
        parts: list[PyCode] = []
        guards = list(dict.fromkeys(c for g in action.guards for c in conjuncts(g)))
        if guards:
            parts.append(call("when", *guards))
        parts += [call("update", place, value) for place, value in action.updates]
        yield f"    return {_lines('step', parts, 4) if parts else 'step()'}"

    def _properties(self) -> Iterator[str]:
        for t in self.found.trivial:
            yield from _comment([f"{t.name}, line {t.line}: {t.why}."])
        parts = [self._promise(p) for p in self.found.promises]
        if not parts:
            title = self.found.trivial[0].name if self.found.trivial else "no-error"
            why = "no value leaves the sort of its variable, and no term is an error"
            parts = [call("invariant", PlainCode(_text(title)), call("both"), PlainCode(_text(why)))]
        if parts:
            yield f"{_lines('protocol.declare', parts, 0)}"

    def _promise(self, promise: Promise) -> PyCode:
        comment = " ".join(promise.comment.split())
        meaning = comment if 0 < len(comment) < 100 else f"{promise.name}, line {promise.line} of {self.source}"
        return call(promise.kind, PlainCode(_text(promise.name)), *promise.terms, PlainCode(_text(meaning)))


def found_names(found: Translation) -> GivenNames:
    """The names of the module, which bound variables keep away from."""
    names = GivenNames()
    for d in found.sorts:
        names.top(d.name)
    for _, code, *_ in found.variables:
        names.top(code)
    return names


def _lines(function: str, parts: list[PyCode], indent: int) -> str:
    """A call with one argument a line."""
    inner = indent + 4
    lines = [f"{' ' * inner}{p.block(inner)}," for p in parts]
    return "\n".join([f"{function}(", *lines, f"{' ' * indent})"])


def _comment(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        for piece in textwrap.wrap(line, WIDTH - 2, drop_whitespace=False) or [""]:
            yield f"# {piece}".rstrip()


def _text(words: str) -> str:
    """A literal, in double quotes where that needs no more escapes."""
    plain = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
