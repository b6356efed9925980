"""The names of the drivers of the DNS protocol, as ``--on`` takes them: ``dns:bind``, ``dns:knot,fixed``."""

from __future__ import annotations

from collections.abc import Callable

from planrace.checker.drive.dns.region import BindRegion, DnsRegion, KnotRegion
from planrace.checker.drive.dns.safeguards import FIXED, ORIGINAL, Safeguards
from planrace.model.language import ModelError
from planrace.model.language.errors import known, near


def _route53() -> type[DnsRegion]:
    from planrace.checker.drive.dns.route53.region import Route53Region  # needs boto3 and moto

    return Route53Region


KINDS: dict[str, Callable[[], type[DnsRegion]]] = {
    "embedded": lambda: DnsRegion,
    "bind": lambda: BindRegion,
    "knot": lambda: KnotRegion,
    "route53": _route53,
}
CODE = {"original": ORIGINAL, "fixed": FIXED}
DIRECT = "direct"
"""The word for messages that do not use the network."""


def driver_called(words: str) -> type[DnsRegion]:
    """The driver called ``dns:`` and these words: the name server, then perhaps what the code is (``original``,
    ``fixed``; default: the protections of the run) and ``direct`` (the embedded server without the network, which is
    faster). Raises ``ModelError`` for another word.
    """
    server, *more = words.split(",")
    made = KINDS[known(server, KINDS, "name server for dns:…")]()
    safeguards: Safeguards | None = None
    direct = False
    for word in more:
        if word not in (*CODE, DIRECT):
            raise ModelError(f"dns:{server} does not take {word!r}", remedy=near(word, [*CODE, DIRECT]))
        direct = direct or word == DIRECT
        if word in CODE:
            if safeguards not in (None, CODE[word]):
                raise ModelError(f"dns:{words} names two kinds of code", remedy="leave one out")
            safeguards = CODE[word]
    if direct and server != "embedded":
        raise ModelError(f"{server} is reached by the network only", remedy=f"leave out {DIRECT}, or use dns:embedded")
    return type(f"dns:{words}", (made,), {"safeguards": safeguards, "direct": direct})
