"""Options: what a protocol leaves open besides its sizes, chosen by a word for each run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from planrace.model.language.change_functions import changing
from planrace.model.language.changes import Changes
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.names import meant, usable


@dataclass(eq=False)
class Choice:
    """A value of an option, with its effect on the protocol. Variables and actions that are declared ``only`` for a
    choice exist in systems that have chosen it."""

    option: str
    name: str
    meaning: str
    effect: Callable[[Changes], None] | None = None

    def change(self, effect: Callable[[Changes], None]) -> Choice:
        """Decorator: the function changes the system if this choice is made."""
        changing(effect, f"{self.option}={self.name}")
        if self.effect is not None:
            raise DefinitionError(
                f"{self.option}={self.name} is changed by two functions, {self.effect.__name__} and {effect.__name__}",
                remedy="let one function say all that changes",
            )
        self.effect = effect
        return self


@dataclass(eq=False)
class Option:
    """A choice between named values; the first is the default."""

    name: str
    meaning: str
    choices: dict[str, Choice] = field(default_factory=dict)
    where: Place | None = None

    @property
    def default(self) -> str:
        return next(iter(self.choices))

    def choice(self, name: str, meaning: str) -> Choice:
        """Declare another value."""
        usable(name, "choice")
        if name in self.choices:
            raise DefinitionError(f"option {self.name}: {name} is declared twice", remedy="rename one of the two")
        made = Choice(self.name, name, meant(meaning, f"choice {name}"))
        self.choices[name] = made
        return made


def picked(options: Mapping[str, Option], given: Mapping[str, str], protocol: str) -> list[Choice]:
    """The choices that are not the defaults, in the order of the options; raises ``ModelError`` for unknown ones."""
    from planrace.model.language.errors import known

    for name, value in given.items():
        known(name, options, f"option of {protocol}")
        known(value, options[name].choices, f"choice of {name}")
    wanted = [(o, given.get(n, o.default)) for n, o in options.items()]
    return [o.choices[value] for o, value in wanted if value != o.default]


def check_only(only: object, options: Mapping[str, Option], what: str) -> None:
    """Refuse an ``only`` that is not a choice of these options: what is declared with it would never exist."""
    if only is not None and not any(c is only for o in options.values() for c in o.choices.values()):
        raise DefinitionError(
            f"{what}: only={only.name if isinstance(only, Choice) else repr(only)} is not a choice of an option",
            remedy="name what option.choice(…) has returned, without quotes",
        )
    if isinstance(only, Choice) and options[only.option].default == only.name:
        raise DefinitionError(
            f"{what}: only={only.name} is the default of {only.option}",
            remedy="leave only= out, and let the other choices remove what they lack: change.remove(…)",
        )


def exists_in(only: Choice | None, chosen: Iterable[Choice]) -> bool:
    """Whether what is declared ``only`` for a choice exists."""
    return only is None or any(c is only for c in chosen)
