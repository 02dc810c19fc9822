"""Training: a model for one racetrack, learned from the log up to a position, and judged by what it never saw (design,
section 8)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from typing import Any

import msgspec
from adbc_driver_manager.dbapi import Connection

from raceline.analytics.landmark_model import LandmarkModel, fit
from raceline.analytics.landmarks import NEVER
from raceline.analytics.promotion import Check
from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import ColumnReader
from raceline.domain.errors import NothingToTrain, TrainingRunning
from raceline.domain.racetrack_registry import Version
from raceline.domain.sql import statements
from raceline.projections.feature_list import FeatureList, feature_list
from raceline.projections.in_force import with_racetracks
from raceline.projections.rules import SCORE, Rules
from raceline.projections.scoring import written_model
from raceline.projections.training_metrics import judge
from raceline.projections.training_rows import Plan, Rows, Survey, chunks, rows_of, survey
from raceline.projections.training_span import Span, span_of

_SQL = statements("raceline.projections", "training.sql")
LANDMARKS = 1_000_000
_CHUNK = 250_000  # events; fixed, because the rows of a model are in the order in which they are made
Progress = Callable[[int, int, int], None]  # how much is done, of how much, and the events that have been read


@dataclass(frozen=True)
class Trained:
    """A model that is not registered yet. content: its file; parameters, metrics: as they are registered (JSON)."""

    model: LandmarkModel
    content: bytes
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    checks: tuple[Check, ...]

    @property
    def parameters_json(self) -> str:
        """The parameters as text."""
        return msgspec.json.encode(self.parameters).decode()

    @property
    def metrics_json(self) -> str:
        """The metrics as text."""
        return msgspec.json.encode(self.metrics).decode()


def train(
    url: str,
    catalogue: Catalogue,
    rules: Rules,
    racetrack: Version,
    *,
    cut_off: int | None = None,
    until: int | None = None,
    landmarks: int = LANDMARKS,
    seed: int = 0,
    live_since: int | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learn a model from all customers, and judge it by those and by the days that were held out. Nothing is written.

    cut_off: the position up to which events are read (default: the head); until: the moment that watching ends, in
    microseconds since 1970 (default: the newest occurrence); landmarks: about how many are learned from at most;
    live_since: since when the log is fed as things happen (default: the first event that came within a day). The same
    positions, options and seed give the same bytes.

    Raises NothingToTrain, PositionAhead, TrainingRunning, UnreadableRacetrack, InvalidRacetrack, LogUnavailable,
    LogRefused.
    """
    raced = with_racetracks(rules, catalogue, (racetrack,))
    with arrow.connect(url) as connection:
        _alone(connection)
        reader = ColumnReader(connection, catalogue, raced.wanted, SCORE)
        span = span_of(connection, cut_off, until, live_since)
        plan = Plan(raced, span, span.held_out_from(racetrack.racetrack.time_zone), seed)
        told = _Told(progress, span.events)
        found = survey(chunks(reader, plan, _CHUNK, told.read), plan)
        if not found.learned.all:
            raise NothingToTrain(
                f"Nobody was in a stage before {_iso(plan.held_out_from)}; what came later is held out."
            )
        pages = found.most_seen(plan.stages)
        listed = feature_list(catalogue, racetrack.racetrack, pages)
        learned, held_out = rows_of(chunks(reader, plan, _CHUNK, told.read), plan, found, listed, landmarks)
        with arrow.translated():
            connection.commit()  # nothing is held from here on, but that nobody else trains
        training, stages = learned.training_set(), len(plan.stages)
        model = fit(training, listed.names, stages, groups=listed.groups, seed=seed, progress=told.learned)
        judged = judge(model, learned, held_out, plan.stages)
    parameters = _parameters(plan, found, listed, learned, held_out)
    return Trained(model, written_model(model, pages), parameters, judged.metrics, judged.checks)


def _alone(connection: Connection) -> None:
    """Hold the lock that only one training can have, for as long as this connection lives. Raises TrainingRunning."""
    if not arrow.rows(connection, _SQL["try_training_lock"])["taken"][0].as_py():
        raise TrainingRunning


class _Told:
    """Progress as thirds: stays are read, features are made, the model is learned."""

    def __init__(self, progress: Progress | None, events: int) -> None:
        self._progress, self._events, self._read = progress, events, 0

    def read(self, events: int) -> None:
        self._read += events
        self._tell(self._read)

    def learned(self, done: int, of: int) -> None:
        self._tell(2 * self._events + self._events * done // max(1, of))

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            self._progress(min(done, 3 * self._events), 3 * self._events, min(self._read, self._events))


def _parameters(plan: Plan, found: Survey, listed: FeatureList, learned: Rows, held_out: Rows) -> dict[str, Any]:
    from raceline.projections.derive import DERIVATION

    span: Span = plan.span
    return {
        "seed": plan.seed,
        "first_position": span.first_position,
        "cut_off": span.cut_off,
        "cut_off_at": _iso(span.cut_off_at),
        "first_at": _iso(span.first_at),
        "held_out_from": _iso(plan.held_out_from),
        "until": _iso(span.until),
        "live_since": None if span.live_since == NEVER else _iso(span.live_since),
        "events": span.events,
        "customers": found.customers,
        "landmarks": len(learned.stage),
        "landmarks_of_events": int(learned.of_event.sum()),
        "landmarks_all": found.learned.all,
        "landmarks_all_of_events": found.learned.moments,
        "landmarks_held_out": len(held_out.stage),
        "landmarks_held_out_of_events": int(held_out.of_event.sum()),
        "code_version": f"{package_version('raceline')}, derivation {DERIVATION}",
        "features": list(listed.names),
        "pages": len(found.pages),
        "experiments": [asdict(one) for one in found.trials.experiments(plan.stages)],
    }


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).isoformat(timespec="seconds")
