"""Drawing sorts, sizes and initial values."""

from __future__ import annotations

from random import Random
from typing import Any

from .description import BOOL, Bound, Linear, Parameter, Sort, bound_at
from .names import Names

WIDE = (
    (0, 2**40),
    (0, 2**32 - 1),
    (1, 2**32),
    (-(2**31), 2**31 - 1),
    (0, 2**62 - 1),
    (2**62 - 2, 2**62 + 1),
    (0, 2**62),
    (2**63 - 3, 2**63),
    (0, 2**63 - 1),
    (0, 2**64 - 1),
    (-(2**63), 2**63 - 1),
    (-(2**62), 3),
    (10**12, 10**12 + 5),
)
FULL = ((0, 63), (1, 64), (0, 31), (0, 30), (1, 32), (0, 47))


class Sorts:
    """The sorts of one system; ``features`` says what is drawn more often."""

    def __init__(self, rng: Random, names: Names, features: frozenset[str]) -> None:
        self.rng, self.names, self.features = rng, names, features
        self.parameters: list[Parameter] = []
        self.indices: list[Sort] = []
        self.enums: list[Sort] = []
        self.numbers: list[Sort] = []
        if "limits" in features or rng.random() < 0.25:
            self.parameters = [self._parameter() for _ in range(rng.choice((1, 1, 2)))]
        self._indices()
        for _ in range(rng.choice((0, 1, 1, 2))):
            size = 1 if "one" in features and rng.random() < 0.7 else rng.choice((2, 3, 3, 4))
            members = tuple(names.member(f"M{len(self.enums)}{n}") for n in range(size))
            self.enums.append(Sort("enum", names.title("colour", "sort"), members=members))
        self.numbers = [self._number() for _ in range(rng.choice((1, 2, 2, 3)))]

    def bounds(self, sort: Sort) -> tuple[int, int]:
        """Least and greatest value of a scalar in the instance."""

        def size(b: Bound) -> int:
            return bound_at(b, {p.name: p.value for p in self.parameters})

        if sort.kind == "bool":
            return 0, 1
        if sort.kind == "enum":
            return 0, len(sort.members) - 1
        if sort.kind == "maybe":
            return 0, size(sort.element.high)
        return size(sort.low), size(sort.high)

    def _parameter(self) -> Parameter:
        low = self.rng.choice((1, 1, 1, 2))
        high = low + self.rng.choice((0, 1, 2, 3))
        value = self.rng.choice((low, high)) if "limits" in self.features else self.rng.randint(low, high)
        return Parameter(self.names.word("size"), low, self.rng.randint(low, high), high, value)

    def _size(self) -> Bound:
        if self.parameters and self.rng.random() < 0.5:
            name = self.rng.choice(self.parameters).name
            return Linear(1, name, 1) if self.rng.random() < 0.2 else name
        if "one" in self.features and self.rng.random() < 0.4:
            return 1
        return self.rng.choice((2, 3, 3))

    def _indices(self) -> None:
        wanted = []
        if "symmetric" in self.features:
            wanted += ["symmetric"] * self.rng.choice((1, 2, 2))
        if "ordered" in self.features:
            wanted += ["ordered"]
        if not wanted or self.rng.random() < 0.3:
            wanted += [self.rng.choice(("symmetric", "ordered", ""))]
        for kind in wanted:
            name, size = self.names.title("node", "sort"), self._size()
            self.indices.append(Sort("index", name, 1, size, symmetric=kind == "symmetric", ordered=kind == "ordered"))

    def _number(self) -> Sort:
        rng = self.rng
        if "wide" in self.features and rng.random() < 0.6:
            low, high = rng.choice(WIDE)
            return Sort("int", self.names.title("number", "number"), low, high)
        if self.parameters and rng.random() < 0.5:
            p = rng.choice(self.parameters)
            ranges: list[tuple[Bound, Bound]] = [(0, p.name), (1, p.name), (p.name, p.high + 1), (-1, p.name)]
            ranges += [(0, Linear(1, p.name, 1)), (Linear(1, p.name, -1), Linear(2, p.name, 0))]
            return Sort("int", self.names.title("number", "number"), *rng.choice(ranges))
        if "one" in self.features and rng.random() < 0.3:
            low = rng.choice((-1, 0, 3))
            return Sort("int", self.names.title("number", "number"), low, low)
        low = rng.choice((0, 0, 0, 1, 1, -1, -2, 5))
        return Sort("int", self.names.title("number", "number"), low, low + rng.choice((1, 2, 3, 3, 4, 6)))

    # What variables have ---------------------------------------------------------------------------------------
    def scalar(self, *, small: bool = False) -> Sort:
        """A scalar sort that a variable can have; ``small``: of few values."""
        rng = self.rng
        options: list[Sort] = [BOOL, *self.enums, *self.numbers, *self.numbers]
        options += [s for s in self.indices if s.ordered]
        weight = 3 if "optional" in self.features else 1
        options += [Sort("maybe", of=s) for s in self.indices] * weight
        if small:
            options = [s for s in options if self._count(s) <= 4] or [BOOL]
        return rng.choice(options)

    def domain(self) -> Sort:
        """What an array is over."""
        rng = self.rng
        options = [*self.indices, *self.indices, *self.enums, *(s for s in self.numbers if self._count(s) <= 4)]
        if "truth arrays" in self.features:
            options += [BOOL] * 4
        if "optional" in self.features:
            options += [Sort("maybe", of=s) for s in self.indices]
        return rng.choice(options)

    def set(self) -> Sort:
        """A set sort."""
        rng = self.rng
        if "full words" in self.features and rng.random() < 0.6:
            low, high = rng.choice(FULL)
            return Sort("set", of=Sort("int", self.names.title("wide", "number"), low, high))
        options = [s for s in (*self.enums, *self.numbers) if self.bounds(s)[0] >= 0 and self._count(s) <= 6]
        options = [s for s in options if isinstance(s.low, int)]
        options += [*self.indices, *self.indices, BOOL]
        if "sets of optional" in self.features:
            options += [Sort("maybe", of=s) for s in self.indices] * 4
        return Sort("set", of=rng.choice(options))

    def any(self) -> Sort:
        """A sort for a variable."""
        symmetric = [s for s in self.indices if s.symmetric]
        if len(symmetric) > 1 and self.rng.random() < 0.4:
            one, other = self.rng.sample(symmetric, 2)
            return Sort("array", of=Sort("maybe", of=other), domain=one)
        roll = self.rng.random()
        if "full words" in self.features and roll < 0.5:
            return self.set()
        if "rows" in self.features and roll < 0.4:
            return Sort(
                "array", of=Sort("array", of=self.scalar(small=True), domain=self.domain()), domain=self.domain()
            )
        if roll < 0.45:
            return self.scalar()
        if roll < 0.6:
            return self.set()
        inner = self.set() if self.rng.random() < 0.15 else self.scalar(small=self.rng.random() < 0.8)
        return Sort("array", of=inner, domain=self.domain())

    def _count(self, sort: Sort) -> int:
        low, high = self.bounds(sort)
        return high - low + 1

    # Initial values --------------------------------------------------------------------------------------------
    def initially(self, sort: Sort) -> Any:
        """A value that it, or each of its elements, may start with; with the feature also one that it may not."""
        rng = self.rng
        while sort.kind == "array":
            sort = sort.element
        beyond = "beyond" in self.features and rng.random() < 0.25
        if sort.kind == "set":
            low, high = self.bounds(sort.element)
            if sort.element.kind in ("index", "maybe"):
                return frozenset()
            members = range(low, min(high, low + 70) + 1)
            kind = rng.choice(("empty", "empty", "full", "some", "ends"))
            found = {
                "empty": [],
                "full": list(members),
                "some": [m for m in members if rng.random() < 0.5],
                "ends": [low, high],
            }[kind]
            if beyond and sort.element.kind == "int":
                found.append(rng.choice((high + 1, low - 1, high + 6)))
            return frozenset(found)
        low, high = self.bounds(sort)
        if sort.kind == "maybe":
            return 0
        if sort.kind == "index":
            return rng.choice((1, high))
        if beyond and sort.kind == "int":
            return rng.choice((high + 1, low - 1))
        return rng.choice((low, high, low, rng.randint(low, high)))
