"""A specification as a protocol: its sorts, variables, actions and properties, and what could not be said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.assigning import Assigning
from planrace.checker.imports.tla.base import Binder
from planrace.checker.imports.tla.calling import Helper
from planrace.checker.imports.tla.code import LambdaCode, PlainCode, PyCode, call, conjuncts, names_in, replaced
from planrace.checker.imports.tla.evaluation import Evaluator
from planrace.checker.imports.tla.fairness import FairGroup, Rendered, UnrolledError, translate
from planrace.checker.imports.tla.inference import AssumedBounds, TypeInference, type_invariants
from planrace.checker.imports.tla.modules import Operator, Specification
from planrace.checker.imports.tla.names import GivenNames
from planrace.checker.imports.tla.sorts import Declaration, TranslatedSorts
from planrace.checker.imports.tla.starts import Start, Starts
from planrace.checker.imports.tla.steps import ActionReader, StepBranch
from planrace.checker.imports.tla.storing import Algebra
from planrace.checker.imports.tla.symbols import Meaning, Runtime
from planrace.checker.imports.tla.temporal import Promise, Properties, SpecParts, Trivial, specification
from planrace.checker.imports.tla.types import BOOL
from planrace.checker.imports.tla.values import shown

MOST_ROUNDS = 6
SAFETY = ("invariant", "step_invariant")
"""Properties that do not depend on fairness."""


@dataclass(frozen=True)
class Untranslated:
    """Something that the translation lacks: the kind ("action", "property", "fairness", "constraint"), its name, where
    it stands, and why. Without an ``essential`` thing there is no protocol."""

    kind: str
    name: str
    line: int | None
    why: str
    essential: bool
    module: str | None = None


@dataclass
class Translation:
    """A protocol to be written."""

    spec: Specification
    variables: list[tuple[str, str, PyCode, PyCode, str]] = field(default_factory=list)
    """Of each its name, its name in Python, its sort, its initial value, and its comment."""
    sorts: list[Declaration] = field(default_factory=list)
    helpers: list[Helper] = field(default_factory=list)
    actions: list[Rendered] = field(default_factory=list)
    conditions: list[PyCode] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    trivial: list[Trivial] = field(default_factory=list)
    choices: list[FairGroup] = field(default_factory=list)
    untranslated: list[Untranslated] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def possible(self) -> bool:
        """Whether there is a protocol, perhaps without some properties."""
        return not any(u.essential for u in self.untranslated)


def translation(spec: Specification, limits: AssumedBounds) -> Translation:
    """The protocol of a specification. What is not translated is listed in it; nothing is left out silently."""
    translator = _Translator(spec, limits)
    try:
        return translator.made()
    except RecursionError:
        return translator.failed(s.TlaError("definitions are nested too deeply"))


class _Translator:
    def __init__(self, spec: Specification, limits: AssumedBounds) -> None:
        self.spec, self.limits = spec, limits
        self.names = GivenNames()
        self.sorts = TranslatedSorts(self.names)
        self.algebra = Algebra(self.sorts, self.names)
        self.evaluator = Evaluator(spec, self.algebra)
        self.found = Translation(spec)
        for name, value in spec.config.values.items():
            if isinstance(value, frozenset) and name in spec.constants:
                self.sorts.name_set(name, value)

    def failed(self, problem: s.TlaError) -> Translation:
        """No protocol, for this reason."""
        self._lacks("specification", self.spec.root.name, problem, essential=True)
        return self.found

    def made(self) -> Translation:
        found = self.found
        parts = self._parts()
        if parts is None:
            return found
        codes = self._codes()
        inference = TypeInference(self.spec, self.evaluator, codes, self.limits)
        try:
            inference.find(parts.init or s.Ref(0, "TRUE", "TRUE"), parts.step, type_invariants(self.spec))
        except s.TlaError as problem:
            self._lacks("specification", self.spec.root.name, problem, essential=True)
            return found
        missing = [v for v, k in inference.kinds.items() if k is None]
        if missing:
            self._lacks("variable", ", ".join(missing), s.TlaError("its type is not found"), essential=True)
            return found
        for _ in range(MOST_ROUNDS):
            before = self.sorts.known()
            found = self.found = Translation(self.spec)
            self._translate(parts, inference)
            if self.sorts.known() == before:  # otherwise words or records turned out to belong together on the way
                return found
        return self.failed(s.TlaError("the sorts are not found: they change with each attempt"))

    def _translate(self, parts: SpecParts, inference: TypeInference) -> None:
        """One attempt to write everything with the sorts that are known."""
        found = self.found
        self.names.reset()
        self.sorts.forget_declarations()
        codes = self._codes()
        inference.codes = codes
        self.evaluator.helpers.clear()
        self.evaluator.helping = True
        self.evaluator.enabling = None
        self.algebra.notes.clear()
        now = inference.now()
        sorts: dict[str, PyCode] = {}
        for name in now:
            try:
                sorts[name] = self.sorts.sort(inference.kinds[name], name)
            except s.TlaError as problem:
                self._lacks("variable", name, problem, essential=True)
        start = self._start(parts, now, inference)
        if start is not None:
            for name, sort in sorts.items():
                declared = self.spec.variables[name]
                found.variables.append((name, codes[name], sort, start.values[name], declared.comment))
            found.conditions = start.conditions
        self._steps(parts, now)
        self.evaluator.enabling = self._enabling
        self._properties(parts, now, inference)
        self._configured()
        if self.evaluator.asserts:
            self._lacks("assertion", "Assert", s.TlaError("assertions in actions are not checked"), essential=False)
        found.sorts = self.sorts.declarations
        found.helpers = [h for h in self.evaluator.helpers.values() if h is not None]
        found.notes += [f"the module {name} is not read: no file has it" for name in self.spec.missing]
        found.notes += [
            f"{name}: no bound is found; {bounds} is assumed, and a run beyond is an error of the model"
            for name, bounds in inference.assumed.items()
        ]
        found.notes += list(self.algebra.notes)

    # Parts

    def _lacks(self, kind: str, name: str, problem: s.TlaError, essential: bool) -> None:
        self.found.untranslated.append(Untranslated(kind, name, problem.line, problem.what, essential, problem.module))

    def _codes(self) -> dict[str, str]:
        return {v: self.names.top(v) for v in self.spec.variables}

    def _parts(self) -> SpecParts | None:
        """The initial predicate, the next-state relation and the fairness."""
        config = self.spec.config
        try:
            title = config.one("specification")
            if title is not None:
                found = specification(self._ref(title), self.evaluator, self.spec.env)
                for part in found.unread:
                    self._lacks("specification", title, s.TlaError("a formula that is no fairness", part.line), True)
                return found
            init, step = config.one("init") or "Init", config.one("next") or "Next"
            if "Spec" in self.spec.env.names and not config.one("init") and not config.one("next"):
                return specification(self._ref("Spec"), self.evaluator, self.spec.env)
            return SpecParts(self._ref(init), self._ref(step), (), ())
        except s.TlaError as problem:
            self._lacks("specification", self.spec.root.name, problem, essential=True)
            return None

    def _ref(self, name: str) -> s.Expr:
        found = self.spec.env.get(name)
        if not isinstance(found, Operator):
            raise s.TlaError(f"{name} is not defined")
        return s.Ref(found.definition.line, name, name)

    def _start(self, parts: SpecParts, now: dict[str, Meaning], inference: TypeInference) -> Start | None:
        if parts.init is None:
            self._lacks("initial predicate", "", s.TlaError("there is none"), essential=True)
            return None
        try:
            starts = Starts(self.evaluator, now, inference.kinds)
            constraints = [expr for expr, of_state in self._constraints() if of_state]
            return starts.read(parts.init, self.spec.env, constraints)
        except s.TlaError as problem:
            self._lacks("initial predicate", getattr(parts.init, "name", ""), problem, essential=True)
            return None

    # Actions

    def _steps(self, parts: SpecParts, now: dict[str, Meaning]) -> None:
        """The actions and their fairness; again, if fairness wants an action for each member."""
        self.unrolled: frozenset[tuple[str, int, str]] = frozenset()
        before = list(self.found.untranslated)
        while True:
            mark = self.names.mark()
            try:
                self._actions(parts, now)
                self._fairness(parts)
            except UnrolledError as problem:
                self.unrolled |= {problem.key}
                self.names.back(mark)
                self.found.untranslated[:] = before
                self.found.choices.clear()
                self.evaluator.helpers.clear()
            else:
                return

    def _actions(self, parts: SpecParts, now: dict[str, Meaning]) -> None:
        if parts.step is None:
            self._lacks("next-state relation", "", s.TlaError("there is none"), essential=True)
            return
        self.algebra.begin()
        steps = ActionReader(self.evaluator, now)
        steps.unrolled = self.unrolled
        try:
            branches = steps.branches(parts.step, self.spec.env)
        except s.TlaError as problem:
            steps.problems.append((problem, parts.step, StepBranch()))
            branches = []
        for failure, expr, branch in steps.problems:
            title = branch.titles[-1].name if branch.titles else ""
            name = getattr(expr, "name", title)
            self._lacks("action", name if name.isidentifier() else title, failure, essential=True)
        constraints = self._constraints()
        titles = [self._title(b, parts.step) for b in branches]
        assigning = Assigning(self.algebra)
        made: list[tuple[str, Rendered]] = []
        for title, branch in zip(titles, branches, strict=True):
            try:
                if (inside := steps.constrained(branch, constraints)) is None:
                    continue
                branch = inside  # noqa: PLW2901
                left = [v for v in now if v not in branch.after]
                if left:
                    raise s.TlaError(f"a step does not say what {', '.join(left)} becomes", _line(branch))
                made.append((title, self._rendered(title, branch, assigning, now)))
            except s.TlaError as problem:
                problem.line = problem.line or _line(branch)
                self._lacks("action", title, problem, essential=True)
        made = [(t, r) for i, (t, r) in enumerate(made) if not any(_alike(r, o) for _, o in made[:i])]
        count = {t: sum(t == other for other, _ in made) for t, _ in made}
        number: dict[str, int] = {}
        for title, action in made:
            number[title] = number.get(title, 0) + 1
            action.name = self.names.top(title if count[title] == 1 else f"{title}_{number[title]}")
        self.found.actions = [action for _, action in made]
        if not made and not self.found.untranslated:
            self._lacks("next-state relation", "", s.TlaError("no step is ever possible"), essential=True)

    def _constraints(self) -> list[tuple[s.Expr, bool]]:
        """State and action constraints; the former are about the state after the step."""
        config = self.spec.config
        try:
            states = [(self._ref(n), True) for n in config.names("constraints")]
            return [*states, *((self._ref(n), False) for n in config.names("action_constraints"))]
        except s.TlaError as problem:
            self._lacks("constraint", "", problem, essential=True)
            return []

    @staticmethod
    def _title(branch: StepBranch, step: s.Expr) -> str:
        if branch.titles:
            member = "" if branch.member is None else "_" + shown(branch.member).strip('"')
            return branch.titles[-1].name + member
        return str(getattr(step, "name", "")) if str(getattr(step, "name", "")).isidentifier() else "Next"

    def _rendered(self, title: str, branch: StepBranch, assigning: Assigning, now: dict[str, Meaning]) -> Rendered:
        guards = [c for g in branch.guards if isinstance(g, Runtime) for c in conjuncts(g.code)]
        updates = list(assigning.all(now, branch.after))
        taken = {b.name: b for b in branch.binders}
        renamed: dict[str, str] = {}
        for name in taken:
            base = re.sub(r"_\d+$", "", name)
            own, number = base, 2
            while own in renamed.values() or self.names.is_top(own):
                own, number = f"{base}_{number}", number + 1
            renamed[name] = own
        stands = [(b, PlainCode(f"?{b.name}")) for b in branch.binders]

        def put(code: PyCode) -> PyCode:
            for b, stand in stands:
                code = replaced(code, b.name, stand)
            for b, stand in stands:
                code = replaced(code, stand.text, PlainCode(renamed[b.name]))
            return tidied(code, frozenset(renamed.values()), self.names)

        binders = tuple(Binder(renamed[b.name], b.kind, b.over, b.is_set) for b in branch.binders)
        kept = list(dict.fromkeys(put(g) for g in guards))
        assigned = [(put(p), put(v)) for p, v in updates]
        return Rendered(title, binders, kept, assigned, branch.titles, member=branch.member)

    # Properties

    def _properties(self, parts: SpecParts, now: dict[str, Meaning], inference: TypeInference) -> None:
        self.algebra.begin()
        fixed = self._fixed_starts(parts, now)
        properties = Properties(self.evaluator, now, fixed)
        config = self.spec.config
        for name in config.names("invariants"):
            self._property(name, lambda e, d: iter([properties.invariant(d.name, e, self.spec.env, d.line, d.comment)]))
        for name in config.names("properties"):
            self._property(name, lambda e, d: properties.read(d.name, e, self.spec.env, d.comment))
        for name, problem in properties.lacking:
            self._lacks("property", name, problem, essential=False)
        if any(u.kind == "fairness" for u in self.found.untranslated):
            for p in [p for p in self.found.promises if p.kind not in SAFETY]:
                self.found.promises.remove(p)
                why = "it is liveness, and the fairness that it needs is not translated"
                self._lacks("property", p.name, s.TlaError(why, p.line), essential=False)

    def _fixed_starts(self, parts: SpecParts, now: dict[str, Meaning]) -> dict[str, Meaning]:
        if parts.init is None:
            return {}
        try:
            branches = ActionReader(self.evaluator, now, first=True).branches(parts.init, self.spec.env)
        except s.TlaError:
            return {}
        return branches[0].after if len(branches) == 1 else {}

    def _property(self, name: str, read: Callable[[s.Expr, s.Definition], Iterator[Promise | Trivial]]) -> None:
        found = self.spec.env.get(name)
        if not isinstance(found, Operator):
            self._lacks("property", name, s.TlaError("it is not defined"), essential=False)
            return
        definition = found.definition
        kept: list[Promise] = []
        try:
            for item in read(s.Ref(definition.line, name, name), definition):
                if isinstance(item, Trivial):
                    self.found.trivial.append(item)
                else:
                    kept.append(item)
        except s.TlaError as problem:
            problem.line = problem.line or definition.line
            self._lacks("property", name, problem, essential=False)
        self.found.promises += [self._tidied(p) for p in kept]

    def _tidied(self, promise: Promise) -> Promise:
        terms = tuple(tidied(t, frozenset(), self.names) for t in promise.terms)
        return Promise(promise.kind, promise.name, terms, promise.line, promise.comment)

    def _fairness(self, parts: SpecParts) -> None:
        for fair, env, names in parts.fair:
            try:
                self.found.choices += translate(fair, env, names, self.evaluator, self.found.actions)
            except (s.TlaError, UnrolledError) as failure:
                if isinstance(failure, UnrolledError) and failure.key not in self.unrolled:
                    raise
                problem = (
                    failure if isinstance(failure, s.TlaError) else s.TlaError("fairness of a choice for each member")
                )
                problem.line = problem.line or fair.line
                text = " ".join(fair.source.split())
                self._lacks("fairness", text[:60], problem, essential=False)

    def _enabling(self, operator: Operator) -> Meaning:
        """Whether one of the actions of a definition is enabled."""
        d = operator.definition
        group = [
            a
            for a in self.found.actions
            if any((t.name, t.line, t.module) == (d.name, d.line, d.module) for t in a.titles)
        ]
        if not group or any(a.splits for a in group):
            raise s.TlaError(f"ENABLED of {d.name}, which is no part of the next-state relation as it stands", d.line)
        return self.algebra.disjunction(Runtime(call("enabled", PlainCode(f'"{a.name}"')), BOOL) for a in group)

    def _configured(self) -> None:
        config = self.spec.config
        for name in (*config.names("constraints"), *config.names("action_constraints")):
            self.found.notes.append(
                f"the constraint {name} is in the guards of the actions: no state beyond it is searched, while TLC"
                " checks invariants in the first states beyond"
            )
        for section in ("symmetry", "view", "alias", "postcondition"):
            for name in config.names(section):
                self.found.notes.append(f"{section.upper()} {name} of the configuration is left out")


def tidied(code: PyCode, taken: frozenset[str], names: GivenNames) -> PyCode:
    """The code with the shortest names for what its lambdas bind."""
    if not isinstance(code, LambdaCode):
        return code.rebuilt(lambda part: tidied(part, taken, names))
    body, params = code.body, []
    for param in code.params:
        free = names_in(body) - {param}
        base = re.sub(r"_\d+$", "", param)
        own, number = base, 2
        while own in taken or own in params or own in free or names.is_top(own):
            own, number = f"{base}_{number}", number + 1
        body = replaced(body, param, PlainCode(own))
        params.append(own)
    return LambdaCode(tuple(params), tidied(body, taken | set(params), names))


def _alike(a: Rendered, b: Rendered) -> bool:
    return (a.binders, a.guards, a.updates, a.titles) == (b.binders, b.guards, b.updates, b.titles)


def _line(branch: StepBranch) -> int | None:
    return branch.titles[-1].line if branch.titles else None


def lines_of(translation: Translation) -> Iterator[str]:
    """What is not translated, a line each, with the line of TLA⁺."""
    spec = translation.spec
    for lacking in translation.untranslated:
        module = spec.modules.get(lacking.module or "", spec.root)
        where = f"{module.name}.tla, line {lacking.line}: " if lacking.line else ""
        shown = ""
        if lacking.line and lacking.line <= len(module.lines) and lacking.kind != "constraint":
            shown = f"\n    {module.lines[lacking.line - 1].strip()}"
        yield f"{where}{lacking.kind} {lacking.name}: {lacking.why}{shown}"
