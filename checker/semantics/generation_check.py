"""Whether terms do with generations only what the normal form keeps, and which distances they tell apart.

Every operator that takes generations has a rule here; any other operator that gets one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from planrace.checker.semantics.generation_terms import (
    GenerationTerms,
    LinearForm,
    LiveValue,
    RefusedError,
    leaf_sort,
    shown,
)
from planrace.model.language import Action, Array, Op, Outcome, SetOf, Sort, Term, Update

Grounded = frozenset[Term]
"""The bound generations that are known to be live, or 0."""
NONE: Grounded = frozenset()


class GenerationCheck:
    """Checks terms one after the other, and collects what they tell apart. Raises ``RefusedError``."""

    def __init__(self, terms: GenerationTerms) -> None:
        assert terms.counter is not None
        self.terms = terms
        self.counter: Term = terms.counter
        self.distance = 1
        """The largest distance of two live values that a term tells from smaller ones."""
        self.least = 1
        """The largest constant that a term compares with a live value other than the counter."""
        self.absolute: dict[Term, None] = {}
        """Comparisons that depend on how large the counter is: its own with constants, and those of others with the
        greatest number or more."""
        self._most = terms.instance.bounds(self.counter.sort)[1]  # type: ignore[arg-type]
        self._new: int | None = None
        """What the outcome that is being checked adds to the counter, if it certainly does."""
        self._checked: dict[tuple[int, Grounded, int | None], Term] = {}

    # Actions ---------------------------------------------------------------------------------------------------
    def action(self, action: Action) -> Grounded:
        """Check the guard; the parameters that are generations are known to be live wherever it holds."""
        wanted = [p for p in action.parameters if self.terms.is_generation(p)]
        for p in wanted:
            if isinstance(p.sort, SetOf):
                raise RefusedError(f"has a parameter {p} that is a set of generations")
        parts = action.guard.args if action.guard.op is Op.AND else (action.guard,)
        known, decided = NONE, -1
        while left := [p for p in wanted if p not in known]:
            found = [(p, n) for p in left for n, part in enumerate(parts) if self._implied(part, p, True, known)]
            if not found:
                raise RefusedError(
                    f"may happen for any {leaf_sort(left[0].sort).name} {left[0]}, also one that no variable holds",
                    f"require in when(…) that {left[0]} is in a set of generations, or equal to one",
                )
            p, n = found[0]
            known, decided = known | {p}, max(decided, n)
        self._reliable(parts[: decided + 1])
        self.check(action.guard, known)
        return known

    def added(self, outcome: Outcome) -> int | None:
        """What an outcome adds to the counter, if it certainly adds something. Raises ``RefusedError`` if it does
        anything else with it."""
        found: set[int] = set()
        for u in outcome.updates:
            if u.target is self.counter:
                for form in self.terms.forms(u.value):
                    if not self._counted(form) or form.shift < 0:
                        raise RefusedError(
                            f"assigns {self.counter} the value {shown(u.value)}", f"{self.counter} may only grow"
                        )
                    found.add(form.shift)
        return found.pop() if len(found) == 1 and found != {0} else None

    def update(self, update: Update, added: int | None, grounded: Grounded) -> None:
        """Check an update of an outcome that adds ``added`` to the counter."""
        self._new = added
        try:
            self._update(update, grounded)
        finally:
            self._new = None

    def _update(self, update: Update, grounded: Grounded) -> None:
        self.check(update.target, grounded)
        if self.terms.mixed(update.target, update.value) == "generation":
            if _of_sets(update.target.sort):
                self._neutral(update.value)
            elif update.target is not self.counter:
                for form in self.terms.forms(update.value):
                    if not self._assignable(form):
                        raise RefusedError(
                            f"assigns {update.target} the value {shown(update.value)}, which is neither 0, nor live, "
                            f"nor the new value of {self.counter}"
                        )
        self.check(update.value, grounded)

    def _counted(self, form: LinearForm) -> bool:
        return not form.minus and [v.key for v in form.plus] == [id(self.counter)]

    def _assignable(self, form: LinearForm) -> bool:
        return form.live or (self._counted(form) and form.shift == self._new)

    # Terms -----------------------------------------------------------------------------------------------------
    def check(self, term: Term, grounded: Grounded = NONE) -> None:
        """Check a term with all its parts."""
        key = (id(term), grounded, self._new)
        if key in self._checked:
            return
        self._checked[key] = term  # which keeps it, so that no other gets its identity
        self.terms.kind(term)
        _RULES.get(term.op, _of_others)(self, term, grounded)

    def parts(self, term: Term, grounded: Grounded) -> None:
        """Check the arguments of a term."""
        for a in term.args:
            self.check(a, grounded)

    def neutral(self, *terms: Term) -> bool:
        """Whether terms that must be of one kind are generations; constant sets among them may hold 0 only."""
        if self.terms.mixed(*terms) != "generation":
            return False
        for t in terms:
            if _of_sets(t.sort):
                self._neutral(t)
        return True

    def _neutral(self, term: Term) -> None:
        if self.terms.kind(term) != "constant":
            return
        if term.op is Op.EACH:
            self._neutral(term.args[1])
        elif term.op is Op.SET:
            if any(self.terms.value(a) != 0 for a in term.args):
                raise RefusedError(f"names generations by number: {shown(term)}")
        else:
            for t in term.args[1:] if term.op is Op.ITE else term.args[:1] if term.op is Op.SELECT else term.args:
                self._neutral(t)

    # Comparisons -----------------------------------------------------------------------------------------------
    def compare(self, op: Op, a: Sequence[LinearForm], b: Sequence[LinearForm], term: Term) -> None:
        """Note what is told apart by comparing what ``a`` with what ``b`` may be."""
        for x in a:
            for y in b:
                form = x.less(y)
                if len(form.plus) > 1 or len(form.minus) > 1:
                    raise RefusedError(f"compares sums of generations: {shown(term)}")
                plus, minus = (next(iter(v), None) for v in (form.plus, form.minus))
                first = form.shift + (op is Op.LT)
                for k in (first, first + 1) if op is Op.EQ else (first,):
                    self._threshold(plus, minus, k, term)

    def _threshold(self, x: LiveValue | None, y: LiveValue | None, k: int, term: Term) -> None:
        """The term asks whether y - x ≥ k. Where it stands for one of the two, None is 0."""
        if x and y and not (x.counter and y.counter):
            self.distance = max(self.distance, k if k >= 1 else 1 - k)
        if y and (x is None or x.low == 0):
            self._from_zero(y, k, term)
        if x and (y is None or y.low == 0):  # whether x ≤ -k, the opposite of x ≥ 1 - k
            self._from_zero(x, 1 - k, term)

    def _from_zero(self, value: LiveValue, k: int, term: Term) -> None:
        """The term asks whether a positive value is at least k."""
        if k <= 1:
            return
        if value.counter or k >= self._most:  # the greatest of all can only be the counter's own value
            self.absolute[term] = None
        else:
            self.least = max(self.least, k)

    # Bound variables -------------------------------------------------------------------------------------------
    def bound(self, term: Term, grounded: Grounded) -> None:
        """Check a term that binds a variable."""
        variable, body = term.args
        if variable.sort in self.terms.sorts:
            if term.op in (Op.SUM, Op.EACH):
                raise RefusedError(f"needs a value for each {variable.sort.name}: {shown(term)}")
            truth = term.op is not Op.FORALL
            parts = body.args if body.op is (Op.AND if truth else Op.OR) else (body,)
            found = next((n for n, p in enumerate(parts) if self._implied(p, variable, truth, grounded)), None)
            if found is None:
                raise RefusedError(
                    f"asks about each {variable.sort.name}, also those that no variable holds: {shown(term)}",
                    f"ask about those in a set: {variable}.isin(…), or about those that are equal to one",
                )
            self._reliable(parts[: found + 1])
            grounded |= {variable}
        self.check(body, grounded)

    def _reliable(self, parts: Sequence[Term]) -> None:
        """Refuse what may be an error for a generation that is not live, and so in one of two states only."""
        for p in parts:
            if self.terms.may_fail(p):
                raise RefusedError(
                    f"may be an error of the model for generations that no variable holds: {shown(p)}",
                    "ask first whether it is in a set of generations",
                )

    def _implied(self, term: Term, x: Term, truth: bool, grounded: Grounded) -> bool:
        """Whether ``x`` certainly is live, or 0, where ``term`` is ``truth``."""
        match term.op:
            case Op.CONST:
                return bool(term.data) is not truth
            case Op.NOT:
                return self._implied(term.args[0], x, not truth, grounded)
            case Op.AND | Op.OR:
                some = (term.op is Op.AND) is truth
                return (any if some else all)(self._implied(a, x, truth, grounded) for a in term.args)
            case Op.EXISTS | Op.FORALL if (term.op is Op.EXISTS) is truth:
                inner, body = term.args
                if inner.sort in self.terms.sorts and self._implied(body, inner, truth, grounded):
                    grounded |= {inner}  # it is live whatever x is
                return self._implied(body, x, truth, grounded)
            case Op.EQ if truth and any(a is x for a in term.args):
                other = term.args[1] if term.args[0] is x else term.args[0]
                return self._is_live(other, grounded)
            case Op.MEMBER if truth and term.args[0] is x:
                return self._are_live(term.args[1], grounded)
        return False

    def _is_live(self, term: Term, grounded: Grounded) -> bool:
        """Whether a number certainly is live, or 0, without what is bound around it being so."""
        return self.terms.free(term) <= grounded and all(map(self._assignable, self.terms.forms(term)))

    def _are_live(self, term: Term, grounded: Grounded) -> bool:
        """The same of all members of a set."""
        match term.op:
            case Op.SET:
                return all(self._is_live(a, grounded) for a in term.args)
            case Op.UNION | Op.ITE:
                return all(self._are_live(t, grounded) for t in term.args[term.op is Op.ITE :])
            case Op.INTERSECTION:
                return any(self._are_live(t, grounded) for t in term.args)
            case Op.DIFFERENCE:
                return self._are_live(term.args[0], grounded)
        return self.terms.is_generation(term) and self.terms.free(term) <= grounded


def _of_sets(sort: Sort) -> bool:
    while isinstance(sort, Array):
        sort = sort.element
    return isinstance(sort, SetOf)


# Rules, one for each operator that takes generations -----------------------------------------------------------
Rule = Callable[[GenerationCheck, Term, Grounded], None]


def _of_others(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    for a in term.args:
        if check.terms.is_generation(a):
            raise RefusedError(f"computes {shown(term)} from a generation")
    check.parts(term, grounded)


def _comparison(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    if check.neutral(*term.args) and not isinstance(term.args[0].sort, SetOf):
        a, b = map(check.terms.forms, term.args)
        check.compare(term.op, a, b, term)
    check.parts(term, grounded)


def _membership(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    item, of = term.args
    if check.terms.mixed(item, of) != "generation":
        check.parts(term, grounded)
        return
    forms = check.terms.forms(item)
    if of.op is Op.SET:  # being equal to one of these, which need not be live
        for a in of.args:
            check.compare(Op.EQ, forms, check.terms.forms(a), term)
            check.check(a, grounded)
        check.check(item, grounded)
        return
    check.neutral(item, of)
    member = LiveValue(("a member", id(of)), of, check.terms.low(of))
    check.compare(Op.EQ, forms, [LinearForm((member,))], term)
    check.parts(term, grounded)


def _literal_set(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    if check.terms.is_generation(term):
        for a in term.args:
            if not all(map(check._assignable, check.terms.forms(a))):
                raise RefusedError(f"puts {shown(a)} into a set of generations, which is neither 0 nor live")
    check.parts(term, grounded)


def _mixing(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    check.neutral(*(term.args[1:] if term.op is Op.ITE else term.args))
    check.parts(term, grounded)


def _extreme(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    if check.terms.is_generation(term):
        for a, b in combinations(term.args, 2):
            check.compare(Op.LE, check.terms.forms(a), check.terms.forms(b), term)
    check.parts(term, grounded)


def _selection(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    if check.terms.is_generation(term.args[1]):
        raise RefusedError(f"uses a generation as a position: {shown(term)}")
    check.parts(term, grounded)


def _bound_value(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    if term.op is Op.SUM and check.terms.is_generation(term.args[1]):
        raise RefusedError(f"adds generations up: {shown(term)}")
    check.bound(term, grounded)


def _taken(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    for p, given in check.terms.asked(term):
        if check.terms.mixed(p, given) == "generation":
            check.compare(Op.EQ, check.terms.forms(p), check.terms.forms(given), term)
    check.parts(term, grounded)


def _parts(check: GenerationCheck, term: Term, grounded: Grounded) -> None:
    check.parts(term, grounded)


_RULES: dict[Op, Rule] = {
    **dict.fromkeys((Op.EQ, Op.LT, Op.LE), _comparison),
    **dict.fromkeys((Op.ITE, Op.ADD, Op.SUB, Op.UNION, Op.INTERSECTION, Op.DIFFERENCE, Op.SUBSET), _mixing),
    **dict.fromkeys((Op.MIN, Op.MAX), _extreme),
    **dict.fromkeys((Op.FORALL, Op.EXISTS, Op.COUNT, Op.COMPREHENSION, Op.LEAST, Op.EACH, Op.SUM), _bound_value),
    Op.MEMBER: _membership,
    Op.SET: _literal_set,
    Op.SELECT: _selection,
    Op.TAKEN: _taken,
    Op.PRIMED: _parts,
}
