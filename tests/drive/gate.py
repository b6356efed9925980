"""A small protocol for tests: two doors, each opened by a key that may be lost; and a driver, which tests damage."""

from __future__ import annotations

from typing import Any

from planrace import (
    Protocol,
    Refused,
    Step,
    Term,
    array,
    enumeration,
    index,
    integers,
    optional,
    outcome,
    step,
    subsets,
    update,
    when,
)

protocol = Protocol("gate", "doors and keys")
doors = protocol.parameter("doors", 2, 1, 3)
Door = index("door", doors)
Side = enumeration("side", ["SHUT", "OPEN"])

side = protocol.variable("side", array(Door, Side), Side.SHUT)
holder = protocol.variable("holder", optional(Door), None, "the door in which the key is")
used = protocol.variable("used", integers(0, 2), 0)
worn = protocol.variable("worn", subsets(Door), set())


@protocol.action(Door, by="guard")
def turn(d: Term) -> Step:
    return step(
        when(holder == None),  # noqa: E711
        update(holder, d),
        outcome("jammed", when(d.isin(worn)), update(side[d], Side.SHUT)),
        outcome("opened", update(side[d], Side.OPEN), update(worn, worn | {d})),
    )


@protocol.action(by="guard")
def take() -> Step:
    return step(when(holder != None, used < 2), update(holder, None), update(used, used + 1))  # noqa: E711


@protocol.action(Door, by="wind")
def blow(d: Term) -> Step:
    return step(when(side[d] == Side.OPEN, holder == None), update(side[d], Side.SHUT))  # noqa: E711


class Gate:
    """Ordinary code."""

    def __init__(self, doors: int) -> None:
        self.open = dict.fromkeys(range(1, doors + 1), False)
        self.key: int | None = None
        self.used = 0
        self.worn: set[int] = set()

    def turn(self, d: int) -> str:
        if self.key is not None:
            raise Refused("the key is in use")
        self.key = d
        self.open[d] = d not in self.worn
        jammed = d in self.worn
        self.worn.add(d)
        return "jammed" if jammed else "opened"

    def take(self) -> None:
        if self.key is None or self.used == 2:
            raise Refused("there is no key to take")
        self.key = None
        self.used += 1

    def blow(self, d: int) -> None:
        if not self.open[d] or self.key is not None:
            raise Refused("nothing moves")
        self.open[d] = False


class Driver:
    """Performs everything and observes everything."""

    refuses: Any = True
    made: Any = Gate

    def __init__(self, doors: int) -> None:
        self._doors = doors
        self._gate = self.made(doors)

    def reset(self) -> None:
        self._gate = self.made(self._doors)

    def turn(self, d: int) -> str | None:
        found: str | None = self._gate.turn(d)
        return found

    def take(self) -> None:
        self._gate.take()

    def blow(self, d: int) -> None:
        self._gate.blow(d)

    def observe(self) -> dict[str, Any]:
        gate = self._gate
        return {
            "side": ["OPEN" if x else "SHUT" for x in gate.open.values()],
            "holder": gate.key,
            "used": gate.used,
            "worn": gate.worn,
        }
