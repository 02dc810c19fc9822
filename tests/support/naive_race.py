"""What the race kernel answers, said once more in plain Python: everything is asked again at each instant.

Slow, and easy to check by reading beside section 5 of the design. Rows are places in the list of all events.
"""

from typing import NamedTuple

NEVER = 2**63 - 1
TIMER_MOVES = 1_000  # in a row, without an event


class Leaf(NamedTuple):
    kind: str  # count, days, distinct, sum, none
    matcher: int
    needed: int
    window: int = 0
    since: str = "start"  # start, lap, stage
    value: int = -1


class Node(NamedTuple):
    kind: str  # all, any, not
    children: "tuple[Leaf | Node, ...]"


class Rule(NamedTuple):
    to: int  # a stage; the number of stages is outside: an exit, and those are last
    origins: frozenset[int]
    when: Leaf | Node


class Track(NamedTuple):
    stages: int
    rules: tuple[Rule, ...]
    start: int = -1
    laps: frozenset[tuple[int, int]] = frozenset()  # from, to


class Event(NamedTuple):
    customer: int
    at: int
    recorded: int
    day: int = 0
    matches: frozenset[int] = frozenset()
    values: tuple[int, ...] = ()


class Move(NamedTuple):
    origin: int
    to: int
    rule: int
    at: int
    trigger: int = -1  # a row; -1: a timer


class Proof(NamedTuple):
    satisfied: list[bool]
    observed: list[int]
    evidence: list[tuple[int, int]]  # node, row


class Revision(NamedTuple):
    known_at: int
    causes: list[int]
    before: list[tuple[int, int]]  # state, entered at
    after: list[tuple[int, int]]


class Walk:
    """One customer on the way, with the events seen so far."""

    def __init__(self, track: Track, events: list[Event], timer_moves: int = TIMER_MOVES):
        self.track, self.events, self.timer_moves = track, events, timer_moves
        self.alone = 0  # how many moves since the last event
        self.seen: list[int] = []
        self.now = 0
        self.moves: list[Move] = []
        self.proofs: list[Proof] = []
        self.known: list[int] = []
        self.counted: dict[str, int] = {}  # since -> how many of those seen count no more
        self.began: dict[str, int] = {}

    def run(self, rows: list[int], clock: int) -> "Walk":
        for row in rows:
            self.run_timers(self.events[row].at - 1)
            self.now, self.alone = self.events[row].at, 0
            self.seen.append(row)
            if len(self.seen) == 1:
                self.counted, self.began = dict.fromkeys(SINCE, 0), dict.fromkeys(SINCE, self.now)
            if len(self.seen) == 1 and self.track.start >= 0:
                self.move(Move(self.state, self.track.start, -1, self.now, row))
            else:
                self.look(row)
        self.run_timers(clock)
        return self

    def run_timers(self, until: int) -> None:
        while self.next_timer() <= until:
            self.now = self.next_timer()
            self.look(-1)

    def look(self, row: int) -> None:
        for rule in self.candidates():
            if self.holds(self.track.rules[rule].when):
                self.move(Move(self.state, self.track.rules[rule].to, rule, self.now, row))
                return

    def move(self, move: Move) -> None:
        self.moves.append(move)
        self.alone += move.trigger == -1
        self.known.append(max(self.now, self.events[self.seen[-1]].recorded))
        self.proofs.append(self.proof(move.rule))
        left = move.rule >= 0 and move.to == self.track.stages
        lap = move.rule >= 0 and (move.origin, move.to) in self.track.laps
        for since in ("lap", "stage") if left or lap else ("stage",):
            self.counted[since] = len(self.seen)
            self.began[since] = self.now

    @property
    def state(self) -> int:
        return self.moves[-1].to if self.moves else self.track.stages

    def candidates(self) -> list[int]:
        """Forward, the furthest first; then out; then back."""
        outside, here = self.track.stages, self.state
        rules = [(r, rule.to) for r, rule in enumerate(self.track.rules) if here in rule.origins and rule.to != here]
        forward = [(r, to) for r, to in rules if to != outside and (here == outside or to > here)]
        out = [(r, to) for r, to in rules if to == outside]
        back = [(r, to) for r, to in rules if to < here != outside]
        return [r for r, _ in sorted(forward, key=lambda found: -found[1]) + out + back]

    # Conditions.

    def scope(self, leaf: Leaf) -> list[int]:
        """The events that match, since what the leaf says."""
        return [row for row in self.seen[self.counted[leaf.since] :] if leaf.matcher in self.events[row].matches]

    def counting(self, leaf: Leaf) -> list[int]:
        """Those of them in the window."""
        return [row for row in self.scope(leaf) if not leaf.window or self.events[row].at > self.now - leaf.window]

    def anchor(self, leaf: Leaf) -> int:
        rows = self.scope(leaf)
        return self.events[rows[-1]].at if rows else self.began[leaf.since]

    def key(self, leaf: Leaf, row: int) -> int:
        """What is distinct about an event: its day or its value; -1 is no value."""
        return self.events[row].day if leaf.kind == "days" else self.events[row].values[leaf.value]

    def latest(self, leaf: Leaf) -> dict[int, int]:
        """The latest event of each day, or value."""
        return {
            self.key(leaf, row): row for row in self.counting(leaf) if leaf.kind == "days" or self.key(leaf, row) >= 0
        }

    def amount(self, leaf: Leaf, rows: list[int]) -> int:
        return sum(self.events[row].values[leaf.value] for row in rows)

    def observed(self, leaf: Leaf) -> int:
        match leaf.kind:
            case "none":
                return self.now - self.anchor(leaf)
            case "count":
                return len(self.counting(leaf))
            case "sum":
                return self.amount(leaf, self.counting(leaf))
        return len(self.latest(leaf))

    def holds(self, of: Leaf | Node) -> bool:
        if isinstance(of, Leaf):
            return self.observed(of) >= of.needed
        if of.kind == "not":
            return not self.holds(of.children[0])
        return (all if of.kind == "all" else any)(self.holds(child) for child in of.children)

    # Timers.

    def next_timer(self) -> int:
        if not self.seen or self.alone >= self.timer_moves:
            return NEVER
        return min((at for rule in self.candidates() for at in self.timers(self.track.rules[rule].when)), default=NEVER)

    def timers(self, of: Leaf | Node, under_not: bool = False) -> list[int]:
        if isinstance(of, Node):
            flips = of.kind == "not"
            return [at for child in of.children for at in self.timers(child, under_not != flips)]
        found = []
        if of.kind == "none" and not under_not:
            found = [self.anchor(of) + of.needed]
        # An event that leaves makes a count less; a sum greater, if its amount is negative.
        if of.kind != "none" and of.window and (under_not or of.kind == "sum"):
            found = [self.events[row].at + of.window for row in self.counting(of)]
        return [at for at in found if at > self.now]

    # Why.

    def proof(self, rule: int) -> Proof:
        found = Proof([], [], [])
        if rule >= 0:
            self.write(found, self.track.rules[rule].when, 1)
        return found

    def write(self, found: Proof, of: Leaf | Node, role: int) -> None:
        """role: 1 speaks for the rule, -1 does so by not holding, 0 plays no part."""
        n, holds = len(found.satisfied), self.holds(of)
        found.satisfied.append(holds)
        found.observed.append(self.observed(of) if isinstance(of, Leaf) else 0)
        if isinstance(of, Leaf):
            found.evidence.extend((n, row) for row in self.evidence(of, role * (holds if role > 0 else not holds)))
            return
        # One of several is enough for an `any` that holds, and for an `all` that does not.
        one = (of.kind == "any" and role > 0) or (of.kind == "all" and role < 0)
        for child in of.children:
            part = role if not one or self.holds(child) == (role > 0) else 0
            self.write(found, child, -part if of.kind == "not" else part)
            if one and part:
                role = 0

    def evidence(self, leaf: Leaf, role: int) -> list[int]:
        rows = self.counting(leaf)
        if role < 0:  # the last that left the window
            gone = [row for row in self.scope(leaf) if row not in rows]
            return gone[-1:] if leaf.kind != "none" else []
        if role == 0:
            return []
        match leaf.kind:
            case "none":  # the last before the silence, whatever it counts from
                return [row for row in self.seen if leaf.matcher in self.events[row].matches][-1:]
            case "count":
                return rows[-leaf.needed :]
            case "sum":
                return next(rows[n:] for n in range(len(rows), -1, -1) if self.amount(leaf, rows[n:]) >= leaf.needed)
        return sorted(self.latest(leaf).values())[-leaf.needed :]

    def prospects(self, clock: int) -> list[tuple[int, int, Proof]]:
        """Each rule that could move on, when it would hold, and what of it holds at the clock."""
        self.now = max(self.now, clock)
        rules = self.candidates()
        proofs = [self.proof(rule) for rule in rules]
        fires = dict.fromkeys(rules, NEVER)
        while (timer := self.next_timer()) != NEVER:
            self.now = timer
            for rule in rules:
                if self.holds(self.track.rules[rule].when):
                    fires[rule] = min(fires[rule], timer)
        return [(rule, fires[rule], proof) for rule, proof in zip(rules, proofs, strict=True)]


