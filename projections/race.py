"""The rows that a racetrack makes of customers' events: journeys, moves with their evidence, revisions, and sums."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.cases import states_at
from raceline.analytics.race import LEAF, NEVER, Prospects, Race, prospects, run
from raceline.domain.columns import Columns
from raceline.projections.case_spells import case_tables, stays_of
from raceline.projections.cases import Cases
from raceline.projections.move_kinds import BACKWARD, EDGE, KINDS, LAP, SKIP, edge_codes, kinds
from raceline.projections.race_facts import Field, field, local_days
from raceline.projections.race_rules import Track
from raceline.projections.rows import Longs, last_known, lists, moments, named, numbered
from raceline.projections.stage_views import view_tables
from raceline.projections.sums import Key, day_key, tally

_CASES = ("case_spells", "case_days", "case_buckets")
_VIEWS = ("stage_views", "overlay_days")


class Instants(NamedTuple):
    """Moments of customers. customer: (n,) codes, never falling; at: (n,) microseconds since 1970, never falling within
    a customer."""

    customer: NDArray[np.int32]
    at: Longs


NOTHING_ASKED = Instants(np.empty(0, np.int32), np.empty(0, np.int64))


class Told(NamedTuple):
    """What a racetrack makes of customers: its tables, and the names of the stages at the instants asked about, ''
    outside of it. seen: the events that it is about; race: what its program makes of them."""

    tables: dict[str, pa.Table]
    stages: pa.Array
    seen: Field
    race: Race


def race_tables(
    columns: Columns,
    cases: Cases,
    track: Track,
    clock: int,
    asked: Instants = NOTHING_ASKED,
    wanted: frozenset[str] | None = None,
) -> Told:
    """The rows of one racetrack, by the tables of projections/views.sql. cases: of the same columns; clock:
    microseconds since 1970; wanted: the tables that somebody asked for, None is all."""
    seen = field(columns, track)
    race = run(track.program, seen.facts, clock)
    stays = stays_of(track, seen, race)
    told = _Told(track, columns, seen, race)
    state = states_at(asked.customer, asked.at, stays.start, stays.at, stays.to, stays.outside)
    makers: list[tuple[tuple[str, ...], Callable[[], dict[str, pa.Table]]]] = [
        (("journeys",), lambda: {"journeys": told.journeys()}),
        (("moves",), lambda: {"moves": told.moves()}),
        (("revisions",), lambda: {"revisions": told.revisions()}),
        (("stage_days",), lambda: {"stage_days": told.stage_days(stays.day)}),
        (("transitions",), lambda: {"transitions": told.transitions()}),
        (("rule_sources",), lambda: {"rule_sources": _rule_sources(track, seen)}),
        (_CASES, lambda: case_tables(cases, track, seen, stays)),
        (_VIEWS, lambda: view_tables(track, seen, stays)),
    ]
    tables: dict[str, pa.Table] = {}
    for names, make in makers:
        if wanted is None or not wanted.isdisjoint(names):
            tables |= make()
    return Told(tables, pa.array(track.stages).take(pa.array(state)), seen, race)


def prospect_table(columns: Columns, track: Track, clock: int) -> pa.Table:
    """Why not yet: of each customer, the rules that could move them on, and how far their conditions are."""
    seen = field(columns, track)
    program, found = track.program, prospects(track.program, seen.facts, clock)
    race = run(program, seen.facts, clock, revision_budget=0)  # where they are is asked, and not since when it is known
    state, to = _states(track, seen, race)[found.customer], program.rule_to[found.rule]
    kind = kinds(track, state, to, np.zeros(len(to), np.bool_), ~np.isin(found.customer, race.customer))
    never = found.fires_at == NEVER
    return pa.table(
        {
            "customer_id": seen.columns.customers.take(pa.array(found.customer)),
            "racetrack": pa.repeat(track.name, len(to)),
            "n": numbered(found.customer),
            "rule": _names([rule.name for rule in track.rules], found.rule),
            "to_stage": _stage_names(track, to),
            "kind": _names(KINDS, kind),
            "fires_at": moments(found.fires_at, never),
            **_seen_columns(track, seen, found, found.rule),
        }
    )


@dataclass(frozen=True)
class Standing:
    """Where c customers stand. present: (c,) who has any event in scope; stage: its name, null outside; rule: the title
    of the rule that brought them there, null when none did."""

    customers: pa.Array
    present: NDArray[np.bool_]
    stage: pa.Array
    rule: pa.Array


def standings(columns: Columns, track: Track, clock: int) -> Standing:
    """Where each customer of the columns stands on a racetrack."""
    seen = field(columns, track)
    race = run(track.program, seen.facts, clock)
    rule = np.full(len(columns.customers), -1, np.int64)
    rule[race.customer] = race.rule  # the last of a customer stays
    return Standing(
        columns.customers,
        np.diff(seen.facts.start) > 0,
        _stage_names(track, _states(track, seen, race)),
        _names([one.title for one in track.rules], rule),
    )


@dataclass(frozen=True)
class _Told:
    """What the kernel found, as rows. columns: all events of the customers, also those the racetrack is not about."""

    track: Track
    columns: Columns
    seen: Field
    race: Race

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """(k,) whether a move is its customer's first."""
        return np.append(True, np.diff(self.race.customer) != 0)[: len(self.race.customer)]

    @cached_property
    def kind(self) -> NDArray[np.int64]:
        """(k,) numbers of KINDS."""
        race = self.race
        return kinds(self.track, race.from_state, race.to_state, race.rule < 0, self.first)

    @cached_property
    def present(self) -> Longs:
        """The customers who have any event in scope."""
        return np.flatnonzero(np.diff(self.seen.facts.start))

    def journeys(self) -> pa.Table:
        track, race, present = self.track, self.race, self.present
        count, outside = len(self.seen.columns.customers), track.program.stages
        moves = np.bincount(race.customer, minlength=count)
        last = np.cumsum(moves)[present] - 1
        moved = moves[present] > 0
        state = _states(track, self.seen, race)[present]
        since = np.where(moved, race.at[last] if len(race.at) else 0, 0)
        status = np.where(state < outside, 1, np.where(moved, 2, 0))
        revisions = np.bincount(race.revision_customer, minlength=count)[present]
        return pa.table(
            {
                "customer_id": self.seen.columns.customers.take(pa.array(present)),
                "racetrack": pa.repeat(track.name, len(present)),
                "version": np.full(len(present), track.version, np.int64),
                "account_id": self._accounts(),
                "status": _names(("outside", "in_stage", "left"), status),
                "stage": _stage_names(track, state),
                "stage_n": pa.array(state.astype(np.int64) + 1, mask=state == outside),
                "since": moments(since, ~moved),
                "first_at": moments(self.seen.facts.occurred_at[self.seen.facts.start[present]]),
                "moves": moves[present],
                "laps": self._counted(LAP),
                "regressions": self._counted(BACKWARD),
                "skips": self._counted(SKIP),
                "next_timer": moments(race.next_timer[present], race.next_timer[present] == NEVER),
                "revisions": revisions,
                "revisions_left_out": race.left_out[present],
            }
        )

    def _accounts(self) -> pa.ChunkedArray:
        """Whose they are, whichever event says so: a racetrack may be about one product, a company is not."""
        first = np.flatnonzero(np.diff(self.columns.customer, prepend=-1))
        known = last_known(self.columns.texts["account_id"], first)
        return known.take(pa.array(np.searchsorted(self.columns.customer[first], self.present)))

    def _counted(self, kind: int) -> Longs:
        chosen = self.race.customer[self.kind == kind]
        return np.bincount(chosen, minlength=len(self.seen.columns.customers))[self.present]

    def moves(self) -> pa.Table:
        track, race = self.track, self.race
        left_at = np.append(race.at[1:], 0)[: len(race.at)]
        open_ = np.append(self.first[1:], True)[: len(race.at)]
        position = self.seen.columns.position
        return pa.table(
            {
                "customer_id": self.seen.columns.customers.take(pa.array(race.customer)),
                "racetrack": pa.repeat(track.name, len(race.at)),
                "version": np.full(len(race.at), track.version, np.int64),
                "n": numbered(race.customer),
                "kind": _names(KINDS, self.kind),
                "edge": self._edges(),
                "from_stage": _stage_names(track, race.from_state),
                "to_stage": _stage_names(track, race.to_state),
                "entered_at": moments(race.at),
                "left_at": moments(left_at, open_),
                "known_at": moments(race.known_at),
                "rule": _names([rule.name for rule in track.rules], race.rule),
                "trigger": pa.array(position[race.trigger] if len(position) else race.trigger, mask=race.trigger < 0),
                **_seen_columns(track, self.seen, race, race.rule),
            }
        )

    def _edges(self) -> pa.Array:
        """The name of the edge that a move of the kind edge or lap took."""
        codes = edge_codes(self.track)[self.race.from_state, self.race.to_state]
        taken = (self.kind == EDGE) | (self.kind == LAP)
        return _names(list(self.track.racetrack.edges), np.where(taken, codes, -1))

    def revisions(self) -> pa.Table:
        track, race = self.track, self.race
        states = pa.array(track.stages, pa.string())
        position = self.seen.columns.position
        return pa.table(
            {
                "customer_id": self.seen.columns.customers.take(pa.array(race.revision_customer)),
                "racetrack": pa.repeat(track.name, len(race.revision_customer)),
                "n": numbered(race.revision_customer),
                "known_at": moments(race.revision_known_at),
                "causes": lists(race.cause_start, position[race.cause_row]),
                "before_stages": lists(race.before_start, states.take(pa.array(race.before_state))),
                "before_at": lists(race.before_start, race.before_at),
                "after_stages": lists(race.after_start, states.take(pa.array(race.after_state))),
                "after_at": lists(race.after_start, race.after_at),
            }
        )

    def stage_days(self, day: NDArray[np.int32]) -> pa.Table:
        """Who came into each stage and who went, by the day (k,) of the move in the racetrack's time zone; into none,
        '', whoever was never in one comes by the first event."""
        race, outside, facts = self.race, self.track.program.stages, self.seen.facts
        first = local_days(facts.occurred_at[facts.start[self.present]], self.track.racetrack.time_zone)
        came = np.repeat([1, 1, 0], [len(first), len(day), len(day)]).astype(np.int64)
        state = np.concatenate([np.full(len(first), outside), race.to_state, race.from_state])
        keys = {
            "racetrack": Key(np.zeros(len(state), np.int64), pa.array([self.track.name])),
            "stage": Key(state, pa.array(self.track.stages)),
            "day": day_key(np.concatenate([first, day, day])),
        }
        return tally(keys, {"entered": came, "departed": 1 - came})

    def transitions(self) -> pa.Table:
        race = self.race
        each = np.stack([race.from_state, race.to_state, self.kind, race.rule])
        keys, moves = np.unique(each, axis=1, return_counts=True)
        rules = [*(rule.name for rule in self.track.rules), ""]  # -1 is the last: no rule
        return pa.table(
            {
                "racetrack": pa.repeat(self.track.name, keys.shape[1]),
                "from_stage": _names(self.track.stages, keys[0]),
                "to_stage": _names(self.track.stages, keys[1]),
                "kind": _names(KINDS, keys[2]),
                "rule": _names(rules, np.where(keys[3] < 0, len(rules) - 1, keys[3])),
                "moves": moves,
            }
        )


