"""What the kernels answer, said once more in plain loops from design section 6; slow, and easy to check by reading."""

from itertools import pairwise
from typing import NamedTuple


class Event(NamedTuple):
    customer: int
    at: int
    page: int
    source: int = -1
    resolved: bool = False


class Step(NamedTuple):
    page: int
    event: int
    implied: bool


class Path(NamedTuple):
    steps: list[Step]
    events: list[int]
    resolved: bool


class Mark(NamedTuple):
    opportunity: bool
    depth: int
    bounces: int
    loop: int


def paths(events: list[Event], gap: int) -> list[Path]:
    return [
        Path(collapsed(steps(events, rows)), rows, any(events[i].resolved for i in rows))
        for rows in sessions(events, gap)
    ]


def sessions(events: list[Event], gap: int) -> list[list[int]]:
    found: list[list[int]] = []
    for i, event in enumerate(events):
        before = events[i - 1] if i else None
        if before is None or before.customer != event.customer or event.at - before.at >= gap or before.resolved:
            found.append([])
        found[-1].append(i)
    return found


def steps(events: list[Event], rows: list[int]) -> list[Step]:
    found: list[Step] = []
    for i in rows:
        event = events[i]
        if event.source != -1:
            if not found:
                found.append(Step(event.source, i, implied=False))
            elif found[-1].page != event.source:
                found.append(Step(event.source, i, implied=True))
        found.append(Step(event.page, i, implied=False))
    return found


def collapsed(found: list[Step]) -> list[Step]:
    return found[:1] + [after for before, after in pairwise(found) if before.page != after.page]


def marks(x: list[int]) -> list[Mark]:
    runs = ping_pongs(x)
    other_apexes = {i for start, end in runs for i in range(start + 2, end)}
    opportunities = [0 < i < len(x) - 1 and i not in other_apexes for i in range(len(x))]
    bounces = {start + 1: end - start + 1 - 2 for start, end in runs}
    loops = noted(x)
    return [
        Mark(can, arm(x, i) if can else 0, bounces.get(i, 0), loops.get(i, 0)) for i, can in enumerate(opportunities)
    ]


def ping_pongs(x: list[int]) -> list[tuple[int, int]]:
    """First and last step of every run a b a b ... of four steps or more that cannot be made longer."""

    def alternates(start: int, end: int) -> bool:
        return start >= 0 and end < len(x) and all(x[i] == x[i + 2] for i in range(start, end - 1))

    return [
        (start, end)
        for start in range(len(x))
        for end in range(start + 3, len(x))
        if alternates(start, end) and not alternates(start - 1, end) and not alternates(start, end + 1)
    ]


def arm(x: list[int], i: int) -> int:
    """The longest mirrored arm around step i."""
    k = 0
    while i - k - 1 >= 0 and i + k + 1 < len(x) and x[i - k - 1] == x[i + k + 1]:
        k += 1
    return k


def noted(x: list[int]) -> dict[int, int]:
    """The first step of each loop, with its distance."""
    distances = {j: distance for j in range(len(x)) if (distance := returned(x, j))}
    return {j: distance for j, distance in distances.items() if distances.get(j - 1) != distance}


def returned(x: list[int], j: int) -> int:
    """The distance from step j back to its page's last step before, when that makes a loop, else 0."""
    before = [p for p in range(j) if x[p] == x[j]]
    if not before or j - before[-1] <= 2:
        return 0
    p = before[-1]
    apex, odd = divmod(p + j, 2)
    mirrored = not odd and arm(x, apex) >= j - apex
    return 0 if mirrored else j - p
