"""The step function of an instance as ``explicit/codegen.py`` writes it, over states in 64-bit words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from planrace.checker.engines.explicit.codegen import Emitter, Slot
from planrace.checker.engines.explicit.expressions import Code, Mask, Number, Truth, as_number, number
from planrace.checker.engines.explicit.lines import Plain, Record
from planrace.checker.engines.explicit.lower import Lowering, Scope
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.engines.native.intrinsics import INFO, INFO_SEEN
from planrace.checker.semantics.packing import WORD, Field, Layout
from planrace.model.language import Action, Instance, Op, Term

WIDEST = 512
"""The largest set, in elements, that machine code supports; operations on larger ones take long to compile."""
GREATEST = 2**62
"""A bound for the absolute value of numbers, so that sums and differences of two fit into a word."""
FAN = 16
"""The largest number of branches on the values of one field."""
LEAF = 12
"""The number of lines up to which executing them without effect is faster than a branch."""
CONTROL = 9
"""The number of bits of ``control``, which groups states by the actions that they enable."""
TERMS = 62
"""The number of terms whose truth values fit into one word."""


def banks(watch: Watch) -> int:
    """The number of further information words for what was met."""
    return -(-len(watch.met) // TERMS)


class UnsupportedError(Exception):
    """An instance does not fit into machine words; another engine must be used."""


class WordLowering(Lowering):
    """A lowering that refuses values that do not fit into words."""

    def lower(self, term: Term, scope: Scope) -> Code:
        code = super().lower(term, scope)
        if isinstance(code, Mask) and code.high - code.low >= WIDEST:
            raise UnsupportedError(f"the set {term} may have more than {WIDEST} elements")
        if isinstance(code, Number) and max(-code.low, code.high) >= GREATEST:
            most = f"great as {code.high:,}" if code.high >= GREATEST else f"small as {code.low:,}"
            raise UnsupportedError(f"the number {term} may be as {most}")
        return code


class WordEmitter(Emitter):
    """``expand(s, out, info)``: writes successors one after the other to ``out``; bit k of info[INFO_SEEN] is set when
    state term k, or step term k - (number of state terms), holds; returns how many successors there are."""

    lowers = WordLowering

    def __init__(self, instance: Instance, layout: Layout, watch: Watch, *, words: int) -> None:
        super().__init__(instance, layout, watch)
        self.words = words
        self.switched: list[Field] = []

    def control(self) -> tuple[str, int]:
        """The source of ``control(s)`` (call it after ``source``): the fields that guards compare, side by side, and
        the number of its values. At most CONTROL bits."""
        parts, width = [], 0
        for field in self.switched:
            if width + field.width <= CONTROL:
                parts.append(f"(s[{field.word}] >> {field.shift} & {field.mask}) << {width}")
                width += field.width
        return f"def control(s):\n return {' | '.join(parts) or 0}\n", 1 << width

    def _steps(self, scope: Scope) -> Iterator[str]:
        """Actions whose guards compare the same field are grouped by its value, so that machine code branches once for
        all of them: mispredicted branches are most of the cost of expanding a state."""
        rest: list[tuple[Action, Scope]] = []
        groups: dict[Slot, list[tuple[Action, Scope]]] = {}
        for action, inner in self._openings.instances(scope):
            look_at_the_clock()
            place = self._switch_field(action, inner)
            (rest if place is None else groups.setdefault(place, [])).append((action, inner))
        self.switched = [self.layout.fields[p] for p in groups]
        for place, members in groups.items():
            yield from self._split(place, scope, partial(self._all, members))
        yield from self._all(rest, scope)

    def _all(self, members: Sequence[tuple[Action, Scope]], scope: Scope) -> list[str]:
        inside = (self._action(action, inner.but(fields=scope.fields)) for action, inner in members)
        return [line for lines in inside for line in lines]

    def _switch_field(self, action: Action, here: Scope) -> Slot | None:
        """The first field on which alone a conjunct of the guard depends, if at most half of its values satisfy the
        conjunct."""
        for part in action.guard.args if action.guard.op is Op.AND else (action.guard,):
            if self._openings.open([part], action, here):
                continue
            places = self.lowering.reads(part, here)
            if len(places) != 1:
                continue
            (place,) = places
            field = self.layout.fields[place]
            values = range(field.low, field.high + 1)
            if field.is_set or len(values) > FAN:
                continue
            known = ({**here.fields, place: number(v)} for v in values)
            allowed = [v for v in known if self.lowering.truth(part, here.but(fields=v)).known is not False]
            if len(allowed) * 2 <= len(values):
                return place
        return None

    def _either(self, test: Truth, lines: list[str], other: list[str]) -> list[str]:
        """For few plain lines, no branch: they are always executed, and what they count is multiplied by the
        condition."""
        if test.known is not None or not _plain([*lines, *other]):
            return super()._either(test, lines, other)
        held, named = self._named(as_number(test))
        return [*held, *_counted(lines, named.text), *_counted(other, f"1 - {named.text}")]

    def _frame(self) -> tuple[list[str], list[str]]:
        if len(self.watch.states) + len(self.watch.steps) + 1 > TERMS:
            raise UnsupportedError(f"more than {TERMS} properties at once")
        reads = [f"s{w} = s[{w}]" for w in range(self.words)]
        head = ["def expand(s, out, info):", *reads, "n = 0"]
        met = [f"info[{INFO + w}] = info[{INFO + w}] | c{w}" for w in range(self._banks())]
        return head, [f"info[{INFO_SEEN}] = found", *met, "return n"]

    def _nothing(self) -> str:
        return "n == 0"

    def _lost(self) -> str:
        return f"found |= {1 << (len(self.watch.states) + len(self.watch.steps))}"

    def _banks(self) -> int:
        return banks(self.watch)

    def _meet(self, n: int) -> str:
        return Record(f"c{n // TERMS} |=", str(1 << n % TERMS))

    def _raw(self, field: Field) -> str:
        word = f"s{field.word}"
        if field.width > WORD:
            parts = [f"_wide(s{w}, {field.width}) << {WORD * k}" for k, w in enumerate(field.words)]
            return f"({' | '.join(parts)}) & {field.mask}"
        return f"{word} >> {field.shift} & {field.mask}" if field.shift else f"{word} & {field.mask}"

    def _hit(self, k: int) -> str:
        return Record("found |=", str(1 << (len(self.watch.states) + k)))

    def _successor(self, after: dict[Slot, Code], scope: Scope) -> list[str]:
        lines: list[str] = []
        for w in range(self.words):
            here = {p: f for p, f in self.layout.fields.items() if p in after and w in f.words}
            whole = [p for p in after if p in here and here[p].width <= WORD]
            parts = [
                self._part(after[p], self.lowering.read(p, scope), w - f.word)
                for p, f in here.items()
                if p not in whole
            ]
            lines.append(Plain(f"t{w} = " + " + ".join([f"s{w}", *self._deltas(after, scope, whole, 0), *parts])))
        return lines

    @staticmethod
    def _part(new: Code, old: Code, k: int) -> str:
        """The difference for a word that holds part ``k`` of a set of several words."""
        return f"(_word({new.text}, {k}) - _word({old.text}, {k}))"

    def _append(self, scope: Scope) -> list[str]:
        return [*(Plain(f"out[n * WORDS + {w}] = t{w}") for w in range(self.words)), Record("n +=", "1")]


def _plain(lines: Sequence[str]) -> bool:
    """Whether there are few lines, all of them plain."""
    return 0 < len(lines) <= LEAF and all(isinstance(line, Plain) for line in lines)


def _counted(lines: Sequence[str], test: str) -> list[str]:
    """Plain lines in which every count and record is multiplied by a test that is 0 or 1."""
    return [line.times(test) if isinstance(line, Record) else line for line in lines]
