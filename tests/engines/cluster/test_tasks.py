"""Tasks: results in the order of requests, whatever ends first or is lost; errors that name the request."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator

import pytest

from planrace.checker.engines.cluster import tasks
from planrace.checker.engines.cluster.shipping import received, shipped
from planrace.checker.engines.cluster.tasks import HELD, STARTED, carried_out, code_here, run_all
from planrace.checker.engines.limits import deadline, time_left, until
from planrace.checker.results.guard import TimeUpError
from planrace.model.language import ModelError
from tests.engines.cluster.here_tasks import HereTasks


def product(common: int, request: int) -> tuple[int, int]:
    return request, common * request


def only_small(common: int, request: int) -> int:
    if request == common:
        raise ModelError(f"{request} is too large", remedy="choose less")
    return request


def broken(common: None, request: int) -> int:
    return 1 // request


class PeculiarError(Exception):
    """An error that cannot be sent."""

    def __init__(self) -> None:
        super().__init__("peculiar")
        self.hook = lambda: None


def peculiar(common: None, request: int) -> None:
    raise PeculiarError


def left(common: None, request: int) -> tuple[float | None, str]:
    found = deadline()
    return time_left(), "" if found is None else found.name


@pytest.mark.parametrize("slots", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 7, 50])
def test_results_come_in_the_order_of_the_requests(slots: int, count: int) -> None:
    hosts = HereTasks(slots)
    assert list(run_all(product, 3, range(count), hosts)) == [(n, 3 * n) for n in range(count)]
    assert len(hosts.started) == count
    assert hosts.most <= STARTED * slots
    assert hosts.cancelled == []


def test_a_slow_task_does_not_stop_the_others_for_long() -> None:
    """Others end meanwhile, but not without bound: their results wait for it."""

    class FirstLast(HereTasks):
        def ended(self, handles: object, seconds: float) -> list[object]:
            others = [n for n in handles if n != 0] or [0]  # type: ignore[attr-defined]
            return super().ended(others, seconds)

    hosts = FirstLast(2)
    found = run_all(product, 1, range(1000), hosts)
    assert next(found) == (0, 0)
    assert len(hosts.results) == HELD * 2
    assert list(found) == [(n, n) for n in range(1, 1000)]


def test_an_early_end_ends_what_is_under_way() -> None:
    hosts, taken = HereTasks(2, ordered=True), list[int]()

    def requests() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            yield n

    found = run_all(product, 1, requests(), hosts)
    assert next(found) == (0, 0)
    found.close()
    assert taken == list(range(STARTED * 2 + 2))  # two have ended
    assert set(hosts.cancelled) == set(range(len(hosts.started))) - hosts.results.keys()
    assert hosts.cancelled


def test_an_interruption_ends_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = HereTasks(2, ordered=True)
    found = run_all(product, 1, range(100), hosts)
    assert next(found) == (0, 0)
    monkeypatch.setattr(tasks, "pending", lambda: True)
    with pytest.raises(KeyboardInterrupt):
        list(found)
    assert hosts.cancelled


def test_check_is_told_how_far_it_is_and_may_end_it() -> None:
    hosts, heard = HereTasks(2), list[int]()

    def check(ended: int) -> None:
        heard.append(ended)
        if ended >= 10:
            raise TimeUpError("enough")

    with pytest.raises(TimeUpError, match="enough"):
        list(run_all(product, 1, range(100), hosts, check=check))
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert heard[-1] == 10
    assert hosts.cancelled


def test_an_error_of_a_task_names_its_request() -> None:
    found = run_all(only_small, 5, range(10), HereTasks(2), called=lambda n: f"number {n}")
    assert [next(found) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ModelError) as caught:
        next(found)
    assert str(caught.value) == "5 is too large (choose less)"
    assert "in number 5 (task 6)" in caught.value.__notes__[0]
    with pytest.raises(ZeroDivisionError) as other:
        list(run_all(broken, None, [1, 0], HereTasks(1), called=lambda n: f"number {n}"))
    assert "in number 0 (task 2)" in other.value.__notes__[0]
    assert "in broken" in other.value.__notes__[0]


def test_an_error_that_cannot_be_sent_is_told() -> None:
    with pytest.raises(RuntimeError, match="PeculiarError: peculiar"):
        list(run_all(peculiar, None, [1], HereTasks(1)))


def test_a_lost_task_is_an_error_or_has_a_result_in_its_place() -> None:
    with pytest.raises(ModelError, match=r"number 3 \(task 4\) has no result: the machine is gone"):
        list(run_all(product, 1, range(6), HereTasks(2, lost={3}), called=lambda n: f"number {n}"))
    kept = run_all(product, 1, range(6), HereTasks(2, lost={3}), lost=lambda n, why: (-n, len(why)))
    assert list(kept) == [(0, 0), (1, 1), (2, 2), (-3, len("the machine is gone")), (4, 4), (5, 5)]


def test_a_task_has_the_deadline_of_its_requester() -> None:
    ((without, _),) = run_all(left, None, [1], HereTasks(1))
    assert without is None
    with until(20.0, "time limit"):
        ((seconds, name),) = run_all(left, None, [1], HereTasks(1))
    assert seconds is not None
    assert 19.0 < seconds <= 20.0
    assert name == "the time limit of 20 s"
    with until(0.0):
        ((seconds, _),) = run_all(left, None, [1], HereTasks(1))
    assert seconds == 0.0


def test_time_that_passes_on_the_way_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    hosts = HereTasks(1)
    hosts.before = lambda: monkeypatch.setattr(time, "time", lambda: now + 15.0)
    with until(20.0):
        ((seconds, _),) = run_all(left, None, [1], hosts)
    assert seconds is not None
    assert 4.0 < seconds < 5.5


def test_another_version_is_refused() -> None:
    work = shipped((product, 1, "another", None))
    _, problem, _ = received(carried_out(shipped(1), work))
    assert "has another version of planrace" in str(problem)
    assert platform.node() in str(problem)


def test_the_version_is_that_of_all_code(tmp_path: object) -> None:
    assert len(code_here()) == 64
    assert code_here() == code_here.__wrapped__()


def test_another_version_is_an_error_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = HereTasks(1)
    hosts.before = lambda: monkeypatch.setattr(tasks, "code_here", lambda: "mended")
    with pytest.raises(ModelError, match=r"another version of planrace \(install the same version"):
        list(run_all(product, 1, [1], hosts))
