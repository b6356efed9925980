"""The loops over graphs, in the dialect of ``native/dialect.py``: small graphs run them as Python, large ones as
machine code. Arrays of half-words, unless they are said to be of bytes or quarter-words.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import WIDE, Words, byte, half, quarter, set_byte, set_half


def reaching(offsets: Words, targets: Words, marks: Words, first: int, last: int) -> int:
    """From the last of some states back to the first: those with a step to a state of which bit 0 of ``marks`` (bytes)
    is set get it too. Returns how many did."""
    found = 0
    n = last
    while n > first:
        n -= 1
        if byte(marks, n) & 1 == 0:
            k = half(offsets, n)
            end = half(offsets, n + 1)
            while k < end:
                if byte(marks, half(targets, k)) & 1:
                    set_byte(marks, n, byte(marks, n) | 1)
                    found += 1
                    break
                k += 1
    return found


def reached(offsets: Words, targets: Words, known: Words, first: int, last: int) -> int:
    """Steps from states first…last-1 that are ``known`` (bytes) lead to states that are then too. Returns how many."""
    found = 0
    n = first
    while n < last:
        if byte(known, n):
            k = half(offsets, n)
            end = half(offsets, n + 1)
            while k < end:
                t = half(targets, k)
                if byte(known, t) == 0:
                    set_byte(known, t, 1)
                    found += 1
                k += 1
        n += 1
    return found


def nearer(offsets: Words, targets: Words, distance: Words, first: int, last: int, steps: int) -> int:
    """States without a ``distance`` (bytes) and with a step to one whose distance is ``steps`` get one more. Returns
    how many did."""
    found = 0
    n = first
    while n < last:
        if byte(distance, n) == 0:
            k = half(offsets, n)
            end = half(offsets, n + 1)
            while k < end:
                if byte(distance, half(targets, k)) == steps:
                    set_byte(distance, n, steps + 1)
                    found += 1
                    break
                k += 1
        n += 1
    return found


def components(
    state: Words,
    last: int,
    most: int,
    region: Words,
    offsets: Words,
    targets: Words,
    order: Words,
    low: Words,
    component: Words,
    stack: Words,
    path: Words,
    edge: Words,
) -> int:
    """Strongly connected components of the states whose byte in ``region`` is not 0, from states up to ``last`` - 1 on.

    Tarjan, "Depth-first search and linear graph algorithms" (SIAM J. Comput. 1, 1972), without recursion. Number 0 of
    ``order`` is a clock, state n has number n + 1 there; ``order`` and ``component`` are 0 where nothing is known.
    ``state`` has the first state, the components found so far, and the sizes of ``path`` and ``stack``, both 0 at the
    start. Returns 1 after ``most`` steps, with the ``state`` to go on from; 0 at the end.
    """
    root = half(state, 0)
    found = half(state, 1)
    depth = half(state, 2)
    top = half(state, 3)
    clock = half(order, 0)
    while root < last and most > 0:
        if depth == 0 and byte(region, root) and half(order, root + 1) == 0:
            set_half(path, 0, root)
            set_half(edge, 0, half(offsets, root))
            clock += 1
            set_half(order, root + 1, clock)
            set_half(low, root, clock)
            set_half(stack, 0, root)
            top = 1
            depth = 1
        while depth and most > 0:
            most -= 1
            n = half(path, depth - 1)
            k = half(edge, depth - 1)
            if k < half(offsets, n + 1):
                set_half(edge, depth - 1, k + 1)
                t = half(targets, k)
                if byte(region, t):
                    if half(order, t + 1) == 0:
                        clock += 1
                        set_half(order, t + 1, clock)
                        set_half(low, t, clock)
                        set_half(stack, top, t)
                        top += 1
                        set_half(path, depth, t)
                        set_half(edge, depth, half(offsets, t))
                        depth += 1
                    elif half(component, t) == 0:
                        set_half(low, n, min(half(low, n), half(order, t + 1)))
            else:
                depth -= 1
                if depth:
                    above = half(path, depth - 1)
                    set_half(low, above, min(half(low, above), half(low, n)))
                if half(low, n) == half(order, n + 1):
                    found += 1
                    top = closed(component, stack, top, n, found)
        if depth == 0:
            root += 1
    set_half(state, 0, root)
    set_half(state, 1, found)
    set_half(state, 2, depth)
    set_half(state, 3, top)
    set_half(order, 0, clock)
    return 1 if root < last else 0


def closed(component: Words, stack: Words, top: int, n: int, found: int) -> int:
    """What lies on the stack from state ``n`` on is component ``found``. Returns how many lie on it then."""
    t = 0
    while True:
        top -= 1
        t = half(stack, top)
        set_half(component, t, found)
        if t == n:
            break
    return top


def label(labels: Words, k: int) -> int:
    """The label of a step: a quarter-word, or a half-word where labels are WIDE."""
    if WIDE:
        return half(labels, k)
    return quarter(labels, k)


def weigh(
    first: int,
    last: int,
    region: Words,
    offsets: Words,
    targets: Words,
    labels: Words,
    component: Words,
    fair: Words,
    bad: Words,
    weights: Words,
) -> int:
    """What components are, in two numbers each of ``weights``: whether a run can stay there, for a step leads back or
    nothing of a label that is ``fair`` (bytes) is enabled, and whether it holds a state that is ``bad`` (bytes).
    ``labels`` are quarter-words, or half-words where they are WIDE."""
    n = first
    while n < last:
        if byte(region, n):
            c = half(component, n)
            stays = 1
            k = half(offsets, n)
            end = half(offsets, n + 1)
            while k < end:
                if byte(fair, label(labels, k)):
                    stays = 0
                t = half(targets, k)
                if byte(region, t) and half(component, t) == c:
                    stays = 1
                    break
                k += 1
            if stays:
                set_half(weights, 2 * c, 1)
            if byte(bad, n):
                set_half(weights, 2 * c + 1, 1)
        n += 1
    return 0


def gather(first: int, last: int, region: Words, component: Words, weights: Words, out: Words, found: int) -> int:
    """Append to ``out`` the states of components where a run can stay and something is bad; how many there are then."""
    n = first
    while n < last:
        if byte(region, n):
            c = half(component, n)
            if half(weights, 2 * c) and half(weights, 2 * c + 1):
                set_half(out, found, n)
                found += 1
        n += 1
    return found


def resting(
    first: int, last: int, region: Words, offsets: Words, labels: Words, fair: Words, bad: Words, out: Words, found: int
) -> int:
    """Append to ``out`` the states of a region that are ``bad`` (bytes) and enable no label that is ``fair`` (bytes);
    how many there are then. ``labels`` as in ``weigh``."""
    n = first
    while n < last:
        if byte(region, n) and byte(bad, n):
            stays = 1
            k = half(offsets, n)
            end = half(offsets, n + 1)
            while k < end:
                if byte(fair, label(labels, k)):
                    stays = 0
                    break
                k += 1
            if stays:
                set_half(out, found, n)
                found += 1
        n += 1
    return found
