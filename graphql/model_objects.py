# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of models: how they were trained, what was decided, and how their predictions turned out. See
objects.py."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from raceline.graphql.declare import planned
from raceline.graphql.relay import DEFAULT_FIRST, First
from raceline.graphql.scalars import Int64, Position


@strawberry.enum(description="How far a prediction looks ahead.")
class PredictionHorizon(Enum):
    """Days ahead."""

    DAY = strawberry.enum_value(1, description="1 day.")
    WEEK = strawberry.enum_value(7, description="7 days.")
    MONTH = strawberry.enum_value(30, description="30 days.")


Horizon = Annotated[PredictionHorizon, strawberry.argument(description="Predictions that look so far ahead.")]
OfStage = Annotated[str | None, strawberry.argument(description="Of this stage; by default of all stages together.")]
From = Annotated[
    date | None, strawberry.argument(name="from", description="Made on this day (of the racetrack) or later.")
]
To = Annotated[date | None, strawberry.argument(description="Made on this day (of the racetrack) or earlier.")]


@strawberry.enum(description="How much a model could learn of a stage, by the moves out of it that it was trained on.")
class PredictionTier(Enum):
    """The tiers of analytics/landmark_model.py."""

    STAGE = strawberry.enum_value("STAGE", description="Many moves: effects of the stage's own.")
    POOLED = strawberry.enum_value("POOLED", description="Effects of its own, drawn towards those of all stages.")
    SHARED = strawberry.enum_value("SHARED", description="Few moves: effects that all stages share.")
    BASELINE = strawberry.enum_value(
        "BASELINE", description="Too few moves: the curve of the stage, by days in it; nothing personal is claimed."
    )


@strawberry.enum(description="What became of a model.")
class ModelStatus(Enum):
    """The status of a row of models."""

    REGISTERED = strawberry.enum_value(
        "registered",
        description="Not in force; `promotedAt` says whether it was until another took its place.",
    )
    PROMOTED = strawberry.enum_value("promoted", description="In force: it predicts.")
    ROLLED_BACK = strawberry.enum_value("rolled_back", description="Was in force, and then the one before it again.")
    RETIRED = strawberry.enum_value("retired", description="Was in force, and then none.")


@strawberry.enum(description="What was decided about a model.")
class ModelDecisionKind(Enum):
    """The kinds of model_decisions."""

    REGISTERED = "registered"
    PROMOTED = "promoted"
    ROLLED_BACK = strawberry.enum_value("rolled_back", description="The one that was in force before is so again.")
    RETIRED = "retired"


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
        description="Left out: predictions for another version of the racetrack than the one that is live, because what "
        "came true is read off the stays of that one. They count again when their version is live again."
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


@strawberry.type(description="What a model learned of one stage.")
class ModelStage:
    """A row of model_stages."""

    stage: str
    title: str
    tier: PredictionTier
    moves: int = strawberry.field(description="Moves out of the stage that it was trained on.")
    landmarks: int = strawberry.field(description="Landmarks in the stage that it was trained on.")


@strawberry.type(description="A written rule that a model has to keep to be promoted.")
class ModelCheck:
    """A row of model_checks."""

    rule: str
    needed: str = strawberry.field(description="What was needed, in words.")
    observed: float | None
    passed: bool


@strawberry.type(description="A decision about a model, as it stands in the log.")
class ModelDecision:
    """A row of model_decisions."""

    kind: ModelDecisionKind
    decided_at: datetime
    decided_by: str
    position: Position
    forced: bool = strawberry.field(description="It was promoted although it failed a check.")
    failed: list[str] = strawberry.field(description="The rules that it failed.")
    reason: str
    in_force: int | None = strawberry.field(
        description="The version that was in force after this decision; null: none."
    )


