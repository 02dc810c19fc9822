"""Why not yet: the rules that could move a customer on from where the clock finds them."""

from raceline.analytics.kernel import kernel, part
from raceline.analytics.race_arrays import NEVER, Facts
from raceline.analytics.race_desk import NOTHING, PROOFS, Desk, Proofs
from raceline.analytics.race_look import next_timer, rule_holds
from raceline.analytics.race_plan import Plan
from raceline.analytics.race_proof import has_room, prove
from raceline.analytics.race_walk import begin, follow


@kernel
def ask_all(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, clock: int) -> bool:
    """Walk customer after customer up to the clock, and ask there. False: there is no room; go on with more of it."""
    walker = desk.walker[0]
    while walker.customer < len(facts.start) - 1:
        walker.keeps = NOTHING
        follow(plan, facts, desk, proofs, clock)
        walker.keeps = PROOFS
        if walker.events > 0 and not prospect(plan, facts, desk, proofs, clock):
            return False
        walker.customer += 1
        begin(plan, desk)
    return True


@part
def prospect(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, clock: int) -> bool:
    """Write, as if they moved, the candidates of the state at the clock; known_at: when they would hold.

    False: there is no room, and nothing is written.
    """
    walker = desk.walker[0]
    walker.now = max(walker.now, clock)
    moves, nodes, evidence = walker.moves, walker.nodes, walker.evidence
    state = plan.state[walker.state]
    for n in range(state.rule_start, state.rule_end):
        if not has_room(plan, desk, proofs):
            walker.moves, walker.nodes, walker.evidence = moves, nodes, evidence
            return False
        rule = int(plan.state_rule[n])
        prove(plan, facts, desk, proofs, rule)
        written = proofs.move[walker.moves]
        written.customer = walker.customer
        written.rule = rule
        written.known_at = NEVER
        written.node_end = walker.nodes
        written.evidence_end = walker.evidence
        walker.moves += 1
    _foresee(plan, facts, desk, proofs, moves)
    return True


@part
def _foresee(plan: Plan, facts: Facts, desk: Desk, proofs: Proofs, first: int) -> None:
    """Ask the rules again at each timer, until each has an answer or no timer is left."""
    walker = desk.walker[0]
    missing = walker.moves - first
    while missing > 0:
        walker.now = next_timer(plan, facts, desk)
        if walker.now == NEVER:
            return
        for n in range(first, walker.moves):
            if proofs.move[n].known_at == NEVER and rule_holds(plan, facts, desk, proofs.move[n].rule):
                proofs.move[n].known_at = walker.now
                missing -= 1