def _states(track: Track, seen: Field, race: Race) -> NDArray[np.int32]:
    """(c,) the state that each customer is in."""
    states = np.full(len(seen.columns.customers), track.program.stages, np.int32)
    states[race.customer] = race.to_state  # the last of a customer stays
    return states


def _seen_columns(track: Track, seen: Field, found: Race | Prospects, rule: NDArray[np.int32]) -> dict[str, pa.Array]:
    """What was observed of each node of the rules, and the events behind it."""
    program, position = track.program, seen.columns.position
    sizes = np.diff(found.node_start)
    within = np.arange(len(found.observed)) - np.repeat(found.node_start[:-1], sizes)
    node = np.repeat(program.rule_node[rule], sizes) + within
    is_leaf = program.node_kind[node] == LEAF
    return {
        "satisfied": lists(found.node_start, found.satisfied),
        "observed": lists(found.node_start, pa.array(found.observed, mask=~is_leaf)),
        "evidence": lists(found.evidence_start, position[found.evidence_row]),
        "evidence_node": lists(found.evidence_start, found.evidence_node.astype(np.int64)),
    }


def _rule_sources(track: Track, seen: Field) -> pa.Table:
    """Of each rule, the customers who have any event of the types that it looks at."""
    kinds = seen.kinds
    has = np.zeros((len(seen.columns.customers), len(kinds.names)), np.bool_)
    has[seen.columns.customer, kinds.codes] = True
    of_rule = [[n for n, kind in enumerate(kinds.names) if kind in types] for types in track.types]
    counts = np.array([np.count_nonzero(has[:, which].any(axis=1)) for which in of_rule], np.int64)
    some = np.flatnonzero(counts)
    return pa.table(
        {
            "racetrack": pa.repeat(track.name, len(some)),
            "rule": _names([rule.name for rule in track.rules], some),
            "customers": counts[some],
        }
    )


def _names(names: Any, codes: Any) -> pa.Array:
    """The names of codes; null for those below zero."""
    return named(pa.array(list(names), pa.string()), np.asarray(codes, np.int64))


def _stage_names(track: Track, states: Any) -> pa.Array:
    """The names of states; null for outside."""
    return _names(track.racetrack.stages, np.where(states == track.program.stages, -1, states))
