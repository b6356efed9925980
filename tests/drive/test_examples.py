"""The example drivers: the code is covered, and a fault in each action and each outcome of it is found."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from planrace import cover
from tests import ROOT

DRIVING = ROOT / "examples" / "driving"
FILE = DRIVING / "lease_driver.py"
LEASE = str(ROOT / "examples" / "lease.py:fixed")
SIZES = {"workers": 2, "leases": 2}

FAULTS = {
    "acquire: guard": ("self.holder is not None or self.given == self.most", "self.given == self.most"),
    "acquire: bound": ("self.holder is not None or self.given == self.most", "self.holder is not None"),
    "acquire: holder": ("self.holder, self.given = worker, self.given + 1", "self.given = self.given + 1"),
    "acquire: token": ("self.holder, self.given = worker, self.given + 1", "self.holder = worker"),
    "acquire: belief": ("self.token = token or self.token", "pass"),
    "expire: guard": ("had, self.holder = self.holder is not None, None", "had, self.holder = True, None"),
    "expire: effect": ("had, self.holder = self.holder is not None, None", "had = self.holder is not None"),
    "notice: guard, leads": ("not self.leads or service.holder == self.number", "service.holder == self.number"),
    "notice: guard, holder": ("not self.leads or service.holder == self.number", "not self.leads"),
    "notice: effect": ("        self.token = 0\n        return True", "        return True"),
    "send: guard, leads": ("not self.leads or self.outbox", "self.outbox"),
    "send: guard, outbox": ("not self.leads or self.outbox", "not self.leads"),
    "send: effect": ("self.outbox.append(self.token)", "self.outbox.append(1)"),
    "store: stored": ("        self.token = token\n        return True", "        return True"),
    "store: refused": ("token < self.token", "False"),
    "store: equal": ("token < self.token", "token <= self.token"),
    "store: lost": ("outbox.pop()", "outbox[-1]"),
    "crash: effect": ("self._workers[w].token = 0", "pass"),
    "crash: too much": ("self._workers[w].token = 0", "self._workers[w].__init__(w)"),
    "reset": ("self._service, self._storage = LeaseService(leases), Storage()", "self._service = LeaseService(leases)"),
}


def loaded(source: str, path: Path) -> ModuleType:
    """A module of this source text."""
    module = ModuleType("damaged")
    module.__file__ = str(path)
    sys.modules["damaged"] = module
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("faults", [(), ("crash",)])
def test_the_code_is_covered(faults: tuple[str, ...]) -> None:
    report = cover(LEASE, f"{FILE}:Driver", SIZES, faults=faults)
    assert report
    assert report.performed == report.total > 100
    assert report.refusals == report.refusals_total > 100
    assert report.system.driver.uncontrolled == ()
    assert report.system.driver.unobserved == ()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_each_action_and_outcome_is_found(name: str) -> None:
    source, (old, new) = FILE.read_text(), FAULTS[name]
    assert source.count(old) == 1
    if name == "reset":
        source = source.replace(
            "self._sizes = workers, leases", "self._sizes, self._storage = (workers, leases), Storage()"
        )
    damaged = loaded(source.replace(old, new), FILE)
    report = cover(LEASE, damaged.Driver, SIZES, faults=["crash"])
    assert report.divergence is not None, name
    assert report.divergence.repeated
    assert report.divergence.minimal


def test_every_action_and_outcome_has_a_fault() -> None:
    """An action that is added to the driver needs one here."""
    (driver,) = (n for n in ast.parse(FILE.read_text()).body if isinstance(n, ast.ClassDef) and n.name == "Driver")
    methods = {n.name for n in driver.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")}
    assert {name.partition(":")[0] for name in FAULTS} == methods - {"observe"}
    assert {"store: stored", "store: refused"} <= set(FAULTS)


# A database ----------------------------------------------------------------------------------------------------------
DATABASE = DRIVING / "rollout_database.py"
ROLLOUT = str(ROOT / "examples" / "rollout.py:fixed")
KINDS = ("sqlite", "postgres")
RESET_ONCE = """if self._rollout is None:
            self._rollout = Rollout()
            self._rollout.create()"""
IN_SQL = {
    "publish: effect": ('self._do("INSERT INTO versions VALUES (?)", number)', "pass"),
    "pick: guard": (" WHERE number > (SELECT active FROM pointer)", ""),
    "pick: effect": ("self._picked[w] = found", "pass"),
    "flip: prerequisite dropped": ('active = ? WHERE active < ?", number, number', 'active = ?", number'),
    "flip: prerequisite too weak": ("WHERE active < ?", "WHERE active <= ?"),
    "flip: effect": ("SET active = ?", "SET active = active + 0 * ?"),
    "clean_up: guard": ("if self.active != number:", "if False:"),
    "clean_up: one version too many": ("number < ?", "number <= ?"),
    "clean_up: one version too few": ("number < ?", "number < ? - 1"),
    "reset": ("self._rollout = Rollout()\n        self._rollout.create()", RESET_ONCE),
}


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database that drivers use from now on."""
    if request.param == "postgres":
        monkeypatch.setenv("ROLLOUT_DSN", request.getfixturevalue("dsn"))
    else:
        monkeypatch.delenv("ROLLOUT_DSN", raising=False)
    return str(request.param)


def test_the_database_is_covered(database: str) -> None:
    report = cover(ROLLOUT, f"{DATABASE}:Driver")
    assert report
    assert report.performed == report.total == 147
    assert report.refusals == report.refusals_total > 100


@pytest.mark.parametrize("name", IN_SQL)
def test_a_fault_in_each_statement_is_found(name: str, database: str) -> None:
    source, (old, new) = DATABASE.read_text(), IN_SQL[name]
    assert source.count(old) == 1
    if name == "reset":
        source = source.replace("        self.close()\n        self._rollout", "        self._rollout")
    report = cover(ROLLOUT, loaded(source.replace(old, new), DATABASE).Driver)
    assert report.divergence is not None, name
    assert report.divergence.repeated or name == "reset"


# Over HTTP -----------------------------------------------------------------------------------------------------------
HTTP = DRIVING / "lease_http.py"
ON_THE_SERVER = {
    "acquire: guard": ('if self.state["holder"] is not None or self', "if self"),
    "acquire: effect": ('"given": self.state["given"] + 1', '"given": self.state["given"]'),
    "expire: effect": ('self.state["holder"] = None\n', "pass\n"),
    "store: stored": ('self.state["written"] = token', "pass"),
    "store: refused": ('token < self.state["written"]', "False"),
}


def test_a_server_is_covered() -> None:
    report = cover(LEASE, f"{HTTP}:Driver", {"leases": 1}, faults=[])
    assert report
    assert report.performed == report.total == 38
    assert report.system.driver.uncontrolled == ()


@pytest.mark.parametrize("name", ON_THE_SERVER)
def test_a_fault_on_the_server_is_found(name: str) -> None:
    source, (old, new) = HTTP.read_text(), ON_THE_SERVER[name]
    assert source.count(old) == 1
    report = cover(LEASE, loaded(source.replace(old, new), HTTP).Driver, SIZES)
    assert report.divergence is not None, name
