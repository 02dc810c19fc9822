"""Figures of paths, said once more in plain loops from design section 6."""

from collections import Counter, defaultdict
from itertools import pairwise

from tests.analytics import naive
from tests.analytics.visits import Visit


def page_sums(found: list[Visit], pages: int) -> list[tuple[int, ...]]:
    """For each page the fields of PageSums."""
    seen = [
        (page, visit.customer, mark)
        for visit in found
        for page, mark in zip(visit.pages, naive.marks(visit.pages), strict=True)
    ]
    rows = []
    for wanted in range(pages):
        marks = [mark for page, _, mark in seen if page == wanted]
        of_customers = defaultdict(list)
        for page, customer, mark in seen:
            if page == wanted:
                of_customers[customer].append(mark)
        n = {c: sum(mark.opportunity for mark in of) for c, of in of_customers.items()}
        k = {c: sum(mark.depth > 0 for mark in of) for c, of in of_customers.items()}
        rows.append(
            (
                len(marks),
                len(of_customers),
                sum(visit.pages[0] == wanted for visit in found),
                sum(visit.pages[-1] == wanted for visit in found),
                sum(visit.pages[-1] == wanted and visit.resolved for visit in found),
                sum(n.values()),
                sum(k.values()),
                sum(mark.depth for mark in marks),
                sum(mark.bounces > 0 for mark in marks),
                sum(n[c] * n[c] for c in n),
                sum(n[c] * k[c] for c in n),
                sum(k[c] * k[c] for c in n),
                sum(mark.loop > 0 for mark in marks),
            )
        )
    return rows


def dwell(found: list[Visit]) -> list[tuple[int, int]]:
    return [
        (page, after - before)
        for visit in found
        for page, (before, after) in zip(visit.pages, pairwise(visit.at), strict=False)
        if before is not None and after is not None
    ]


def transitions(found: list[Visit], pages: int):
    """(step, source, target, customer, into, out_of, microseconds or None) of every transition."""
    for visit in found:
        can = [mark.opportunity for mark in naive.marks(visit.pages)]
        yield 0, pages, visit.pages[0], visit.customer, can[0], False, None
        for i, (source, target) in enumerate(pairwise(visit.pages)):
            before, after = visit.at[i : i + 2]
            time = None if before is None or after is None else after - before
            yield i + 1, source, target, visit.customer, can[i + 1], can[i], time
        end = pages + 1 if visit.resolved else pages + 2
        yield len(visit.pages), visit.pages[-1], end, visit.customer, False, can[-1], None


def step_edges(found: list[Visit], pages: int, steps: int | None) -> dict[tuple[int, int, int], tuple]:
    """(step, source, target) -> transitions, customers, into, out_of, times; without steps all are at step 0."""
    of = defaultdict(list)
    for step, source, target, *rest in transitions(found, pages):
        if steps is None or step < steps:
            of[0 if steps is None else step, source, target].append(rest)
    return {
        key: (
            len(rows),
            len({customer for customer, *_ in rows}),
            sum(into for _, into, _, _ in rows),
            sum(out_of for _, _, out_of, _ in rows),
            [time for *_, time in rows if time is not None],
        )
        for key, rows in sorted(of.items())
    }


def first_order(found: list[Visit], pages: int) -> list[float]:
    """At B: for every A, how often it came from A to turn or not, times the share of goings-on from B that go to A."""
    came, went, opportunities = Counter(), Counter(), Counter()
    for visit in found:
        for i, mark in enumerate(naive.marks(visit.pages)):
            if mark.opportunity:
                came[visit.pages[i - 1], visit.pages[i]] += 1
                went[visit.pages[i], visit.pages[i + 1]] += 1
                opportunities[visit.pages[i]] += 1
    return [
        sum(came[a, b] * went[b, a] for a in range(pages)) / opportunities[b] if opportunities[b] else 0.0
        for b in range(pages)
    ]


def variants(found: list[Visit]) -> list[tuple[int, int, int, int]]:
    """The fields of Variants but the last."""
    of = defaultdict(list)
    for p, visit in enumerate(found):
        of[tuple(visit.pages)].append(p)
    rows = [
        (paths[0], len(paths), sum(found[p].resolved for p in paths), len({found[p].customer for p in paths}))
        for paths in of.values()
    ]
    return sorted(rows, key=lambda row: (-row[1], row[0]))
