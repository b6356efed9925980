"""The form of a file of facts, and reading one. Errors name the file, the line, the key and the remedy."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from planrace.checker.run.ranges import shortened
from planrace.model.language import ModelError, Place
from planrace.model.language.errors import near

Condition = Annotated[str, Meta(description="An expression about a step (docs/postmortem.md).")]
Text = Annotated[str, Meta(min_length=1)]


class EventEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One of several events that a fact consists of."""

    step: Condition
    after: Annotated[list[str], Meta(description="Facts that happen before it.")] = []
    since: Annotated[list[str], Meta(description="Facts that happen before it, or by the same step.")] = []
    without: Annotated[
        Condition | None, Meta(description="No step between the one fact of after and this event is like this.")
    ] = None


class FactEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A fact: something that happened. It has a step, or several in their order."""

    id: Annotated[Text, Meta(description="A short name, such as F1.")]
    text: Annotated[Text, Meta(description="The fact as a sentence.")]
    step: Annotated[Condition | None, Meta(description="The step that shows the fact.")] = None
    steps: Annotated[
        list[Condition | EventEntry] | None, Meta(description="Several steps that show it, in this order.")
    ] = None
    after: Annotated[list[str], Meta(description="Facts before it in this file that happen earlier.")] = []
    since: Annotated[list[str], Meta(description="Facts that happen earlier, or by the same step.")] = []
    without: Annotated[
        Condition | None, Meta(description="No step between the one fact of after and this one is like this.")
    ] = None
    optional: Annotated[bool, Meta(description="A run may show the story without it.")] = False
    only: Annotated[
        dict[str, str], Meta(description='Options of the protocol with which the fact exists: { operator = "on" }.')
    ] = {}


class ClaimEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A claim about everything that can follow a fact."""

    id: Annotated[Text, Meta(description="A short name, such as F11.")]
    text: Annotated[Text, Meta(description="The claim as a sentence.")]
    never: Annotated[Condition, Meta(description="No step that follows is like this.")]
    after: Annotated[str, Meta(description="The fact after which it is claimed.")]
    by: Annotated[
        list[str] | None,
        Meta(description="Tags or names of actions that may follow; default: all actions but those of faults."),
    ] = None
    only: Annotated[dict[str, str], Meta(description="Options of the protocol with which the claim exists.")] = {}


class FactsFile(msgspec.Struct, forbid_unknown_fields=True):
    """The facts of an incident."""

    title: Annotated[Text, Meta(description="What happened, such as: the outage of 20 October 2025.")]
    fact: Annotated[list[FactEntry], Meta(min_length=1, description="The facts, in an order that after can refer to.")]
    claim: Annotated[list[ClaimEntry], Meta(description="Claims about what follows.")] = []
    roles: Annotated[dict[str, str], Meta(description="Names of parts in the story, each with its sort.")] = {}
    where: Annotated[Condition | None, Meta(description="What holds of the roles, such as: first != second.")] = None
    let: Annotated[dict[str, Condition], Meta(description="Names for expressions that several facts use.")] = {}
    source: Annotated[str, Meta(description="Where the facts are from.")] = ""


@dataclass(frozen=True)
class IncidentFacts:
    """A file of facts that was read. ``place`` says where something is written in it."""

    path: str
    file: FactsFile
    lines: tuple[str, ...]

    def place(self, table: str = "", number: int = 0, key: str = "") -> Place:
        """The line of a key of the ``number``-th table of this name (``fact``, ``claim``), or of ``[roles]`` and
        ``[let]``, as far as it is written as usual; else that of the table. ``tomllib`` does not keep lines."""
        bare = [re.sub(r"#.*", "", line).strip() for line in self.lines]
        heads = [k for k, line in enumerate(bare) if re.fullmatch(r"\[+[^\[\]]*\]+", line)]
        own = [k for k in heads if re.sub(r"[\s\[\]]", "", bare[k]) == table]
        begin = -1 if not table else own[number] if number < len(own) else None
        if begin is None:
            return Place(self.path, 1)
        end = next((k for k in heads if k > begin), len(bare))
        found = (k for k in range(begin + 1, end) if key and re.match(rf'"?{re.escape(key)}"?\s*[=.]', bare[k]))
        return Place(self.path, max(1, next(found, begin) + 1))


