"""The ledger of predictions as columns, and what came true of each row by the stays that are known now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from raceline.analytics.incidence import EXITS
from raceline.analytics.stay_at import stay_at
from raceline.domain.event import DAY
from raceline.projections.move_kinds import EXIT_OF, KINDS
from raceline.projections.path_columns import Names
from raceline.projections.path_figures_made import Made

Codes: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Chances: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]

# Days after the landmark by which the ledger is judged.
HORIZONS: Final = (1, 7, 30)
NEXT, OUT = EXITS.index("NEXT"), EXITS.index("OUT")
NEVER: Final = 2**63 - 1
_ANSWERS = 2**27  # bytes of figures and of choices of rows


class Books(NamedTuple):
    """What codes stand for."""

    racetracks: Names
    customers: Names
    stages: Names


class Predicted(NamedTuple):
    """Rows of the ledger, (n,) each. day: since 1970; at: the landmark in microseconds since 1970; version: of the
    racetrack; within_day, within_week, within_month: chance of the move to the next stage; left_within_month: of
    leaving the racetrack."""

    racetrack: Codes
    customer: Codes
    day: Codes
    at: Longs
    version: Codes
    model: Codes
    stage: Codes
    within_day: Chances
    within_week: Chances
    within_month: Chances
    left_within_month: Chances

    def within(self, horizon: int) -> Chances:
        """Chance of the move to the next stage within one of the HORIZONS."""
        return (self.within_day, self.within_week, self.within_month)[HORIZONS.index(horizon)]

    def where(self, kept: Flags) -> "Predicted":
        """Some of the rows."""
        return Predicted._make(column[kept] for column in self)


_NONE, _NO_CHANCE = np.empty(0, np.int32), np.empty(0, np.float32)
NOTHING: Final = Predicted(_NONE, _NONE, _NONE, np.empty(0, np.int64), _NONE, _NONE, _NONE, *[_NO_CHANCE] * 4)


def one_after_another(parts: Sequence[Predicted]) -> Predicted:
    """Rows behind each other."""
    return Predicted._make(np.concatenate(columns) for columns in zip(NOTHING, *parts, strict=True))


class Outcomes(NamedTuple):
    """What came true, (n,) each. left: when the stay ended, microseconds since 1970, NEVER while it goes on; exit: by
    which of EXITS, -1 while it goes on; revised: no stay in the stage of the prediction holds the landmark any more;
    other_version: the prediction is of another version of the racetrack than the stays, so they say nothing of it."""

    left: Longs
    exit: NDArray[np.int8]
    revised: Flags
    other_version: Flags

    @property
    def comparable(self) -> Flags:
        """Which rows can be judged by the stays, as soon as they have been watched for long enough."""
        found: Flags = ~(self.revised | self.other_version)
        return found


@dataclass(frozen=True)
class Ledger:
    """The rows that are kept, what came true of them, and up to where that is known.

    clock: microseconds since 1970; racetracks, stages: names by their codes; last: the newest row's id; first_day:
    since 1970, the oldest day of the rows, None when there are none; left_out: older rows, which are not kept; made:
    figures of it that were asked for.
    """

    generation: str
    position: int
    clock: int
    rows: Predicted
    outcomes: Outcomes
    racetracks: pa.Array
    stages: pa.Array
    last: int
    first_day: int | None
    left_out: int
    made: Made = field(default_factory=lambda: Made(_ANSWERS), compare=False, repr=False)

    def code(self, racetrack: str) -> int:
        """The code of a racetrack; -1 when nothing was predicted on it."""
        return int(pc.index(self.racetracks, racetrack).as_py())

    def stage_code(self, stage: str) -> int:
        """The code of a stage; -1 when nobody was ever in it."""
        return int(pc.index(self.stages, stage).as_py())


def coded(batch: pa.RecordBatch, books: Books) -> Predicted:
    """Rows of the statement `ledger`."""
    within = [batch[name].to_numpy() for name in ("within_day", "within_week", "within_month", "left_within_month")]
    return Predicted(
        books.racetracks.codes(batch["racetrack"]),
        books.customers.codes(batch["customer_id"]),
        batch["day"].cast(pa.int32()).to_numpy(),
        batch["computed_at"].cast(pa.int64()).to_numpy(),
        batch["version"].to_numpy().astype(np.int32),
        batch["model"].to_numpy().astype(np.int32),
        books.stages.codes(batch["stage"]),
        *within,
    )


def _codes(names: Names, values: pa.ChunkedArray) -> Codes:
    return np.concatenate([np.empty(0, np.int32), *(names.codes(chunk) for chunk in values.chunks)])


def outcomes(rows: Predicted, moves: pa.Table, versions: Mapping[str, int], books: Books) -> Outcomes:
    """What came true of each row. moves: of the racetracks of the rows, as the statement `moves` has them; versions: of
    the racetracks that they are derived by."""
    derived = np.array([versions.get(name, 0) for name in books.racetracks.array.to_pylist()] + [0], np.int32)
    other = derived[rows.racetrack] != rows.version
    whom = pc.index_in(moves["customer_id"], value_set=books.customers.array).is_valid()
    found = _stays(moves.filter(whom), books)  # who was never predicted anything is not looked for
    customers = len(books.customers)
    start = np.searchsorted(found.racer, np.arange(len(books.racetracks) * customers + 1))
    racer = rows.racetrack.astype(np.int64) * customers + rows.customer
    stay = stay_at(start, found.entered, found.left, racer, rows.at)
    if not len(found.racer):
        return Outcomes(np.full(len(stay), NEVER), np.full(len(stay), -1, np.int8), ~other, other)
    revised = (stay < 0) | (found.stage[stay] != rows.stage)
    return Outcomes(found.left[stay], found.exit[stay], revised & ~other, other)


class _Stays(NamedTuple):
    racer: Longs  # sorted, and by time
    stage: Codes
    entered: Longs
    left: Longs
    exit: NDArray[np.int8]


def _stays(moves: pa.Table, books: Books) -> _Stays:
    customer, track = _codes(books.customers, moves["customer_id"]), _codes(books.racetracks, moves["racetrack"])
    racer = track.astype(np.int64) * len(books.customers) + customer
    order = np.lexsort((moves["n"].to_numpy(), racer))
    racer, ended = racer[order], _exits(moves["kind"])[order]
    # A stay is ended by the move after the one that began it.
    exit_ = np.where(
        np.append(racer[1:] == racer[:-1], False)[: len(racer)], np.append(ended[1:], -1)[: len(racer)], -1
    )
    stage = _codes(books.stages, moves["stage"])[order]
    entered = moves["entered_at"].cast(pa.int64()).to_numpy()[order]
    left = pc.fill_null(moves["left_at"].cast(pa.int64()), NEVER).to_numpy()[order]
    inside = np.array([name != "" for name in books.stages.array.to_pylist()], np.bool_)[stage]
    return _Stays(racer[inside], stage[inside], entered[inside], left[inside], exit_.astype(np.int8)[inside])


def _exits(kinds: pa.ChunkedArray) -> NDArray[np.int8]:
    names = Names()
    codes = _codes(names, kinds)
    exits = [EXIT_OF[KINDS.index(kind)] for kind in names.array.to_pylist()]
    return np.array([*exits, -1], np.int8)[codes]


def followed(ledger: Ledger, row: Longs, horizon: int) -> Flags:
    """Which of the rows have been watched for so many days."""
    found: Flags = ledger.clock - ledger.rows.at[row] >= horizon * DAY
    return found


def left_by(ledger: Ledger, row: Longs, exit_: int, horizon: int) -> Flags:
    """Which of the rows were left by an exit within so many days."""
    within: Flags = ledger.outcomes.left[row] - ledger.rows.at[row] <= horizon * DAY
    by_it: Flags = ledger.outcomes.exit[row] == exit_
    return within & by_it
