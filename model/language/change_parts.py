"""What a change adds to outcomes, and what it has."""

from __future__ import annotations

from dataclasses import replace

from planrace.model.language.actions import Action, Outcome, Says, Step, Update, check_once
from planrace.model.language.author_code import called, shown
from planrace.model.language.chosen_composites import called_by
from planrace.model.language.composite import Composite
from planrace.model.language.errors import DefinitionError
from planrace.model.language.ledger import handed_on
from planrace.model.language.sorts import Parameter
from planrace.model.language.terms import Term


def joined(ending: Outcome, added: tuple[Update, ...], what: str) -> Outcome:
    """The outcome with further updates. Raises ``DefinitionError`` if they assign what it assigns already."""
    try:
        return replace(ending, updates=check_once((*ending.updates, *added)))
    except DefinitionError as twice:
        raise DefinitionError(
            f"{what}: {twice.what}",
            where=twice.where,
            remedy="change what the action assigns by change.value, or drop it by change.forget",
        ) from None


def public_names(of: type) -> list[str]:
    """The names of a class without those that begin with _."""
    return [n for n in vars(of) if not n.startswith("_")]


def evaluated(reason: str, action: Action, given: object, form: str, what: str, *first: Term) -> object:
    """Evaluate ``given`` for the parameters of ``action``, preceded by ``first``; what does not depend on them need
    not be a function. ``form`` shows how such a function is written."""
    if isinstance(given, Term | Composite | Outcome | Step | Parameter | int | set | frozenset) or given is None:
        return given
    form = _with_names(form, action, *("assigned" for _ in first))
    return called(given, (*first, *(action.given or action.parameters)), f"{reason}: {what}", form)


def _with_names(form: str, action: Action, *first: str) -> str:
    """The form with the names of what a function about the action gets. It is no template: names of actions and
    outcomes stand in it, and may have braces."""
    names = ", ".join((*first, *map(called_by, action.given or action.parameters)))
    return form.replace("lambda {}:", f"lambda {names}:" if names else "lambda:")


def position(reason: str, action: Action, ending: str) -> int:
    """Where an outcome stands in an action. Raises ``DefinitionError`` if it has none of this name."""
    for at, o in enumerate(action.outcomes):
        if o.name == ending:
            return at
    names = ", ".join(action.outcome_names) or "none with a name"
    raise DefinitionError(f"{reason}: {action.name} has no outcome {ending}", remedy=f"there are: {names}")


def of_name(reason: str, action: Action, ending: str | None) -> tuple[Outcome, ...]:
    """The outcomes of this name, or all. Raises ``DefinitionError`` if there is none of this name."""
    if ending is None:
        return action.outcomes
    position(reason, action, ending)
    return tuple(o for o in action.outcomes if o.name == ending)


def step_of(reason: str, action: Action, steps: object, form: str, what: str) -> Step:
    """A step that is inserted, given directly or as a function of the parameters of ``action``."""
    body = evaluated(reason, action, steps, form, what) if callable(steps) else steps
    if not isinstance(body, Step):
        raise DefinitionError(
            f"{reason}: {what}: {shown(body)} is not a step", remedy=f"write {_with_names(form, action)}"
        )
    handed_on(body)
    return body


def words_of(reason: str, action: Action, given: object, method: str = "updates") -> Says:
    """Words for an action, given directly or as a function of its parameters, to this method of a change."""
    said = "lambda {}: says(…)"
    form = f'change.{method}("{action.name}", {said if method == "words" else f"…, words={said}"})'
    what = f"words of {action.name}"
    found = evaluated(reason, action, given, form, what) if callable(given) else given
    if not isinstance(found, Says):
        raise DefinitionError(
            f"{reason}: {what}: {shown(found)} is not says(…)", remedy=f"write {_with_names(form, action)}"
        )
    return found
