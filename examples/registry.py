"""A container registry collects garbage while an image is pushed.

A client asks whether the registry has a layer, uploads it if not, and then puts a manifest that names it. The collector
reads all manifests, and then deletes the layers that none of them names. The bug: a layer is there before a manifest
names it. ``half`` spares layers that are uploaded after the manifests were read; one that was uploaded before, and is
named after, is lost all the same. ``fixed`` looks at the manifests again in the moment it deletes, and refuses a
manifest whose layer is gone.

    check -p examples/registry.py:protocol
    check -p examples/registry.py:half
    check prove -p examples/registry.py:fixed
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace import (
    Changes,
    Outcome,
    Protocol,
    Term,
    array,
    at,
    event,
    exists,
    fact,
    forall,
    index,
    integers,
    invariant,
    lemma,
    local,
    outcome,
    process,
    proof,
    reachable,
    role,
    says,
    scenario,
    some,
    subsets,
    such_that,
    taken,
    update,
    when,
)

protocol = Protocol("registry", "garbage is collected while an image is pushed")
clients, layers = protocol.parameter("clients", 1, 1, 4), protocol.parameter("layers", 2, 1, 6)
Client, Layer, Named = index("client", clients, symmetric=True), integers(1, layers, "layer"), integers(0, layers)
stored = protocol.variable("stored", subsets(Layer), set(), "layers that the registry has")
manifest = protocol.variable("manifest", array(Client, Named), 0, "the layer of the client's image, 0: none yet")


def named(layer: Term) -> Term:
    return exists(Client, lambda c: manifest[c] == layer)


@process(protocol, Client)
def push(c: Term) -> Iterator[object]:
    layer = local(Named, 0, "the layer of the new image")
    while True:
        layer = some(Layer, lambda x: manifest[c] != x)
        at("ASK")
        if layer in stored:
            outcome("there")
            yield says("is told that layer {layer} is there")
        else:
            outcome("missing")
            yield says("is told that layer {layer} is missing")
            update(stored, stored | {layer})
            yield at("UPLOAD"), says("uploads layer {layer}")
        manifest[c] = layer
        yield at("MANIFEST"), says("puts a manifest that names layer {layer}")


@process(protocol, by="collector")
def collect() -> Iterator[object]:
    live = local(subsets(Layer), set(), "layers that it has seen in manifests")
    while True:
        live = such_that(Layer, named)
        yield at("MARK"), says("reads the manifests: they name layers {live}")
        for k in range(1, layers + 1):
            at("SWEEP")
            if k in live:
                outcome("kept")
                yield says("keeps layer {k}")
                continue
            outcome("deleted")
            update(stored, stored - {k})
            yield says("deletes layer {k} if it is there")


live, k = collect.live, collect.k


@protocol.protection("spare-new", "a layer that is uploaded after the manifests were read is kept")
def spare_new(change: Changes) -> None:
    change.step(push, "UPLOAD").also(lambda c: update(live, live | {push.layer[c]}))


@protocol.protection("look-again", "a layer is deleted only if no manifest names it in this moment")
def look_again(change: Changes) -> None:
    change.step(collect, "SWEEP").condition("kept", k.isin(live) | named(k))


@protocol.protection("whole-images", "a manifest is accepted only if its layer is there; else the client begins anew")
def whole_images(change: Changes) -> None:
    def refused(c: Term) -> Outcome:
        layer = push.layer[c]
        words = says("may not put a manifest: layer {l} is gone", l=layer)
        return outcome("refused", when(~layer.isin(stored)), update(push.at(c), "ASK"), update(layer, 0), words)

    change.step(push, "MANIFEST").outcome(refused)


protocol.declare(
    invariant(
        "images-are-whole",
        forall(Client, lambda c: (manifest[c] == 0) | manifest[c].isin(stored)),
        "no manifest names a layer that is gone",
    ),
    reachable("garbage-is-deleted", taken("collect_sweep", outcome="deleted") & k.isin(stored), "garbage is deleted"),
)

protocol.argue(
    proof(
        [
            lemma(
                "images-have-a-layer",
                forall(Client, lambda c: push.at(c, "UPLOAD", "MANIFEST").implies(push.layer[c] > 0)),
                "whoever uploads has chosen a layer",
            )
        ]
    )
)

c, layer = role("client", Client), role("layer", Layer)
protocol.scenario(
    scenario(
        "image-lost",
        "an image is pushed, and cannot be pulled",
        (c, layer),
        fact(
            "F1",
            "a client uploads a layer of an image that has no manifest yet",
            event(taken("push_upload", c=c) & (push.layer[c] == layer)),
        ),
        fact(
            "F2",
            "the collector reads the manifests; none names the layer",
            event(taken("collect_mark") & ~named(layer), after=("F1",)),
        ),
        fact("F3", "the client puts its manifest", event(taken("push_manifest", c=c), after=("F2",))),
        fact(
            "F4",
            "the collector deletes the layer that the manifest names",
            event(taken("collect_sweep", outcome="deleted") & (k == layer) & (manifest[c] == layer), after=("F3",)),
        ),
    )
)

half = protocol.variant("registry-half", ["spare-new"])
fixed = protocol.variant("registry-fixed", ["look-again", "whole-images"])
