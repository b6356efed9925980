"""The counterexample on every name server: what clients get at its moments, what the zone holds after every step."""

from __future__ import annotations

import re
from typing import Any

import dns.update
import pytest

from planrace import ModelError, ReplayReport, Report, check, render, replay
from planrace.checker.drive.dns.named import KINDS, driver_called
from planrace.checker.results.driving import ReplayEnd
from planrace.checker.results.verdict import Verdict
from tests.drive.dns.servers import require

STORY = "publish flip_alias[refused] flip_alias[refused] install(1) flip_alias(3)[accepted]"
"""After the outage: flips are refused, an operator repairs, the automation works again."""
DIG = "dig service.e1.planrace.test. A"
ALIAS = "service.e1.planrace.test. 5 IN CNAME plan-{0}.trees.e1.planrace.test."
STATUS = ";; status: NOERROR; flags: qr aa; ANSWER: {}"
ROUTE53 = "route53"
"""Where an alias is answered with the addresses of its tree, and its name exists from the beginning."""
TREE = ("plan-{0}.trees.e1.planrace.test. 5 IN A 192.0.2.{0}", "plan-{0}.trees.e1.planrace.test. 5 IN A 198.51.100.1")
REFUSAL = {
    ROUTE53: (
        "aws route53 change-resource-record-sets",
        r"InvalidChangeBatch: \[Tried to create an alias that targets plan-1\.trees\.e1\.planrace\.test\., type A in "
        r"zone \w+, but that target was not found\]",
    )
}


@pytest.fixture(scope="module")
def outage() -> Report:
    """The default counterexample: the first property of `check --protocol original`."""
    found = check("original", properties=["active-plan-never-deleted"])
    assert not found
    return found


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> str:
    require(request.param)
    return str(request.param)


def answers(found: ReplayReport, asked: str = DIG) -> dict[int, list[str]]:
    """The answers that were new, by the step."""
    return {n: a.answer.splitlines() for n, new in enumerate(found.answers) for a in new if a.asked == asked}


def with_plan(server: str, generation: int) -> list[str]:
    if server == ROUTE53:
        return [STATUS.format(2), *(line.replace("plan-{0}.trees", "service").format(generation) for line in TREE)]
    return [STATUS.format(3), *(line.format(generation) for line in (ALIAS, *TREE))]


def without_tree(server: str, generation: int) -> list[str]:
    return [STATUS.format(0)] if server == ROUTE53 else [STATUS.format(1), ALIAS.format(generation)]


def test_addresses_then_none_then_refusals_then_the_repair(server: str, outage: Report) -> None:
    found = replay(outage, f"dns:{server}", parameters={"operator": "on"}, then=STORY)
    assert found.exit_code == 1
    assert found.further is not None
    assert found.further.end is ReplayEnd.FOLLOWED, found.further.why
    steps = {(s.action, s.outcome): n for n, s in enumerate(found.trace.steps, 1)}
    told = answers(found)
    nothing = STATUS.format(0) if server == ROUTE53 else ";; status: NXDOMAIN; flags: qr aa; ANSWER: 0"
    assert next(iter(told.items())) == (0, [nothing])
    moments = [with_plan(server, 3), with_plan(server, 1), without_tree(server, 1), with_plan(server, 4)]
    assert list(told.values())[1:] == moments
    assert list(told)[3] == found.step == steps["delete_old_plans", "continues"]
    assert list(told)[4] == steps["install", None]
    refused = [n for n, s in enumerate(found.trace.steps, 1) if s.outcome == "refused"]
    assert len(refused) == 2
    asked, why = REFUSAL.get(server, ("nsupdate", "update failed: NXRRSET"))
    last = {n: a[-1] for n, a in answers(found, asked).items()}
    assert list(last) == refused
    assert all(re.fullmatch(why, line) for line in last.values())
    text = " ".join(render(found).split())
    assert f"Read back after each of {len(found.trace)} steps and compared with the model: no difference." in text
    assert found.system.driver.unobserved == ()


def test_the_fixed_code_leaves_it_at_the_stale_flip(server: str, outage: Report) -> None:
    found = replay(outage, f"dns:{server},fixed")
    assert (found.end, found.exit_code, found.why) == (ReplayEnd.LEFT, 0, "ends the step as superseded")
    stale = found.trace.steps[found.step - 1]
    assert (stale.action, stale.outcome) == ("flip_alias", "accepted")
    assert found.trace.steps[found.step - 2].state["alias"] == [3, 3]
    assert answers(found)[found.step] == with_plan(server, 3)  # it answers with the newer plan all the while


def test_a_server_says_what_it_is(server: str, outage: Report) -> None:
    first = {a.asked: a.answer for a in replay(outage, f"dns:{server},fixed").answers[0]}
    says = first.get("dig version.bind. CH TXT", "")
    assert {"bind": "9." in says, "knot": "Knot" in says}.get(server, not says)


def tampered(server: str) -> type:
    """A driver behind whose back somebody moves the alias after the first tree is built."""
    plain: Any = driver_called(server)

    def build_tree(self: Any, i: int) -> Any:
        result = plain.build_tree(self, i)
        if server == ROUTE53:
            (there,) = self._now.zones[0].contents().trees  # Route 53 takes no alias of another
            assert self._now.zones[0].batch().point_active(there).send()
            return result
        message = dns.update.UpdateMessage("e1.planrace.test.")
        message.replace("service", 5, "CNAME", "plan-2.trees")
        self._server.client().update(message)
        return result

    return type("Tampered", (plain,), {"build_tree": build_tree})


def test_a_change_behind_its_back_is_noticed_at_the_read_back(server: str, outage: Report) -> None:
    found = replay(outage, tampered(server))
    assert found.end is ReplayEnd.LEFT
    assert found.trace.steps[found.step - 1].action == "build_tree"
    to = 3 if server == ROUTE53 else 2
    assert [(m.place, m.expected, m.observed) for m in found.mismatches] == [("alias[1]", "0", str(to))]
    assert f"at step 7: it has alias[1] = {to}" in " ".join(render(found).split())
    answer = with_plan(server, to) if server == ROUTE53 else without_tree(server, to)
    assert answers(found)[found.step] == answer  # clients notice, too


def test_the_zones_are_read_by_the_network(server: str, outage: Report) -> None:
    """With a server that does not answer, nothing is compared."""
    if server == ROUTE53:
        pytest.skip("they are read through the API")

    def stopped(self: Any) -> None:
        plain.publish(self)
        self._server.kill()

    plain: Any = driver_called(server)
    with pytest.raises(ModelError, match=r"observe fails: NoAnswerError: 127\.0\.0\.1 port \d+: no "):
        replay(outage, type("Stopped", (plain,), {"publish": stopped}))


def test_every_run_of_a_report_happens_and_the_fixed_code_leaves_what_is_wrong() -> None:
    """Also the lasso, whose loop is performed three times."""
    report = check("original", {"enactors": 2, "endpoints": 1})
    assert sum(f.verdict is Verdict.VIOLATED for f in report.findings) == 6
    for finding in report.findings:
        assert replay(report, "dns:embedded,direct", name=finding.name).exit_code == 1
        fixed = replay(report, "dns:embedded,fixed,direct", name=finding.name)
        assert fixed.exit_code == (1 if finding.verdict is Verdict.HOLDS else 0), finding.name
