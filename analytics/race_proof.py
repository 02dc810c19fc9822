"""Why a rule holds: each of its conditions with what was observed, and the events that are its evidence."""

from raceline.analytics.kernel import inner, part
from raceline.analytics.race_arrays import ALL, COUNT, LEAF, NONE, NOT, SUM, Facts, Longs
from raceline.analytics.race_desk import NOTHING, PROOFS, Desk, Proofs
from raceline.analytics.race_look import LATEST, observe
from raceline.analytics.race_plan import Plan, Records


@inner
def has_room(plan: Plan, desk: Desk, proofs: Proofs) -> bool:
    """One more move, whatever it is, can be written."""
    walker = desk.walker[0]
    if walker.keeps != PROOFS:
        return bool(walker.keeps == NOTHING or walker.moves < len(proofs.move))
    events = walker.events + 1
    evidence = min(plan.most_evidence, plan.most_leaves * events) + plan.most_sums * events
    fits = walker.moves < len(proofs.move) and walker.nodes + plan.most_nodes <= len(proofs.satisfied)
    return bool(fits and walker.evidence + evidence <= len(proofs.evidence_row))


@part
def prove(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, rule: int) -> None:
    """Write the conditions of a rule, in preorder, and their evidence."""
    walker, of = desk.walker[0], plan.rule[rule]
    if of.node_end == of.node_start:
        return
    _assess(plan, facts, desk, of)
    desk.role[0] = 1
    for n in range(of.node_end - of.node_start):
        node = of.node_start + n
        proofs.satisfied[walker.nodes + n] = desk.satisfied[n]
        proofs.observed[walker.nodes + n] = 0
        if plan.node_kind[node] == LEAF:
            leaf = plan.leaf[plan.node_leaf[node]]
            proofs.observed[walker.nodes + n] = leaf.observed
            before = walker.evidence
            _collect(facts, desk, proofs, leaf, desk.satisfied[n], desk.role[n])
            proofs.evidence_node[before : walker.evidence] = n
        else:
            _cast(plan, desk, of.node_start, n)
    walker.nodes += of.node_end - of.node_start


@part
def _assess(plan: Plan, facts: Facts, desk: Desk, of: Records) -> None:
    """Which nodes of a rule are satisfied, the last first, so that those below a node are known before it."""
    for n in range(of.node_end - of.node_start - 1, -1, -1):
        node = of.node_start + n
        kind = plan.node_kind[node]
        if kind == LEAF:
            leaf = plan.leaf[plan.node_leaf[node]]
            leaf.observed = observe(facts, desk, leaf)
            desk.satisfied[n] = leaf.observed >= leaf.needed
            continue
        every, some, child = True, False, node + 1
        while child < plan.node_end[node]:
            every = every and desk.satisfied[child - of.node_start]
            some = some or desk.satisfied[child - of.node_start]
            child = plan.node_end[child]
        desk.satisfied[n] = every if kind == ALL else (not every if kind == NOT else some)


@part
def _cast(plan: Plan, desk: Desk, start: int, n: int) -> None:
    """Say what part the nodes below node n play: of alternatives only the first that does its part.

    Under `not` that is the first which is not satisfied, of `all`; and every one of `any`.
    """
    node, role = start + n, desk.role[n]
    kind = plan.node_kind[node]
    alternatives, child = kind != NOT and (kind == ALL) != (role > 0), node + 1
    while child < plan.node_end[node]:
        does = not alternatives or desk.satisfied[child - start] == (role > 0)
        desk.role[child - start] = (-role if kind == NOT else role) if does else 0
        if does and alternatives:
            role = 0
        child = plan.node_end[child]


@part
def _collect(facts: Facts, desk: Desk, proofs: Proofs, leaf: Records, satisfied: bool, role: int) -> None:
    """Write the evidence of one leaf, in total order."""
    matched, seen, floor = desk.matched[leaf.matcher], desk.seen[leaf.matcher], desk.floor[leaf.since]
    if role > 0 and satisfied:
        if leaf.kind == COUNT:
            _write(desk, proofs, matched, seen - leaf.needed, seen)
        elif leaf.kind == SUM:
            _write(desk, proofs, matched, _shortest(facts, leaf, matched, seen), seen)
        elif leaf.kind != NONE:
            _write_latest(desk, proofs, leaf, matched, seen)
        elif seen > 0:
            _write(desk, proofs, matched, seen - 1, seen)  # the last before the silence, whatever it counts from
    elif role < 0 and not satisfied and leaf.kind != NONE and leaf.low > 0 and matched[leaf.low - 1] >= floor:
        _write(desk, proofs, matched, leaf.low - 1, leaf.low)  # the last that left the window


@part
def _write(desk: Desk, proofs: Proofs, matched: Longs, start: int, end: int) -> None:
    walker = desk.walker[0]
    for place in range(start, end):
        proofs.evidence_row[walker.evidence] = matched[place]
        walker.evidence += 1


@part
def _shortest(facts: Facts, leaf: Records, matched: Longs, seen: int) -> int:
    """Where the last events begin that reach the sum together."""
    total, place = 0, seen
    while total < leaf.needed and place > leaf.low:
        place -= 1
        total += facts.values[leaf.value, matched[place]]
    return int(place)


@part
def _write_latest(desk: Desk, proofs: Proofs, leaf: Records, matched: Longs, seen: int) -> None:
    """The latest events of each of the days, or values, that were seen last."""
    walker, missing, place = desk.walker[0], leaf.needed, seen
    walker.evidence += missing
    while missing > 0:
        place -= 1
        if desk.following[leaf.chain, place] == LATEST:
            proofs.evidence_row[walker.evidence - leaf.needed + missing - 1] = matched[place]
            missing -= 1
