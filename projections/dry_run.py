"""Dry run: what a definition would change, derived and never written (design, section 5)."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from raceline.domain.catalogue import Catalogue
from raceline.domain.racetrack_registry import Version
from raceline.projections.everybody import Progress, everybody
from raceline.projections.in_force import with_racetracks
from raceline.projections.race import Standing, standings
from raceline.projections.rules import Rules

EXAMPLES = 10_000


@dataclass(frozen=True)
class Example:
    """A customer who would be elsewhere; None is outside. rule: the title of what would have brought them there."""

    customer_id: str
    now: str | None
    then: str | None
    rule: str | None


@dataclass
class DryRun:
    """What would change if a version took the place of the active one of its name.

    against: the active version; None when there is none. position: up to which events were read; clock: microseconds
    since 1970. stages: customers (now, then) by stage, in order; None is outside. transitions: customers who would be
    elsewhere, by (now, then, rule). examples: the first EXAMPLES of them by identifier; `moved` counts all.
    """

    racetrack: str
    version: int
    against: int | None
    position: int = 0
    clock: int = 0
    customers: int = 0
    moved: int = 0
    stages: dict[str | None, tuple[int, int]] = field(default_factory=dict)
    transitions: Counter[tuple[str | None, str | None, str | None]] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)


def dry_run(
    url: str,
    catalogue: Catalogue,
    rules: Rules,
    version: Version,
    against: Version | None,
    *,
    chunk: int = 500_000,
    progress: Progress | None = None,
) -> DryRun:
    """Derive all customers by both versions, in one snapshot of the log, up to where the live read models are."""
    both = [one for one in (against, version) if one is not None]
    raced = [with_racetracks(rules, catalogue, (one,), beside=tuple(both)) for one in both]
    tracks = [one.tracks[0] for one in raced]
    found = DryRun(version.name, version.version, against.version if against else None)
    with everybody(url, catalogue, raced[0], chunk=chunk, progress=progress) as (live, chunks):
        if live is not None:
            found.position, found.clock = live.position, live.clock
        for columns in chunks:
            stand = [standings(columns, track, found.clock) for track in tracks]
            _add(found, stand[0] if len(stand) == 2 else None, stand[-1])
    _order(found, version, against)
    return found


def _add(found: DryRun, now: Standing | None, then: Standing) -> None:
    """Count the customers of a chunk; each is in the scope of either version, or of both."""
    before = now.stage if now is not None else pa.nulls(len(then.stage), pa.string())
    in_scope = then.present if now is None else now.present | then.present
    rows = pa.table({"customer": then.customers, "now": before, "then": then.stage, "rule": then.rule})
    rows = rows.filter(pa.array(in_scope))
    found.customers += rows.num_rows
    for column, place in (("now", 0), ("then", 1)):
        for entry in rows[column].value_counts().to_pylist():
            counts = list(found.stages.get(entry["values"], (0, 0)))
            counts[place] += entry["counts"]
            found.stages[entry["values"]] = (counts[0], counts[1])
    elsewhere = rows.filter(pc.not_equal(pc.fill_null(rows["now"], ""), pc.fill_null(rows["then"], "")))
    found.moved += elsewhere.num_rows
    for entry in elsewhere.group_by(["now", "then", "rule"]).aggregate([([], "count_all")]).to_pylist():
        found.transitions[entry["now"], entry["then"], entry["rule"]] += entry["count_all"]
    for row in elsewhere.slice(0, EXAMPLES - len(found.examples)).to_pylist():
        found.examples.append(Example(row["customer"], row["now"], row["then"], row["rule"]))


def _order(found: DryRun, version: Version, against: Version | None) -> None:
    """Every stage of either version, in the order of the new one, then those that are gone, then outside."""
    names = [*version.racetrack.stages, *(against.racetrack.stages if against else ()), None]
    found.stages = {name: found.stages.get(name, (0, 0)) for name in dict.fromkeys(names)}
