"""Random small programs over records, sequences and maps, and plain Python that interprets them.

The two share no code. Each expression is drawn twice at once: as a term, and as a function of a state. A state is a
dictionary. A record is one, too, whose fields are functions, because of a record only the fields that are read are
evaluated. A sequence is a tuple, and a map a set of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from planrace.model.language import (
    If,
    Protocol,
    array,
    count,
    exists,
    forall,
    optional,
    step,
    update,
    when,
)
from planrace.model.language.terms import lift

from .composite_runs import Runs
from .composite_values import (
    COLLECTED,
    HIGH,
    MEMBERS,
    Batch,
    Batches,
    Drawn,
    Env,
    Levels,
    Number,
    Order,
    Owners,
    Queue,
    Site,
    Waiting,
    Worker,
    WrongError,
    appended,
    element_of,
    fields_of,
    got,
    lazily,
    put,
    record_of,
    same,
)


@dataclass
class Program(Runs):
    """What is drawn: guards and assignments of actions, and conditions to ask about."""

    random: Random
    protocol: Protocol = field(default_factory=lambda: Protocol("drawn"))
    actions: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        p = self.protocol
        self.x = p.variable("x", Number, 0)
        self.b = p.variable("b", Batch, Batch(of=1, at=Site.EAST))
        self.m = p.variable("m", array(Worker, Batch), Batch(of=0, at=Site.WEST))
        self.o = p.variable("o", optional(Batch), None)
        self.n = p.variable("n", Order, Order(inner=Batch(of=0, at=Site.EAST), who=None))
        self.q = p.variable("q", Queue, [])
        self.s = p.variable("s", array(Worker, Batches), [])
        self.u = p.variable("u", Waiting, [])
        self.k = p.variable("k", Levels, {Site.EAST: 1})
        self.z = p.variable("z", Owners, {})
        self.begin: Env = {
            "q": (),
            "s": dict.fromkeys(MEMBERS, ()),
            "u": (),
            "k": frozenset({("EAST", 1)}),
            "z": frozenset(),
            "x": 0,
            "b": record_of(of=1, at="EAST"),
            "m": {w: record_of(of=0, at="WEST") for w in MEMBERS},
            "o": None,
            "n": record_of(inner=record_of(of=0, at="EAST"), who=None),
        }
        for k in range(self.random.choice((2, 3))):
            self._action(f"act{k}")

    # Expressions -------------------------------------------------------------------------------------------------
    def number(self, w: Drawn | None, depth: int = 2) -> Drawn:
        if depth and self.random.random() < 0.3:
            a = self.number(w, depth - 1)
            if self.random.random() < 0.5:
                return Drawn(a.term + 1, lambda e: a.value(e) + 1)
            return self.choice(self.truth(w, depth - 1), a, self.number(w, depth - 1))
        kind = self.random.choice(("constant", "x", "field", "field", "optional", *COLLECTED))
        if kind in COLLECTED:
            return self.collected(kind, w, depth and depth - 1)
        if kind == "constant":
            n = self.random.randint(0, HIGH)
            return Drawn(lift(n), lambda e: n)
        if kind == "x":
            return Drawn(self.x, lambda e: e["x"])
        if kind == "optional":
            return Drawn(self.o.of, lambda e: self._there(e)["of"]())
        r = self.batch(w, depth and depth - 1)
        return Drawn(r.term.of, lambda e: r.value(e)["of"]())

    @staticmethod
    def _there(e: Env) -> Any:
        if e["o"] is None:
            raise WrongError
        return e["o"]

    def choice(self, c: Drawn, a: Drawn, b: Drawn) -> Drawn:
        return Drawn(If(c.term, a.term, b.term), lambda e: (a if c.value(e) else b).value(e))

    def collected(self, kind: str, w: Drawn | None, depth: int) -> Drawn:
        """A number in a sequence or a map."""
        if kind == "length":
            q = self.queue(w, depth)
            return Drawn(q.term.length, lambda e: len(q.value(e)))
        if kind == "head":
            q = self.queue(w, depth)
            return Drawn(q.term.head, lambda e: element_of(q.value(e), 1))
        if kind == "element":
            q, n = (
                self.queue(w, depth),
                self.random.choice(
                    (
                        Drawn(self.x, lambda e: e["x"]),
                        Drawn(self.x + 1, lambda e: e["x"] + 1),
                        Drawn(lift(1), lambda e: 1),
                    )
                ),
            )
            return Drawn(q.term[n.term], lambda e: element_of(q.value(e), n.value(e)))
        m, s = self.levels(w, depth), self.site(w, depth)
        if kind == "get":
            n = self.number(w, 0)
            return Drawn(m.term.get(s.term, n.term), lambda e: got(m.value(e), s.value(e), lambda: n.value(e)))
        return Drawn(m.term[s.term], lambda e: got(m.value(e), s.value(e), None))

    def plain_number(self) -> Drawn:
        """A number that is always there: elements that nobody reads are not evaluated."""
        n = self.random.randint(0, HIGH)
        plain = (
            Drawn(self.x, lambda e: e["x"]),
            Drawn(self.b.of, lambda e: e["b"]["of"]()),
            Drawn(lift(n), lambda e: n),
        )
        return self.random.choice(plain)

    def queue(self, w: Drawn | None, depth: int) -> Drawn:
        kinds = ["q", "q", "made", *(["append", "append", "tail", "put", "part", "chosen"] if depth else [])]
        kind = self.random.choice(kinds)
        if kind == "q":
            return Drawn(self.q, lambda e: e["q"])
        if kind == "made":
            ns = [self.plain_number() for _ in range(self.random.randint(0, 2))]
            return Drawn(Queue(*(n.term for n in ns)), lambda e: tuple(n.value(e) for n in ns))
        q, n = self.queue(w, depth - 1), self.plain_number()
        if kind == "append":
            return Drawn(q.term.append(n.term), lambda e: appended(q.value(e), n.value(e)))
        if kind == "tail":
            return Drawn(q.term.tail, lambda e: element_of(q.value(e), 1, rest=True))
        if kind == "put":
            at = self.random.choice((1, 2))
            return Drawn(q.term.put(at, n.term), lambda e: put(q.value(e), at, n.value(e)))
        if kind == "part":
            first = self.random.choice((1, 2))
            return Drawn(q.term.part(first, 2), lambda e: element_of(q.value(e), 2, part=first))
        c, other = self.truth(w, depth - 1), self.queue(w, 0)
        return Drawn(If(c.term, q.term, other.term), lambda e: (q if c.value(e) else other).value(e))

    def levels(self, w: Drawn | None, depth: int) -> Drawn:
        kind = self.random.choice(["k", "made", *(["put", "without", "chosen"] if depth else [])])
        if kind == "k":
            return Drawn(self.k, lambda e: e["k"])
        n = self.plain_number()
        if kind == "made":
            return Drawn(Levels({Site.WEST: n.term}), lambda e: frozenset({("WEST", n.value(e))}))
        m, s = self.levels(w, depth - 1), self.site(w, depth - 1)
        if kind == "put":
            return Drawn(
                m.term.put(s.term, n.term),
                lambda e: frozenset({**dict(m.value(e)), s.value(e): n.value(e)}.items()),
            )
        if kind == "without":
            return Drawn(m.term.without(s.term), lambda e: frozenset(x for x in m.value(e) if x[0] != s.value(e)))
        c, other = self.truth(w, depth - 1), self.levels(w, 0)
        return Drawn(If(c.term, m.term, other.term), lambda e: (m if c.value(e) else other).value(e))

    def about_collections(self, w: Drawn | None, depth: int) -> Drawn:
        """A condition on sequences and maps."""
        kind = self.random.choice(("queues", "maps", "contains", "has", "all", "some", "keys", "waits", "batches"))
        if kind == "queues":
            a, b = self.queue(w, depth), self.queue(w, 0)
            return Drawn(a.term == b.term, lambda e: a.value(e) == b.value(e))
        if kind == "maps":
            a, b = self.levels(w, depth), self.levels(w, 0)
            return Drawn(a.term == b.term, lambda e: a.value(e) == b.value(e))
        if kind == "contains":
            q, n = self.queue(w, depth), self.plain_number()
            return Drawn(n.term.isin(q.term), lambda e: n.value(e) in q.value(e))
        if kind == "has":
            m, s = self.levels(w, depth), self.site(w, 0)
            return Drawn(m.term.has(s.term), lambda e: s.value(e) in dict(m.value(e)))
        if kind in ("all", "some"):
            q, n = self.queue(w, 0), self.plain_number()
            over, all_or_any = (forall, all) if kind == "all" else (exists, any)
            return Drawn(over(q.term, lambda x: x < n.term), lambda e: all_or_any(x < n.value(e) for x in q.value(e)))
        if kind == "keys":
            return Drawn(self.k.size < 2, lambda e: len(e["k"]) < 2)
        if kind == "waits":
            if w is None:
                return Drawn(self.u.length > 0, lambda e: len(e["u"]) > 0)
            return Drawn(w.term.isin(self.u), lambda e: w.value(e) in e["u"])
        b = self.batch(w, depth)
        if w is None:
            return Drawn(count(self.q, lambda x: x > 0) > 1, lambda e: sum(x > 0 for x in e["q"]) > 1)
        return Drawn(self.s[w.term].contains(b.term), lambda e: any(same(x, b.value(e)) for x in e["s"][w.value(e)]))

    def site(self, w: Drawn | None, depth: int) -> Drawn:
        if depth and self.random.random() < 0.6:
            r = self.batch(w, depth - 1)
            return Drawn(r.term.at, lambda e: r.value(e)["at"]())
        name = self.random.choice(Site.members)
        return Drawn(getattr(Site, name), lambda e: name)

    def batch(self, w: Drawn | None, depth: int) -> Drawn:
        kinds = ["b", "inner", *(["m"] if w is not None else []), *(["made", "replaced", "chosen"] if depth else [])]
        match self.random.choice(kinds):
            case "b":
                return Drawn(self.b, lambda e: e["b"])
            case "inner":
                return Drawn(self.n.inner, lambda e: e["n"]["inner"]())
            case "m":
                assert w is not None
                return Drawn(self.m[w.term], lambda e: e["m"][w.value(e)])
            case "made":
                a, s = self.number(w, depth - 1), self.site(w, depth - 1)
                return Drawn(
                    Batch(of=a.term, at=s.term), lambda e: {"of": lambda: a.value(e), "at": lambda: s.value(e)}
                )
            case "replaced":
                r, n = self.batch(w, depth - 1), self.number(w, depth - 1)
                return Drawn(r.term.replace(of=n.term), lambda e: {**lazily(r, e), "of": lambda: n.value(e)})
        c, a, b = self.truth(w, depth - 1), self.batch(w, depth - 1), self.batch(w, depth - 1)
        return Drawn(If(c.term, a.term, b.term), lambda e: fields_of(lambda: (a if c.value(e) else b).value(e)))

    def perhaps(self, w: Drawn | None, depth: int) -> Drawn:
        kind = self.random.choice(("o", "none", "batch", "batch"))
        if kind == "batch":
            return self.batch(w, depth)
        return Drawn(None, lambda e: None) if kind == "none" else Drawn(self.o, lambda e: e["o"])

    def order(self, w: Drawn | None, depth: int) -> Drawn:
        inner = self.batch(w, depth)
        if self.random.random() < 0.5:
            return Drawn(self.n.replace(inner=inner.term), lambda e: {**e["n"], "inner": lambda: inner.value(e)})
        who = w if w is not None and self.random.random() < 0.7 else Drawn(None, lambda e: None)
        return Drawn(
            Order(inner=inner.term, who=who.term),
            lambda e: {"inner": lambda: inner.value(e), "who": lambda: who.value(e)},
        )

    def truth(self, w: Drawn | None, depth: int = 2) -> Drawn:
        kinds = [
            "batches",
            "none",
            "less",
            "optionals",
            "one of",
            "orders",
            *["collections"] * 4,
            *(["and", "not", "each"] if depth else []),
        ]
        match self.random.choice(kinds):
            case "batches":
                a, b = self.batch(w, depth), self.batch(w, depth)
                return Drawn(a.term == b.term, lambda e: same(a.value(e), b.value(e)))
            case "none":
                return Drawn(self.o == None, lambda e: e["o"] is None)  # noqa: E711
            case "less":
                a, b = self.number(w, depth), self.number(w, depth)
                return Drawn(a.term < b.term, lambda e: a.value(e) < b.value(e))
            case "optionals":
                a = self.batch(w, 0)
                return Drawn(self.o == a.term, lambda e: e["o"] is not None and same(e["o"], a.value(e)))
            case "one of":
                a, b, c = (self.batch(w, 0) for _ in range(3))
                return Drawn(a.term.isin([b.term, c.term]), lambda e: any(same(a.value(e), x.value(e)) for x in (b, c)))
            case "orders":
                a = self.order(w, 0)
                return Drawn(self.n == a.term, lambda e: same(e["n"], a.value(e)))
            case "and":
                a, b = self.truth(w, depth - 1), self.truth(w, depth - 1)
                return Drawn(a.term & b.term, lambda e: a.value(e) and b.value(e))
            case "not":
                a = self.truth(w, depth - 1)
                return Drawn(~a.term, lambda e: not a.value(e))
            case "collections":
                return self.about_collections(w, depth)
        return self._quantified(depth)

    def _quantified(self, depth: int) -> Drawn:
        seed, quantifier = self.random.random(), self.random.choice((forall, exists))

        def drawn(v: Any) -> Drawn:
            """The same body whenever it is drawn."""
            outer, self.random = self.random, Random(seed)
            body = self.truth(Drawn(v, lambda e: e["bound"]), depth - 1)
            self.random = outer
            return body

        found: list[Drawn] = []

        def body(v: Any) -> Any:
            found.append(drawn(v))
            return found[-1].term

        term = quantifier(Worker, body)
        over = all if quantifier is forall else any
        return Drawn(term, lambda e: over(found[-1].value({**e, "bound": k}) for k in MEMBERS))

    # Actions -----------------------------------------------------------------------------------------------------
    def _action(self, name: str) -> None:
        has = self.random.random() < 0.6
        drawn: list[Any] = []

        def body(*given: Any) -> Any:
            w = Drawn(given[0], lambda e: e["w"]) if given else None
            guard = self.truth(w, 1)
            updates = self._updates(w)
            drawn.append((guard, updates))
            return step(when(guard.term), [update(u.term, v.term) for _, u, v in updates])

        def act(w: Any) -> Any:
            return body(w)

        def act_alone() -> Any:
            return body()

        function = act if has else act_alone
        function.__name__ = name
        self.protocol.action(*([Worker] if has else []), by="somebody")(function)
        guard, updates = drawn[-1]
        self.actions.append((has, guard, [(root, v) for root, _, v in updates]))

    def _updates(self, w: Drawn | None) -> list[tuple[str, Drawn, Drawn]]:
        targets = ["x", "b", "b.of", "o", "n", "n.inner", "q", "q", "k", "k"]
        targets += ["m[w]", "m[w].at", "s[w]", "u", "z"] if w is not None else []
        first, second = self.random.sample(targets, 2)
        chosen = [first] if first[0] == second[0] else [first, second]
        return [self._update(t, w) for t in chosen]

    def _update(self, target: str, w: Drawn | None) -> tuple[str, Drawn, Drawn]:
        place: Any = {
            "q": self.q,
            "k": self.k,
            "x": self.x,
            "b": self.b,
            "b.of": self.b.of,
            "o": self.o,
            "n": self.n,
            "n.inner": self.n.inner,
        }
        if w is not None:
            place |= {"s[w]": self.s[w.term], "u": self.u, "z": self.z}
            place |= {"m[w]": self.m[w.term], "m[w].at": self.m[w.term].at}
        match target:
            case "x" | "b.of":
                value = self.number(w)
            case "b" | "m[w]" | "n.inner":
                value = self.batch(w, 2)
            case "m[w].at":
                value = self.site(w, 2)
            case "o":
                value = self.perhaps(w, 2)
            case "q":
                value = self.queue(w, 2)
            case "k":
                value = self.levels(w, 2)
            case "s[w]" | "u" | "z":
                assert w is not None
                value = self._collection(target, w)
            case _:
                value = self.order(w, 1)
        return target, Drawn(place[target], lambda e: None), value

    def _collection(self, target: str, w: Drawn) -> Drawn:
        """What is assigned to sequences of records and of members, and to a map to members."""
        grows = self.random.random() < 0.6
        if target == "u":
            if grows:
                return Drawn(self.u.append(w.term), lambda e: appended(e["u"], w.value(e)))
            return Drawn(self.u.tail, lambda e: element_of(e["u"], 1, rest=True))
        if target == "z":
            s = self.site(w, 1)
            if grows:
                return Drawn(
                    self.z.put(s.term, w.term), lambda e: frozenset({**dict(e["z"]), s.value(e): w.value(e)}.items())
                )
            if self.random.random() < 0.5:
                return Drawn(
                    self.z.put(s.term, self.u.head),
                    lambda e: frozenset({**dict(e["z"]), s.value(e): element_of(e["u"], 1)}.items()),
                )
            return Drawn(self.z.without(s.term), lambda e: frozenset(x for x in e["z"] if x[0] != s.value(e)))
        mine = self.s[w.term]
        if grows:
            b = self.batch(w, 1)
            return Drawn(mine.append(b.term), lambda e: appended(e["s"][w.value(e)], b.value(e)))
        return Drawn(mine.tail, lambda e: element_of(e["s"][w.value(e)], 1, rest=True))
