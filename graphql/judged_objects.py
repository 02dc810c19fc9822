# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of how good predictions are: figures, calibration, drift. See objects.py."""

from datetime import date
from enum import Enum

import strawberry

from raceline.graphql.declare import planned
from raceline.graphql.relay import DEFAULT_FIRST, First
from raceline.graphql.scalars import Position


@strawberry.enum(description="How far a prediction looks ahead.")
class PredictionHorizon(Enum):
    """Days ahead."""

    DAY = strawberry.enum_value(1, description="1 day.")
    WEEK = strawberry.enum_value(7, description="7 days.")
    MONTH = strawberry.enum_value(30, description="30 days.")


@strawberry.enum(description="Whether something looks like it did when the model was trained.")
class DriftVerdict(Enum):
    """The verdicts of the drift of a ledger."""

    STABLE = strawberry.enum_value("STABLE", description="As in training.")
    WATCH = strawberry.enum_value("WATCH", description="It begins to differ.")
    ALARM = strawberry.enum_value("ALARM", description="It differs so much that the model should be trained again.")
    TOO_FEW = strawberry.enum_value("TOO_FEW", description="Too few predictions to tell.")


@strawberry.interface(
    description="How well predictions of a move to the next stage within the horizon agree with what came true. The "
    "baseline says the same of every customer who is in the stage for as many days (Aalen-Johansen). Intervals are of "
    "95 %, and customers are the independent units. What cannot be said is null."
)
class Evaluated:
    """The figures of an Evaluation of analytics/evaluation.py."""

    customers: int
    rows: int = strawberry.field(description="Predictions of which it is known whether they came true.")
    moves: int = strawberry.field(description="Of these, how many were followed by the move in time.")
    brier: float | None = strawberry.field(
        description="Brier score: the mean of (chance - what happened) squared; 0 is perfect, less is better."
    )
    baseline_brier: float | None
    log_loss: float | None = strawberry.field(
        description="The mean of -log of the chance that was given to what happened; 0 is perfect, less is better."
    )
    baseline_log_loss: float | None
    skill: float | None = strawberry.field(
        description="1 - logLoss / baselineLogLoss: above 0 it is better than the baseline, and 1 is perfect."
    )
    skill_low: float | None
    skill_high: float | None
    slope: float | None = strawberry.field(
        description="Calibration slope: 1 is right; below 1 chances are too extreme, above 1 too timid."
    )
    slope_low: float | None
    slope_high: float | None
    intercept: float | None = strawberry.field(description="Of the calibration, in log odds: 0 is right.")
    observed: float | None = strawberry.field(description="Moves that came true.")
    expected: float | None = strawberry.field(description="Moves that were to be expected: the sum of the chances.")
    ratio: float | None = strawberry.field(description="observed / expected: 1 is right, more is too few expected.")
    ratio_low: float | None
    ratio_high: float | None
    auc: float | None = strawberry.field(
        description="The chance that of two customers, one of whom moves on in time, that one was given the higher "
        "chance: 0.5 is a guess, 1 is perfect."
    )
    c_index: float | None = strawberry.field(
        description="The same over all times of the move (Harrell's C): who moves on sooner had the higher chance."
    )


@strawberry.type(description="Predictions of about the same chance, and how many of them came true.")
class CalibrationBin:
    """A bin of calibration_bins."""

    n: int = strawberry.field(description="Its place, from 1, by chance.")
    predicted: float = strawberry.field(description="The mean of the chances, from 0 to 1.")
    observed: float = strawberry.field(description="The share that came true.")
    rows: int = strawberry.field(description="Predictions.")
    low: float = strawberry.field(description="The 95 % interval of `observed` (Wilson).")
    high: float


@strawberry.type(description="How a model did on customers and days that it was not trained on.")
class ModelEvaluation(Evaluated):
    """A row of model_metrics."""

    horizon: PredictionHorizon
    stage: str | None = strawberry.field(description="Null: all stages together.")
    exits_log_loss: float | None = strawberry.field(
        description="As `logLoss`, of the chances of all ways in which a stay may end, and of none."
    )
    baseline_exits_log_loss: float | None
    bins: list[CalibrationBin]


@strawberry.type(description="How predictions that were really made turned out.")
class Calibration(Evaluated):
    """A row of ledger_calibration."""

    horizon: PredictionHorizon
    bins: list[CalibrationBin] = strawberry.field(description="The curve of calibration.")
    revised: int = strawberry.field(description="Left out: predictions of a stay that a late event has changed since.")
    other_version: int = strawberry.field(
        description="Left out: predictions for another version of the racetrack than the one that is live, because "
        "what came true is read off the stays of that one. They count again when their version is live again."
    )
    pending: int = strawberry.field(description="Left out: predictions whose time is not over yet.")
    position: Position = strawberry.field(description="Up to this position of the log it is known what came true.")
    first_day: date | None = strawberry.field(description="The oldest day of the predictions that are kept ready.")
    left_out: int = strawberry.field(description="Older predictions that the figures leave out; 0 but for very many.")


@strawberry.type(description="How the predictions of one week turned out.")
class ModelWeek(Evaluated):
    """A row of ledger_weeks."""

    week: date = strawberry.field(description="Its Monday.")
    revised: int = strawberry.field(description="As in Calibration.")
    other_version: int = strawberry.field(description="As in Calibration.")
    pending: int = strawberry.field(description="As in Calibration.")


@strawberry.type(description="How much something differs from what it was like when the model was trained.")
class FeatureDrift:
    """A row of drift."""

    feature: str | None = strawberry.field(description="Null: the predicted chance to move on within a week.")
    title: str
    stage: str | None = strawberry.field(description="Null: all stages together.")
    from_day: date | None = strawberry.field(description="The first day that is counted.")
    to_day: date | None
    rows: int = strawberry.field(description="Predictions that are counted.")
    stability: float | None = strawberry.field(
        description="Population stability index: 0 is the same distribution; null for too few predictions."
    )
    verdict: DriftVerdict


@strawberry.type(description="Whether customers still look as they did when the model was trained.")
class Drift:
    """Rows of drift."""

    stable: int = strawberry.field(description="Features of this verdict; the predicted chance counts as one.")
    watch: int
    alarm: int
    too_few: int

    @planned
    def features(self, first: First = DEFAULT_FIRST) -> list[FeatureDrift]:
        """The features and the predicted chance, the least stable first; the counts above are over all of them."""
