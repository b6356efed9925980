"""Loops over graphs, in the dialect of ``native/translate.py``: for small graphs they run as Python, for large ones as
machine code. Arrays hold half-words, unless said to hold bytes or quarter-words."""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import WIDE, Words, byte, half, quarter, set_byte, set_half


def reaching(offsets: Words, targets: Words, marks: Words, first: int, last: int) -> int:
    """From the last state of a range back to the first: states with a step to a state with bit 0 of ``marks`` (bytes)
    get the bit too. Returns how many did."""
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
    """Steps from states first…last-1 that are ``known`` (bytes) make their targets known. Returns how many became
    known."""
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
    """States without a ``distance`` (bytes) and with a step to one whose distance is ``steps`` get ``steps`` + 1.
    Returns how many did."""
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
    """Strongly connected components of the states whose byte in ``region`` is not 0, starting from states up to
    ``last`` - 1.

    Tarjan, "Depth-first search and linear graph algorithms" (SIAM J. Comput. 1, 1972), without recursion. Entry 0 of
    ``order`` is a clock, state n has entry n + 1; ``order`` and ``component`` are 0 for unvisited states. ``state``
    holds the next start state, the number of components found, and the sizes of ``path`` and ``stack``, both 0 at the
    start. Returns 1 after ``most`` steps, with the ``state`` to continue from; 0 at the end.
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
    """Assign the states on the stack from state ``n`` on to component ``found``. Returns the size of the rest of the
    stack."""
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
    """Two numbers for each component in ``weights``: whether a run can stay there (a step leads back, or no label that
    is ``fair`` (bytes) is enabled), and whether it contains a state that is ``bad`` (bytes). ``labels`` are
    quarter-words, or half-words if they are WIDE."""
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
    """Append to ``out`` the states of components where a run can stay and that contain a bad state; returns the new
    length."""
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
    returns the new length. ``labels`` as in ``weigh``."""
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