@strawberry.type(description="A trained model of a racetrack, and what became of it.")
class ModelVersion:
    """A row of models."""

    name: str = strawberry.field(description="Racetrack and version, as in `cisco-13#2`.")
    racetrack: str
    version: int = strawberry.field(description="Of the model, from 1.")
    racetrack_version: int = strawberry.field(
        description="The version of the racetrack that it was trained for, and is only used for."
    )
    status: ModelStatus
    hash: str = strawberry.field(description="Identifies the model's file: the same data and seed give the same one.")
    registered_at: datetime
    registered_by: str
    position: Position = strawberry.field(description="Where in the log it was registered.")
    promoted_at: datetime | None = strawberry.field(description="The last time; null: never.")
    promoted_by: str | None
    forced: bool = strawberry.field(description="It was promoted although it failed a check.")
    cut_off: Position = strawberry.field(description="Nothing that was recorded behind this position was read.")
    cut_off_at: datetime = strawberry.field(description="When the event at the cut-off was recorded.")
    first_position: Position = strawberry.field(description="The first position that was read.")
    held_out_from: datetime = strawberry.field(
        description="It was trained on what happened before, and evaluated on what came after."
    )
    live_since: datetime | None = strawberry.field(
        description="Since when events were recorded as they happened: from then on only what had been recorded was "
        "used. Null: never."
    )
    seed: Int64 = strawberry.field(description="Of everything that is random in training.")
    landmarks: int = strawberry.field(
        description="Moments of customers that it was trained on: entries, midnights, and moments of events."
    )
    customers: int = strawberry.field(description="Customers that it was trained on.")
    code_version: str = strawberry.field(description="Of raceline.")
    features: list[str] = strawberry.field(description="The names of what it looks at.")
    parameters: JSON = strawberry.field(description="All that is needed to train it again.")
    unreadable: str | None = strawberry.field(
        description="Why its file cannot be used (damaged, or of a newer raceline); null: it can."
    )
    stages: list[ModelStage]
    checks: list[ModelCheck]
    evaluation: list[ModelEvaluation] = strawberry.field(
        description="How it did on customers and days that it was not trained on: by horizon, first over all stages."
    )
    decisions: list[ModelDecision] = strawberry.field(description="In the order of the log.")

    @planned
    def calibration(
        self,
        horizon: Horizon = PredictionHorizon.WEEK,
        stage: OfStage = UNSET,
        from_: From = UNSET,
        to: To = UNSET,
    ) -> Calibration | None:
        """How its predictions turned out, one for each customer, stay and day. Figures of nothing are null,
        and so is all of it while the model is new.
        """

    @planned
    def over_time(
        self,
        horizon: Horizon = PredictionHorizon.WEEK,
        stage: OfStage = UNSET,
        from_: From = UNSET,
        to: To = UNSET,
    ) -> list[ModelWeek]:
        """How its predictions turned out, week by week of their making."""

    @planned
    def drift(self, stage: OfStage = UNSET, from_: From = UNSET, to: To = UNSET) -> Drift:
        """Whether customers still look as in training; by default of the last seven days with predictions."""


@strawberry.type(
    description="What was predicted in a stage on a day, and what came true of it. One prediction is counted for each "
    "customer and stay: the first of the day. What came true is null until it can be known."
)
class StageForecast:
    """A row of ledger_days or ledger_stages."""

    day: date = strawberry.field(description="In the racetrack's time zone.")
    customers: int = strawberry.field(description="With a prediction.")
    revised: int = strawberry.field(
        description="Of these, those whose stay was changed by a late event; they are in none of the sums below."
    )
    other_version: int = strawberry.field(
        description="Of these, those for another version of the racetrack than the one that is live; they are in none "
        "of the sums below, which are null when there are only such."
    )
    within_day: float | None = strawberry.field(
        description="The mean chance to move to the next stage within 1 day, from 0 to 1."
    )
    within_week: float | None = strawberry.field(description="Within 7 days.")
    within_month: float | None = strawberry.field(description="Within 30 days.")
    out_within_month: float | None = strawberry.field(
        description="The mean chance to leave the racetrack within 30 days, from 0 to 1."
    )
    expected_within_day: float | None = strawberry.field(
        description="How many of them were expected to move to the next stage within 1 day: the sum of their chances."
    )
    expected_within_week: float | None
    expected_within_month: float | None
    expected_out_within_month: float | None = strawberry.field(
        description="How many were expected to leave the racetrack within 30 days."
    )
    moved_within_day: int | None = strawberry.field(description="How many did move to the next stage within 1 day.")
    moved_within_week: int | None
    moved_within_month: int | None
    went_out_within_month: int | None = strawberry.field(description="How many did leave the racetrack within 30 days.")


@strawberry.type(description="What is predicted now of the customers in a stage, and how the last such forecast did.")
class StagePredictions:
    """Sums over live.predictions."""

    customers: int = strawberry.field(description="In the stage, with a prediction.")
    within_day: float = strawberry.field(
        description="The mean chance to move to the next stage within 1 day, from 0 to 1."
    )
    within_week: float = strawberry.field(description="Within 7 days.")
    within_month: float = strawberry.field(description="Within 30 days.")
    out_within_month: float = strawberry.field(
        description="The mean chance to leave the racetrack within 30 days, from 0 to 1."
    )
    expected_within_day: float = strawberry.field(
        description="How many are expected to move to the next stage within 1 day: the sum of their chances."
    )
    expected_within_week: float = strawberry.field(description="How many within 7 days: this week's moves.")
    expected_within_month: float
    expected_out_within_month: float = strawberry.field(
        description="How many are expected to leave the racetrack within 30 days."
    )
    expected_days: float = strawberry.field(
        description="The mean of their expected days until they leave the stage in any way, restricted to 90."
    )
    came_true: StageForecast | None = strawberry.field(
        description="The newest day of which it is known what happened within a week; null: none yet."
    )
