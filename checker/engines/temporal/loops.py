"""Loops over graphs, in the dialect of ``native/translate.py``: for small graphs they run as Python, for large ones as
machine code. Arrays hold half-words, unless said to hold bytes or quarter-words."""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import WIDE, Words, byte, half, quarter, set_byte, set_half
from planrace.checker.engines.temporal.rows import OUTSIDE


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


def counted(first: int, last: int, region: Words, offsets: Words, targets: Words, number: Words) -> int:
    """Count for each state in ``number`` the steps that lead to it from states first…last-1 whose byte in ``region`` is
    not 0."""
    n = first
    while n < last:
        if byte(region, n):
            k = half(offsets, n)
            end = half(offsets, n + 1)
            while k < end:
                t = half(targets, k)
                set_half(number, t, half(number, t) + 1)
                k += 1
        n += 1
    return 0


def sources(first: int, last: int, region: Words, number: Words, queue: Words, found: int) -> int:
    """Append to ``queue`` the states of the region to which no step leads, and return its new length."""
    n = first
    while n < last:
        if byte(region, n) and half(number, n) == 0:
            set_half(queue, found, n)
            found += 1
        n += 1
    return found


def peeled(state: Words, most: int, region: Words, offsets: Words, targets: Words, number: Words, queue: Words) -> int:
    """Append to ``queue`` the states of the region to which steps lead only from states in it; they are in no cycle.
    ``number`` holds how many other steps lead to a state, and ``state`` how many states of the queue are done, and how
    many it has. Returns 1 after ``most`` steps, 0 at the end."""
    done = half(state, 0)
    found = half(state, 1)
    while done < found and most > 0:
        n = half(queue, done)
        k = half(offsets, n)
        end = half(offsets, n + 1)
        most -= end - k + 1
        while k < end:
            t = half(targets, k)
            left = half(number, t) - 1
            set_half(number, t, left)
            if left == 0 and byte(region, t):
                set_half(queue, found, t)
                found += 1
            k += 1
        done += 1
    set_half(state, 0, done)
    set_half(state, 1, found)
    return 1 if done < found else 0


def opened(first: int, last: int, region: Words, number: Words) -> int:
    """The number of states first…last-1 becomes 0, or OUTSIDE if they are outside the region."""
    n = first
    while n < last:
        set_half(number, n, 0 if byte(region, n) else OUTSIDE)
        n += 1
    return 0


def alone(first: int, last: int, queue: Words, number: Words, top: int) -> int:
    """Each of the states at places first…last-1 of ``queue`` becomes a component: that at place k gets ``top`` - k."""
    while first < last:
        set_half(number, half(queue, first), top - first)
        first += 1
    return 0


def components(
    state: Words,
    last: int,
    most: int,
    top: int,
    offsets: Words,
    targets: Words,
    number: Words,
    stack: Words,
    edge: Words,
    low: Words,
) -> int:
    """Strongly connected components of the states whose ``number`` is 0, starting from states up to ``last`` - 1. The
    k-th component, k from 0, gets the number ``top`` - k, which must be greater than any state's.

    Pearce, "A space-efficient algorithm for finding strongly connected components" (Information Processing Letters 116,
    2016): a state has one number, that of its component, or before that the least order of visit that it is known to
    reach; the states on the path and those that wait for their component share one stack, from its two ends. ``low``
    and ``edge`` belong to the path. ``state`` holds the next start state, the number of components found, and the sizes
    of the path and of the rest of the stack, both 0 at the start. Returns 1 after ``most`` steps, with the ``state`` to
    continue from; 0 at the end.
    """
    root = half(state, 0)
    found = half(state, 1)
    depth = half(state, 2)
    held = half(state, 3)
    while root < last and most > 0:
        if depth == 0 and half(number, root) == 0:
            depth = entered(root, 0, 0, offsets, number, stack, edge, low)
        while depth and most > 0:
            n = half(stack, depth - 1)
            k = half(edge, depth - 1)
            end = half(offsets, n + 1)
            least = half(low, depth - 1)
            t = n
            there = 1
            while k < end and most > 0:
                t = half(targets, k)
                there = half(number, t)
                k += 1
                most -= 1
                if there == 0:
                    break
                least = min(least, there)
            if there == 0:
                set_half(edge, depth - 1, k)
                set_half(low, depth - 1, least)
                depth = entered(t, depth, held, offsets, number, stack, edge, low)
            elif k < end:
                set_half(edge, depth - 1, k)
                set_half(low, depth - 1, least)
            else:
                depth -= 1
                most -= 1
                if least == half(number, n):
                    set_half(number, n, top - found)
                    held = closed(number, stack, top, held, least, found)
                    found += 1
                else:
                    set_half(number, n, least)
                    set_half(stack, top - 1 - held, n)
                    held += 1
                if depth:
                    set_half(low, depth - 1, min(half(low, depth - 1), least))
        if depth == 0:
            root += 1
    set_half(state, 0, root)
    set_half(state, 1, found)
    set_half(state, 2, depth)
    set_half(state, 3, held)
    return 1 if root < last else 0