EXAMPLE = '[[fact]] and below it id = "F1", text = "…" and step = "…"'
WORDS = {
    "array": "a list",
    "object": "a table",
    "str": "a text",
    "int": "a whole number",
    "bool": "true or false",
}
"""What msgspec calls a type, and what TOML calls it."""
TABLES: dict[str, type[msgspec.Struct]] = {"fact": FactEntry, "claim": ClaimEntry}


def read_facts(path: str | Path) -> IncidentFacts:
    """A file of facts. Raises ``ModelError``."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or (
            "it is not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem)
        )
        raise ModelError(
            f"cannot read the facts {path}: {why}", remedy="docs/postmortem.md shows such a file"
        ) from None
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        reason = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise ModelError(f"{path} is not TOML: {reason}", remedy="correct it") from None
    try:
        found = msgspec.convert(data, FactsFile)
    except msgspec.ValidationError as problem:
        raise _untyped(str(problem), data, IncidentFacts(str(path), _nothing(), tuple(text.splitlines()))) from None
    facts = IncidentFacts(str(path), found, tuple(text.splitlines()))
    _check(facts)
    return facts


def _nothing() -> FactsFile:
    return FactsFile("", [])


def _check(facts: IncidentFacts) -> None:
    """What the types of the keys do not say."""
    for n, f in enumerate(facts.file.fact):
        if (f.step is None) == (not f.steps):
            what = "has a step and steps" if f.step is not None else "has no step"
            remedy = "leave one of them out" if f.step is not None else 'write step = "…", or steps = ["…", "…"]'
            raise ModelError(f"fact {f.id} {what}", where=facts.place("fact", n), remedy=remedy)
        if f.steps and f.without is not None:
            what, remedy = f"fact {f.id} has several steps and without", "write { step = …, after = […], without = … }"
            raise ModelError(what, where=facts.place("fact", n, "without"), remedy=remedy)
    if all(f.optional for f in facts.file.fact):
        raise ModelError(
            "every fact is optional", where=facts.place(), remedy="leave optional out where it must be shown"
        )


def _untyped(message: str, data: dict[str, Any], facts: IncidentFacts) -> ModelError:
    """The error for a message of msgspec, such as "Expected `str`, got `int` - at `$.fact[0].step`"."""
    what, _, at = message.partition(" - at ")
    found = re.fullmatch(r"`\$(?:\.(fact|claim)(?:\[(\d+)\])?)?\.?([\w-]*).*`", at)
    table, n, key = (found[1] or "", int(found[2] or 0), found[3]) if found else ("", 0, "")
    entry = f"{table} {n + 1}" if found and found[2] else "the file"
    of = TABLES[table] if found and found[2] else FactsFile
    values = data[table][n] if found and found[2] else data
    unknown = re.search(r"unknown field `(.*)`", what)
    missing = re.search(r"missing required field `(.*)`", what)
    if unknown is not None:
        inner = EventEntry if key == "steps" else of
        where = facts.place(table, n, unknown[1])
        return ModelError(
            f"{entry}: {unknown[1]} is no key here", where=where, remedy=near(unknown[1], inner.__struct_fields__)
        )
    if missing is not None or (table == "fact" and "length" in what):
        name = missing[1] if missing is not None else "fact"
        remedy = f"write {EXAMPLE}" if name == "fact" else f"write {name} = …"
        return ModelError(f"{entry} has no {name}", where=facts.place(table, n), remedy=remedy)
    types = re.findall(r"`([^`]+)`", what)
    given = values.get(key or table) if isinstance(values, dict) else values
    if what.startswith("Expected") and types:
        kinds = [WORDS.get(t, t) for t in types[0].split(" | ") if t != "null"]
        what = f"is not {' or '.join(kinds)}: {shortened(given)}" if "length" not in what else "is empty"
    where = facts.place(table, n, key)
    return ModelError(
        f"{entry}: {key or table} {what}", where=where, remedy="docs/facts.schema.json describes the file"
    )
