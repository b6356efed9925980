"""A store with snapshots: of two who write the same key, the later one is refused.

A transaction reads and writes its own copy of the store, taken when it began. When it ends, it writes the keys that
it has changed back to the store, unless another transaction has written one of them since. It may also give up at any
time.

Source: KeyValueStore.tla and MCKVSSafetySmall.cfg, in the folder KeyValueStore of the TLA+ examples: two keys and two
values. With two transactions in place of three TLC finds 28,305 distinct states, and 14,229 with transactions as a
symmetry set.

    check -p examples/ground_truth/snapshot_store.py:protocol --exhaustive --no-symmetry
    check -p examples/ground_truth/snapshot_store.py:protocol --exhaustive --symmetry
"""

from __future__ import annotations

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    array,
    each,
    forall,
    index,
    integers,
    invariant,
    says,
    step,
    subsets,
    update,
    when,
)

protocol = Protocol("snapshot-store", "transactions work on snapshots of a store")

transactions = protocol.parameter("transactions", 2, 1, 4, "identities of transactions, used again and again")
keys = protocol.parameter("keys", 2, 1, 4, "keys of the store")
values = protocol.parameter("values", 2, 1, 4, "values that a key may have")
Transaction = index("transaction", transactions, symmetric=True)
Key = index("key", keys)
Value = integers(1, values, "value")
Held = integers(0, values, "held")  # 0: there is no value

store = protocol.variable("store", array(Key, Held), 0, "the store that all see")
open_ = protocol.variable("open", subsets(Transaction), set(), "transactions that have begun")
copy = protocol.variable("copy", array(Transaction, array(Key, Held)), 0, "what the transaction reads and writes")
written = protocol.variable("written", array(Transaction, subsets(Key)), set(), "keys that the transaction has changed")
missed = protocol.variable("missed", array(Transaction, subsets(Key)), set(), "keys that others have written since")


@protocol.action(Transaction, by=Transaction)
def begin(t: Term) -> Step:
    return step(when(~t.isin(open_)), update(open_, open_ | {t}), update(copy[t], store), says("begins"))


@protocol.action(Transaction, Key, Value, by=Transaction)
def add(t: Term, k: Term, v: Term) -> Step:
    return step(
        when(t.isin(open_), copy[t][k] == 0),
        update(copy[t][k], v),
        update(written[t], written[t] | {k}),
        says("adds {v} under key {k}", v=v, k=k),
    )


@protocol.action(Transaction, Key, Value, by=Transaction)
def change(t: Term, k: Term, v: Term) -> Step:
    return step(
        when(t.isin(open_), copy[t][k] != 0, copy[t][k] != v),
        update(copy[t][k], v),
        update(written[t], written[t] | {k}),
        says("changes key {k} to {v}", v=v, k=k),
    )


@protocol.action(Transaction, Key, by=Transaction)
def remove(t: Term, k: Term) -> Step:
    return step(
        when(t.isin(open_), copy[t][k] != 0),
        update(copy[t][k], 0),
        update(written[t], written[t] | {k}),
        says("removes key {k}", k=k),
    )


@protocol.action(Transaction, by=Transaction)
def give_up(t: Term) -> Step:
    return step(
        when(t.isin(open_)),
        update(open_, open_ - {t}),
        update(copy[t], each(Key, lambda _: 0)),
        update(written[t], set()),
        update(missed[t], set()),
        says("gives up"),
    )


@protocol.action(Transaction, by=Transaction)
def commit(t: Term) -> Step:
    def now_missed(o: Term) -> Term:
        return If(o == t, set(), If(o.isin(open_), missed[o] | written[t], set()))

    return step(
        when(t.isin(open_), (missed[t] & written[t]) == set()),
        update(store, each(Key, lambda k: If(k.isin(written[t]), copy[t][k], store[k]))),
        update(open_, open_ - {t}),
        update(copy[t], each(Key, lambda _: 0)),
        update(written[t], set()),
        update(missed, each(Transaction, now_missed)),
        says("commits"),
    )


protocol.declare(
    invariant(
        "differences-are-known",
        forall(
            open_,
            lambda t: forall(Key, lambda k: (k.isin(written[t]) | k.isin(missed[t])) | (store[k] == copy[t][k])),
        ),
        "where the copy differs from the store, one of them was written",
    ),
    invariant(
        "closed-is-clean",
        forall(
            Transaction,
            lambda t: (
                t.isin(open_) | ((written[t] == set()) & (missed[t] == set()) & forall(Key, lambda k: copy[t][k] == 0))
            ),
        ),
        "nothing is left of a transaction that has ended",
    ),
)