SINCE = ("start", "lap", "stage")


def revisions(
    track: Track, events: list[Event], rows: list[int], clock: int, timer_moves: int = TIMER_MOVES
) -> tuple[list[Revision], list[int]]:
    """The revisions of a customer, and since when each move of theirs is known."""
    found: list[Revision] = []
    known: dict[Move, int] = {}
    for step in sorted({events[row].recorded for row in rows}):

        def walk(left_out: list[int], until: int, step: int = step) -> Walk:
            known_rows = [row for row in rows if events[row].recorded <= until and row not in left_out]
            return Walk(track, events, timer_moves).run(known_rows, step)

        old, new = walk([], step - 1), walk([], step)
        known = carried(old, known)
        arrived = [row for row in rows if events[row].recorded == step]
        late = [row for row in arrived if is_late(events, row, old)]
        revised = bool(late) and new.moves not in (old.moves, walk(late, step).moves)
        if revised:
            n = next(n for n in range(len(events) * 99) if old.moves[n : n + 1] != new.moves[n : n + 1])
            found.append(Revision(step, late, stays(old.moves[n:]), stays(new.moves[n:])))
        known = {move: known.get(move, step) for move in new.moves} if revised else carried(new, known)
    return found, list(carried(Walk(track, events, timer_moves).run(rows, clock), known).values())


def carried(walk: Walk, known: dict[Move, int]) -> dict[Move, int]:
    return {move: known.get(move, at) for move, at in zip(walk.moves, walk.known, strict=True)}


def is_late(events: list[Event], row: int, old: Walk) -> bool:
    """It orders before an event that was known, or before a timer that had moved the customer."""
    timers = [move.at for move in old.moves if move.trigger == -1]
    return any(row < other for other in old.seen) or any(events[row].at <= at for at in timers)


def stays(moves: list[Move]) -> list[tuple[int, int]]:
    return [(move.to, move.at) for move in moves]
