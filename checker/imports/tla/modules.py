"""The names of a specification: its modules, what they extend and instantiate, and what the ``.cfg`` puts there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.cfg import Config
from planrace.checker.imports.tla.symbols import Constant, Meaning

STANDARD = frozenset(
    [
        "Naturals",
        "Integers",
        "Reals",
        "Sequences",
        "FiniteSets",
        "Bags",
        "TLC",
        "TLCExt",
        "TLAPS",
        "Toolbox",
        "RealTime",
        "ProtoReals",
        "Peano",
        "Randomization",
        "FiniteSetTheorems",
        "NaturalsInduction",
        "SequenceTheorems",
        "WellFoundedInduction",
        "FunctionTheorems",
    ]
)
"""Modules that need no file: of their operators those are known that ``evaluation`` reads."""


@dataclass(frozen=True, eq=False)
class StateVariable:
    """A variable of the specification."""

    name: str


@dataclass(frozen=True, eq=False)
class Operator:
    """A definition and the names around it."""

    definition: s.Definition
    env: Env


@dataclass(frozen=True, eq=False)
class Symbol:
    """An operator of the language that is given as an argument."""

    name: str


@dataclass(frozen=True, eq=False)
class NamedInstance:
    """``M == INSTANCE …``, and the names around it."""

    instantiation: s.Instantiation
    env: Env


Binding: TypeAlias = "StateVariable | Operator | Symbol | NamedInstance | Meaning"


class Env:
    """Names and what they stand for; those of ``parent`` where there is no own one."""

    def __init__(self, names: dict[str, Binding], parent: Env | None = None) -> None:
        self.names, self.parent = names, parent
        self.known: dict[object, Meaning] = {}

    def get(self, name: str) -> Binding | None:
        env: Env | None = self
        while env is not None:
            if name in env.names:
                return env.names[name]
            env = env.parent
        return None

    def inner(self, names: Mapping[str, Binding]) -> Env:
        return Env(dict(names), self)

    @property
    def is_module(self) -> bool:
        return self.parent is None


class Specification:
    """A root module with all that it extends, as one environment."""

    def __init__(self, root: s.Module, load: Callable[[str], s.Module | None], config: Config) -> None:
        self.root, self.load, self.config = root, load, config
        self.modules: dict[str, s.Module] = {}
        self.env = Env({})
        self.constants: dict[str, s.DeclaredName] = {}
        self.variables: dict[str, s.DeclaredName] = {}
        self.recursive: set[str] = set()
        self.assumptions: list[tuple[str, s.Expr]] = []
        self.missing: list[str] = []
        self.env.names.update({name: Constant(value) for name, value in config.values.items()})
        self._fill(root, self.env, top=True)
        self._configure()

    def _module(self, name: str, line: int | None, user: s.Module) -> s.Module | None:
        if name not in self.modules:
            inner = next((m for m in user.inner if m.name == name), None)
            found = inner or self.load(name)
            if found is None:
                if name not in STANDARD:
                    self.missing.append(name)
                return None
            self.modules[name] = found
        return self.modules[name]

    def _fill(self, module: s.Module, env: Env, top: bool) -> None:
        """The names of a module and of those that it extends."""
        self.modules.setdefault(module.name, module)
        self.recursive |= module.recursive
        for name in module.extends:
            extended = self._module(name, None, module)
            if extended is not None:
                self._fill(extended, env, top)
        for c in module.constants:
            if top:
                self.constants[c.name] = c
        for v in module.variables:
            if top:
                self.variables[v.name] = v
                env.names[v.name] = StateVariable(v.name)
        if top:
            self.assumptions += [(module.name, a) for a in module.assumptions]
        for instance in module.instances:
            if instance.name is not None:
                env.names[instance.name] = NamedInstance(instance, env)
            else:
                inner = self.instantiated(instance, env, {}, module)
                if inner is not None:
                    for name, binding in inner.names.items():
                        if isinstance(binding, Operator) and binding.env is inner:
                            env.names.setdefault(name, binding)
        for d in module.definitions:
            env.names[d.name] = Operator(d, env)
        for (where, name), other in self.config.replaced_in.items():
            if where == module.name and not (top and module is self.root):
                env.names[name] = Operator(_alias(name, other), self.env)

    def instantiated(
        self, instance: s.Instantiation, env: Env, args: Mapping[str, Binding], user: s.Module | None = None
    ) -> Env | None:
        """The names of an instance; None if its module is a standard one or missing."""
        module = self._module(instance.module, instance.line, user or self.root)
        if module is None:
            return None
        around = env.inner(args) if args else env
        inner = Env({})
        given = dict(instance.given)
        for declared in self._declared(module):
            expr = given.get(declared.name)
            if isinstance(expr, s.Ref) and (found := around.get(expr.name)) is not None:
                inner.names[declared.name] = found
            elif expr is not None:
                definition = s.Definition(declared.name, (), expr, expr.line, "", module=self.root.name)
                inner.names[declared.name] = Operator(definition, around)
            else:
                found = around.get(declared.name)
                same = s.Definition(declared.name, (), s.Ref(instance.line, declared.name, declared.name), 0, "")
                inner.names[declared.name] = found if found is not None else Operator(same, around)
        self._fill(module, inner, top=False)
        for name, other in self.config.replaced.items():
            inner.names.setdefault(name, Operator(_alias(name, other), self.env))
        for name in given:
            if name not in inner.names:
                raise s.TlaError(f"{instance.module} declares no {name}", instance.line)
        return inner

    def _declared(self, module: s.Module) -> list[s.DeclaredName]:
        found = [*module.constants, *module.variables]
        for name in module.extends:
            extended = self._module(name, None, module)
            if extended is not None:
                found += self._declared(extended)
        return found

    def _configure(self) -> None:
        for name, value in self.config.values.items():
            self.env.names[name] = Constant(value)
        for name, other in self.config.replaced.items():
            found = self.env.get(other)
            self.env.names[name] = found if found is not None else Operator(_alias(name, other), self.env)


def _alias(name: str, other: str) -> s.Definition:
    return s.Definition(name, (), s.Ref(0, other, other), 0, "")
