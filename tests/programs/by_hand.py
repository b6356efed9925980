"""The incidents of ``examples/autoscaler.py`` and ``examples/registry.py`` as actions, with places by hand."""

# ruff: noqa: N806  (sorts begin with a capital, as in the examples)

from __future__ import annotations

from planrace import (
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    forall,
    index,
    integers,
    invariant,
    otherwise,
    outcome,
    step,
    subsets,
    such_that,
    update,
    when,
)


def autoscaler(taint: str = "never", *, checked: bool = False) -> Protocol:
    """A node is tainted ``never``, ``late`` (before it is removed) or ``first`` (before it is found empty again);
    ``checked``: nothing is bound to a tainted node."""
    protocol = Protocol("autoscaler", "the same by hand")
    pods, nodes = protocol.parameter("pods", 2, 1, 6), protocol.parameter("nodes", 2, 1, 6)
    Pod, Node, Host = index("pod", pods, symmetric=True), integers(1, nodes), integers(0, nodes)
    Work, Mode = enumeration("work", "PICK BIND END"), enumeration("mode", "FIND TAINT CONFIRM REMOVE")
    work = protocol.variable("work", array(Pod, Work), Work.PICK)
    picked = protocol.variable("picked", array(Pod, Host), 0)
    host = protocol.variable("host", array(Pod, Host), 0)
    mode = protocol.variable("mode", Mode, Mode.FIND)
    chosen = protocol.variable("chosen", Host, 0)
    up = protocol.variable("up", subsets(Node), such_that(Node, lambda n: n > 0))
    tainted = protocol.variable("tainted", subsets(Node), set())

    def used(node: Term) -> Term:
        return exists(Pod, lambda p: host[p] == node)

    @protocol.action(Pod, Node, by="scheduler")
    def pick(p: Term, n: Term) -> Step:
        free = when(work[p] == Work.PICK, n.isin(up), ~n.isin(tainted))
        return step(free, update(picked[p], n), update(work[p], Work.BIND))

    @protocol.action(Pod, by="scheduler")
    def bind(p: Term) -> Step:
        refused = outcome("refused", when(picked[p].isin(tainted)), update(work[p], Work.PICK))
        bound = [update(host[p], picked[p]), update(work[p], Work.END)]
        ends = [refused, otherwise("bound", *bound)] if checked else bound
        return step(when(work[p] == Work.BIND), update(picked[p], 0), *ends)

    @protocol.action(Pod, by="scheduler")
    def end(p: Term) -> Step:
        return step(when(work[p] == Work.END), update(host[p], 0), update(work[p], Work.PICK))

    @protocol.action(Node, by="autoscaler")
    def find(n: Term) -> Step:
        empty = when(mode == Mode.FIND, n.isin(up), ~used(n))
        return step(empty, update(chosen, n), update(mode, Mode.TAINT if taint == "first" else Mode.CONFIRM))

    @protocol.action(by="autoscaler")
    def confirm() -> Step:
        first = taint == "first"
        wrong = used(chosen) | ~chosen.isin(tainted) if first else used(chosen)
        untaint = [update(tainted, tainted - {chosen})] if first else []
        return step(
            when(mode == Mode.CONFIRM),
            outcome("used", when(wrong), update(mode, Mode.FIND), update(chosen, 0), *untaint),
            otherwise("empty", update(mode, Mode.TAINT if taint == "late" else Mode.REMOVE)),
        )

    if taint != "never":

        @protocol.action(by="autoscaler")
        def put_taint() -> Step:
            then = Mode.CONFIRM if taint == "first" else Mode.REMOVE
            return step(when(mode == Mode.TAINT), update(tainted, tainted | {chosen}), update(mode, then))

    @protocol.action(by="autoscaler")
    def remove() -> Step:
        gone = update(up, up - {chosen})
        return step(when(mode == Mode.REMOVE), gone, update(chosen, 0), update(mode, Mode.FIND))

    protocol.final(up == set())
    has_node = forall(Pod, lambda p: (host[p] == 0) | host[p].isin(up))
    protocol.declare(invariant("pods-have-nodes", has_node, "no pod loses its node"))
    return protocol


def registry(*, spare: bool = False, again: bool = False, whole: bool = False) -> Protocol:
    """``spare``: new layers are kept; ``again``: the collector looks at the manifests again; ``whole``: a manifest
    without its layer is refused."""
    protocol = Protocol("registry", "the same by hand")
    clients, layers = protocol.parameter("clients", 1, 1, 4), protocol.parameter("layers", 2, 1, 6)
    Client, Layer, Named = index("client", clients, symmetric=True), integers(1, layers), integers(0, layers)
    Work = enumeration("work", "ASK UPLOAD MANIFEST")
    work = protocol.variable("work", array(Client, Work), Work.ASK)
    pushed = protocol.variable("pushed", array(Client, Named), 0)
    manifest = protocol.variable("manifest", array(Client, Named), 0)
    stored = protocol.variable("stored", subsets(Layer), set())
    live = protocol.variable("live", subsets(Layer), set())
    at = protocol.variable("at", Layer, 1)
    sweeps = protocol.variable("sweeps", boolean(), False)

    def named(layer: Term) -> Term:
        return exists(Client, lambda c: manifest[c] == layer)

    @protocol.action(Client, Layer, by=Client)
    def ask(c: Term, x: Term) -> Step:
        return step(
            when(work[c] == Work.ASK, manifest[c] != x),
            update(pushed[c], x),
            outcome("there", when(x.isin(stored)), update(work[c], Work.MANIFEST)),
            otherwise("missing", update(work[c], Work.UPLOAD)),
        )

    @protocol.action(Client, by=Client)
    def upload(c: Term) -> Step:
        kept = [update(live, live | {pushed[c]})] if spare else []
        there = update(stored, stored | {pushed[c]})
        return step(when(work[c] == Work.UPLOAD), there, update(work[c], Work.MANIFEST), *kept)

    @protocol.action(Client, by=Client)
    def put(c: Term) -> Step:
        named_now = update(manifest[c], pushed[c])
        refused = outcome("refused", when(~pushed[c].isin(stored)))
        ends = [refused, otherwise("put", named_now)] if whole else [named_now]
        return step(when(work[c] == Work.MANIFEST), update(pushed[c], 0), update(work[c], Work.ASK), *ends)

    @protocol.action(by="collector")
    def mark() -> Step:
        return step(when(~sweeps), update(live, such_that(Layer, named)), update(sweeps, True))

    @protocol.action(by="collector")
    def sweep() -> Step:
        kept = at.isin(live) | named(at) if again else at.isin(live)
        return step(
            when(sweeps, at < layers),
            outcome("kept", when(kept)),
            otherwise("deleted", update(stored, stored - {at})),
            update(at, at + 1),
        )

    @protocol.action(by="collector")
    def sweep_last() -> Step:
        kept = at.isin(live) | named(at) if again else at.isin(live)
        return step(
            when(sweeps, at == layers),
            outcome("kept", when(kept)),
            otherwise("deleted", update(stored, stored - {at})),
            *(update(at, 1), update(live, set()), update(sweeps, False)),
        )

    whole_images = forall(Client, lambda c: (manifest[c] == 0) | manifest[c].isin(stored))
    protocol.declare(invariant("images-are-whole", whole_images, "no manifest names a layer that is gone"))
    return protocol
