"""The part of a protocol that declares what it refines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.refinement import Refinement, refinement
from planrace.model.language.sorts import Parameter, SizeValue, describe
from planrace.model.language.system import System, Variable

if TYPE_CHECKING:
    from planrace.model.language.protocol import Protocol
    from planrace.model.language.variant import Variant


class Refining:
    """Declares refinements; ``Protocol`` is one, and has what they need."""

    name: str
    parameters: dict[str, Parameter]
    variables: dict[str, Variable]

    if TYPE_CHECKING:

        def _fresh(self, name: str, kind: str, where: Place | None = None) -> None: ...

    def __init__(self) -> None:
        self.refinements: list[Refinement] = []

    def refines(
        self,
        abstract: Protocol | Variant | System,
        mapping: Mapping[Any, Any],
        *,
        sizes: Mapping[Any, SizeValue] | None = None,
        choosing: Mapping[Any, Mapping[str, Any]] | None = None,
        faults: Sequence[str] = (),
        by_default: bool = True,
    ) -> Refinement:
        """Every step of this protocol is a step of ``abstract``, or changes nothing that ``abstract`` has.

        ``mapping`` gives for each variable of ``abstract`` (or its name) a term about the variables of this protocol:
        ``refines(register, {register.value: alias[first(Endpoint)]})``. Members of an index stand for those of the
        index that the terms have there. ``sizes`` gives the size that stands for a parameter of ``abstract``; by
        default that of the same name, or that of the index. ``choosing`` says which value a parameter of an action of
        ``abstract`` has in a step: a step term, or a function of the parameters before it. Otherwise some value will
        do; of a set it must be said. ``faults`` are those of ``abstract`` that are on.

        It is checked with the other properties unless ``by_default`` is False; ``check refine`` asks for it alone.
        Raises ``DefinitionError``.
        """
        system = _system(abstract, faults)
        if system.name == self.name:
            raise DefinitionError(
                f"refines: both protocols are called {self.name}", remedy="give the abstract one a name of its own"
            )
        made = refinement(
            system, mapping, self.parameters, self.variables, sizes=sizes, choosing=choosing, by_default=by_default
        )
        for name in made.names:
            self._fresh(name, "property", made.where)
        self.refinements.append(made)
        return made


def _system(abstract: object, faults: Sequence[str]) -> System:
    """The abstract system with its sizes open."""
    if isinstance(abstract, System):
        if faults:
            raise DefinitionError("refines: the faults of a System are fixed", remedy="pass its Protocol or Variant")
        return abstract
    make = getattr(abstract, "system", None)
    if make is None:
        raise DefinitionError(
            f"refines: {describe(abstract)} is no protocol",
            remedy="pass a Protocol or a variant of one",
        )
    found = make(faults=faults)
    assert isinstance(found, System)
    return found
