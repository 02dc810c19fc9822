# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of models: how they were trained, and what was decided. See objects.py."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from raceline.graphql.declare import planned
from raceline.graphql.judged_objects import Calibration, Drift, ModelEvaluation, ModelWeek, PredictionHorizon
from raceline.graphql.scalars import Int64, Position

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
