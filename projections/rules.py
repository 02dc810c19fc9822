"""What derivation goes by, besides the events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from raceline.analytics.sentiment import NO_SCORE, SCORER, score
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import Scorer, Wanted, attribute_columns
from raceline.projections.race_rules import Track
from raceline.projections.titles import Titles, titles

if TYPE_CHECKING:
    from raceline.projections.scoring import Scoring

MICROSECONDS = 1_000_000
SESSION_GAP = 1_800 * MICROSECONDS


class CaseType(NamedTuple):
    """What the events of a type do to a case. columns: by role, the column of Columns.texts that has its value."""

    does: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Rules:
    """What derivation needs to know besides the events. cases: by type, what it does to a support case; session_gap:
    microseconds of silence that end a path; tracks: the racetracks, the default one first; wanted: by type, the
    attributes that these look at; models: by name of a racetrack, the one that predicts. Models are no part of what a
    generation is derived by for good: after a promotion, predictions alone are made again."""

    titles: Titles
    cases: Mapping[str, CaseType]
    session_gap: int = SESSION_GAP
    tracks: tuple[Track, ...] = ()
    wanted: Wanted = field(default_factory=dict)
    models: Mapping[str, "Scoring"] = field(default_factory=dict)


def rules_of(catalogue: Catalogue, session_gap: int = SESSION_GAP) -> Rules:
    """The rules of a catalogue, without racetracks."""
    return Rules(titles(catalogue), _case_types(catalogue), session_gap)


def _case_types(catalogue: Catalogue) -> dict[str, CaseType]:
    found = {}
    for kind in catalogue.types.values():
        if kind.case is not None:
            columns = attribute_columns(kind)
            read = {role: columns[name] for role, name in kind.case.roles.items() if name in kind.case_attributes}
            found[kind.name] = CaseType(kind.case.does, read)
    return found


def _scored(texts: Sequence[str]) -> tuple[list[int | None], list[str | None]]:
    found = score(texts)
    return [None if one == NO_SCORE else int(one) for one in found.score.tolist()], list(found.language)


# How customers' texts are scored.
SCORE = Scorer(SCORER, _scored)
