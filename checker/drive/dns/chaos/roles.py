"""The processes of a run of chaos: ``python -m planrace.checker.drive.dns.chaos.roles`` is each of them."""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from pathlib import Path

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.update
import dns.zone

from planrace import drive
from planrace.checker.drive.dns import lifeline
from planrace.checker.drive.dns.chaos.options import Code, Given, Places
from planrace.checker.drive.dns.chaos.records import RecordedEnactor
from planrace.checker.drive.dns.client import Client, NoAnswerError, ZoneError
from planrace.checker.drive.dns.enactor import Backoff, Enactor, EnactorStep, StepResult
from planrace.checker.drive.dns.endpoint_zone import EndpointZone
from planrace.checker.drive.dns.journal import Journal
from planrace.checker.drive.dns.plans import PlanFolder, Planner
from planrace.checker.drive.dns.process import key_of
from planrace.checker.run.protocols import attribute_of
from planrace.model.language import ModelError

TIMEOUT = 0.5
"""Seconds to wait for an answer."""
PATIENCE = 0.25
"""Seconds that a resolver waits."""
BETWEEN_QUESTIONS = 0.002


class Quiet:
    """Whether nothing disturbs any more."""

    def __init__(self, places: Places) -> None:
        self._file = places.quiet

    def __bool__(self) -> bool:
        return self._file.exists()


class DisturbedClient(Client):
    """Loses answers to questions, updates and transfers after they were done, and rests before and after each for up
    to ``pause`` seconds. Writes down every update and its answer."""

    def __init__(self, given: Given, journal: Journal, chance: random.Random, quiet: Quiet) -> None:
        super().__init__(given["address"], given["port"], key_of(given["secret"]), TIMEOUT)
        self._loss, self._pause = given["loss"], given["short_pause"]
        self._journal, self._chance, self._quiet = journal, chance, quiet

    def send(self, message: dns.message.Message, tcp: bool = True) -> dns.message.Message:
        begin, answer = time.time(), "none"
        try:
            self._rest()
            found = super().send(message, tcp)
            answer = dns.rcode.to_text(found.rcode())
            self._rest()
            if self._loses():
                answer = f"{answer}, lost"
                raise NoAnswerError("the answer was lost on the way")
        finally:
            if isinstance(message, dns.update.UpdateMessage):
                self._journal.write(begin, message="update", zone=str(message.origin), answer=answer)
        return found

    def transfer(self, origin: dns.name.Name) -> dns.zone.Zone:
        self._rest()
        found = super().transfer(origin)
        if self._loses():
            raise NoAnswerError("the answer was lost on the way")
        return found

    def _rest(self) -> None:
        if not self._quiet:
            time.sleep(self._chance.uniform(0, self._pause))

    def _loses(self) -> bool:
        return not self._quiet and self._chance.random() < self._loss


def enactor(given: Given, stop: threading.Event) -> None:
    """An Enactor that rests at the named places."""
    chance, quiet = random.Random(given["seed"]), Quiet(Places(Path(given["folder"])))
    journal = Journal(given["journal"], process=given["process"], i=given["i"])
    client = DisturbedClient(given, journal, chance, quiet)
    zones = [EndpointZone(client, origin) for origin in given["origins"]]
    works = enactor_class(given["enactor"])(
        given["process"],
        zones,
        PlanFolder(given["plans"]),
        given["keep"],
        Code(given["code"]).safeguards,
        lease_seconds=given["lease_seconds"],
    )
    recorded = RecordedEnactor(works, given["i"], given["afresh"])

    def perform(step: EnactorStep) -> StepResult:
        if not quiet:
            long = chance.random() < given["pauses"].get(step.__name__, 0)
            stop.wait(chance.uniform(0, given["longest_pause"] if long else given["short_pause"]))
        return recorded.perform(step, partial(journal.step, works))

    while not stop.is_set():
        try:
            works.run(stop, Backoff(0.02, 0.2), perform)
        except ZoneError as e:  # what supervises the process would start it again
            recorded.crash()
            journal.write(time.time(), action="crash", why=str(e))
            stop.wait(0.1)


def enactor_class(name: str) -> type[Enactor]:
    """The class of the Enactors; ours without a name. Raises ``ModelError``."""
    found = attribute_of(name, "Enactor", "file.py:Class") if name else Enactor
    if not isinstance(found, type) or not issubclass(found, Enactor):
        raise ModelError(
            f"{name} is no class of Enactors", remedy="derive it from planrace.checker.drive.dns.enactor.Enactor"
        )
    return found


def planner(given: Given, stop: threading.Event) -> None:
    """Publishes plans at random times until it is quiet. Addresses: 192.0.2.g and 198.51.100.e."""
    chance, quiet = random.Random(given["seed"]), Quiet(Places(Path(given["folder"])))
    journal, store = Journal(given["journal"], process=given["process"]), PlanFolder(given["plans"])

    def discover() -> list[list[str]]:
        newest = store.latest()
        generation = newest.generation + 1 if newest is not None else 1
        return [[f"192.0.2.{generation % 256}", f"198.51.100.{e + 1}"] for e in range(len(given["origins"]))]

    publishes = Planner(store, discover)
    while not stop.is_set() and not quiet:
        begin = time.time()
        with drive.step("publish") as s:
            published = publishes.publish().generation
            s.log(after={"latest": published})
        journal.write(begin, action="publish", g=published)
        stop.wait(chance.uniform(0.5, 1.5) * given["publish_every"])


def resolver(given: Given, stop: threading.Event) -> None:
    """Asks for the addresses of an endpoint, as fast as it may, and writes down what changes."""
    client = Client(given["address"], given["port"], None, PATIENCE)
    journal = Journal(given["journal"], process=given["process"], e=given["e"])
    zone = EndpointZone(client, given["origins"][given["e"] - 1])
    known, asked = None, 0
    while not stop.is_set():
        begin = time.time()
        asked += 1
        found = _resolved(client, zone)
        if found != known:
            known = found
            journal.write(begin, answer=found[0], alias=found[1], addresses=found[2])
        stop.wait(BETWEEN_QUESTIONS)
    journal.write(time.time(), questions=asked)


def _resolved(client: Client, zone: EndpointZone) -> tuple[str, int, list[str]]:
    """Response code (``none`` without an answer), the plan that the name points at, its addresses."""
    try:
        answer = client.query(zone.service, "A")
    except ZoneError:
        return "none", 0, []
    alias = next(
        (r[0].target for r in answer.answer if r.name == zone.service and r.rdtype == dns.rdatatype.CNAME), None
    )
    addresses = sorted(rdata.to_text() for r in answer.answer if r.rdtype == dns.rdatatype.A for rdata in r)
    return dns.rcode.to_text(answer.rcode()), zone.generation(alias) if alias is not None else 0, addresses


ROLES = {"enactor": enactor, "planner": planner, "resolver": resolver}


def main() -> None:
    given, stop = lifeline.begin()
    drive.log_to(given["records"], stream=given["process"])
    ROLES[given["role"]](given, stop)


if __name__ == "__main__":
    main()