def entered(n: int, depth: int, held: int, offsets: Words, number: Words, stack: Words, edge: Words, low: Words) -> int:
    """Put an unvisited state at the end of the path. Returns the new size of the path."""
    set_half(stack, depth, n)
    set_half(edge, depth, half(offsets, n))
    set_half(number, n, depth + held + 1)
    set_half(low, depth, depth + held + 1)
    return depth + 1


def closed(number: Words, stack: Words, top: int, held: int, least: int, found: int) -> int:
    """Assign the waiting states with numbers from ``least`` on to component ``found``. Returns how many still wait."""
    while held:
        t = half(stack, top - held)
        if half(number, t) < least:
            break
        set_half(number, t, top - found)
        held -= 1
    return held


def label(labels: Words, k: int) -> int:
    """The label of a step: a quarter-word, or a half-word where labels are WIDE."""
    if WIDE:
        return half(labels, k)
    return quarter(labels, k)


def weigh(
    first: int,
    last: int,
    top: int,
    offsets: Words,
    targets: Words,
    labels: Words,
    number: Words,
    fair: Words,
    bad: Words,
    weights: Words,
) -> int:
    """Two numbers for each component in ``weights``: whether a run can stay there (a step leads back, or no label that
    is ``fair`` (bytes) is enabled), and whether it contains a state that is ``bad`` (bytes). ``number`` as
    ``components`` leaves it; ``labels`` are quarter-words, or half-words if they are WIDE."""
    n = first
    while n < last:
        c = half(number, n)
        if c != OUTSIDE:
            stays = 1
            k = half(offsets, n)
            end = half(offsets, n + 1)
            while k < end:
                if byte(fair, label(labels, k)):
                    stays = 0
                if half(number, half(targets, k)) == c:
                    stays = 1
                    break
                k += 1
            if stays:
                set_half(weights, 2 * (top - c), 1)
            if byte(bad, n):
                set_half(weights, 2 * (top - c) + 1, 1)
        n += 1
    return 0


def gather(first: int, last: int, top: int, number: Words, weights: Words, out: Words, found: int) -> int:
    """Append to ``out`` the states of components where a run can stay and that contain a bad state; returns the new
    length."""
    n = first
    while n < last:
        c = half(number, n)
        if c != OUTSIDE and both(weights, top - c):
            set_half(out, found, n)
            found += 1
        n += 1
    return found


def both(weights: Words, k: int) -> int:
    """Whether both numbers of component ``k`` are 1."""
    return half(weights, 2 * k) & half(weights, 2 * k + 1)


def tallied(first: int, last: int, top: int, number: Words, out: Words, ends: Words) -> int:
    """Add the states at places first…last-1 of ``out`` to the sizes of their components in ``ends``."""
    while first < last:
        k = top - half(number, half(out, first))
        set_half(ends, k, half(ends, k) + 1)
        first += 1
    return 0


def begun(first: int, last: int, ends: Words, before: int) -> int:
    """Turn the sizes at places first…last-1 of ``ends`` into sums of those before them; returns the sum of all, where
    ``before`` is that of the sizes before ``first``."""
    while first < last:
        size = half(ends, first)
        set_half(ends, first, before)
        before += size
        first += 1
    return before


def sorted_by_component(first: int, last: int, top: int, number: Words, out: Words, ends: Words, members: Words) -> int:
    """Copy the states at places first…last-1 of ``out`` to ``members``, each to where the component's next one goes,
    which ``ends`` says and then is one more."""
    while first < last:
        n = half(out, first)
        k = top - half(number, n)
        set_half(members, half(ends, k), n)
        set_half(ends, k, half(ends, k) + 1)
        first += 1
    return 0


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
