# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""What can be read of a prediction: when a customer will move on, how sure that is, why, what if. See objects.py."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.judged_objects import PredictionHorizon
from raceline.graphql.model_objects import ModelVersion, PredictionTier
from raceline.graphql.scalars import Position

if TYPE_CHECKING:
    from raceline.graphql.objects import Event

LazyEvent: TypeAlias = Annotated["Event", strawberry.lazy("raceline.graphql.objects")]
Within = Annotated[PredictionHorizon, strawberry.argument(description="Of which chance to move to the next stage.")]


@strawberry.enum(description="A chance in a word, by fixed thresholds.")
class Likelihood(Enum):
    """The words of predictions.sql."""

    LOW = strawberry.enum_value("LOW", description="Below 0.2.")
    MEDIUM = strawberry.enum_value("MEDIUM", description="From 0.2, and below 0.5.")
    HIGH = strawberry.enum_value("HIGH", description="From 0.5.")


@strawberry.enum(description="How a stay in a stage can end.")
class StageExit(Enum):
    """The exits of analytics/incidence.py, in their order."""

    NEXT = strawberry.enum_value("NEXT", description="To the next stage.")
    FURTHER = strawberry.enum_value("FURTHER", description="Forward past at least one stage.")
    EDGE = strawberry.enum_value("EDGE", description="To an earlier stage by an edge, such as buying more, or a lap.")
    BACKWARD = strawberry.enum_value("BACKWARD", description="A regression: to an earlier stage without an edge.")
    OUT = strawberry.enum_value("OUT", description="Out of the racetrack.")


@strawberry.enum(description="What a group of features is about.")
class FeatureGroup(Enum):
    """The groups of features, in their order."""

    TIME = strawberry.enum_value("time", description="Days in the stage, and earlier stays in it.")
    CONTENT = strawberry.enum_value("content", description="Content viewed, mails and lessons.")
    USAGE = strawberry.enum_value("usage", description="Telemetry, devices, and use of features.")
    PURCHASES = strawberry.enum_value("purchases", description="Bookings, licences and seats.")
    CASES = strawberry.enum_value("cases", description="Support cases.")
    SENTIMENT = strawberry.enum_value("sentiment", description="How the customer's texts sound, from -1 to 1.")
    PATHS = strawberry.enum_value("paths", description="Web and support pages, and turnarounds there.")
    ACCOUNT = strawberry.enum_value("account", description="The company: its size and its customer-success manager.")


@strawberry.enum(description="How much a what-if answer proves.")
class WhatIfBasis(Enum):
    """The basis of a row of what_ifs."""

    ASSOCIATION = strawberry.enum_value(
        "ASSOCIATION",
        description="Customers who are like that move on so often. It is no proof that making a customer like that "
        "has this effect: who does it may be keener anyway, so the effect of an action is probably smaller.",
    )
    COMPARISON = strawberry.enum_value(
        "COMPARISON",
        description="A comparison with customers who are in the stage for so many days; time is not an action.",
    )
    EXPERIMENT = strawberry.enum_value(
        "EXPERIMENT", description="A randomised outreach backs it: `note` says the effect that was seen there."
    )


@strawberry.input(description="A feature as it might be: either `value` or `pages` is said.")
class FeatureChange:
    """A Change of projections/asked.py."""

    feature: str = strawberry.field(
        description="Its name, as in `factors { features { feature } }`; `pages` for the pages of the stage."
    )
    value: float | None = strawberry.field(
        default=UNSET, description="In the unit of the feature: days, events, or 1 and 0 for yes and no."
    )
    pages: list[str] | None = strawberry.field(
        default=UNSET,
        description="Pages that are taken as seen since entering the stage, beside those that really were.",
    )


@strawberry.type(description="Three chances in words.")
class LikelihoodWords:
    """What the chances of a row of live.predictions are called."""

    day: Likelihood
    week: Likelihood
    month: Likelihood


@strawberry.type(description="How likely it is that the stay ends in this way, from 0 to 1 each.")
class ExitChance:
    """An exit of the incidence of live.predictions."""

    exit: StageExit
    within_day: float = strawberry.field(description="Within 1 day of `computedAt`.")
    within_week: float = strawberry.field(description="Within 7 days.")
    within_month: float = strawberry.field(description="Within 30 days.")


@strawberry.type(description="How the stay has ended by then, if at all: the chance of each way, from 0 to 1.")
class PredictionPoint:
    """A bin of the incidence of live.predictions."""

    days: float = strawberry.field(description="Days after `computedAt`.")
    next: float = strawberry.field(description="To the next stage.")
    further: float = strawberry.field(description="Forward past at least one stage.")
    edge: float = strawberry.field(description="To an earlier stage by an edge, or a lap.")
    backward: float = strawberry.field(description="A regression.")
    out: float = strawberry.field(description="Out of the racetrack.")


@strawberry.type(description="Where a figure probably lies: nine models of ten, trained on other samples, say so.")
class PredictedRange:
    """A row of prediction_intervals."""

    low: float
    high: float


@strawberry.type(
    description="How sure the figures are: 90 % intervals of the model's own uncertainty, from models that were "
    "trained on samples of the same customers. Null where that cannot be said."
)
class PredictionInterval:
    """Rows of prediction_intervals."""

    within_day: PredictedRange | None
    within_week: PredictedRange | None
    within_month: PredictedRange | None
    expected_days: PredictedRange | None = strawberry.field(description="In days.")


@strawberry.type(description="One feature of the customer, as the model saw it.")
class FactorFeature:
    """A row of factor_features."""

    feature: str = strawberry.field(description="Its name, as whatIf takes it.")
    title: str
    value: float | None = strawberry.field(
        description="In its own unit (days, events, 1 and 0 for yes and no); null where nothing is known."
    )
    typical: float | None = strawberry.field(description="The median of the customers in this stage.")
    said: str = strawberry.field(description="The value in words.")


@strawberry.type(description="What a group of features does to the chance to move on.")
class Factor:
    """A row of factors."""

    group: FeatureGroup
    title: str
    contribution: float = strawberry.field(
        description="By how much the group raises (or, below 0, lowers) the chance, from -1 to 1: its exact Shapley "
        "value. `baseRate` and the contributions of all factors add up to the chance."
    )
    features: list[FactorFeature] = strawberry.field(description="Its features; what matters most comes first.")
    events: list[LazyEvent] = strawberry.field(
        description="The events behind the values, the newest first, at most 20; `eventCount` says how many there are."
    )
    event_count: int


@strawberry.type(description="A change that was not answered.")
class WhatIfRefusal:
    """A row of what_if_refusals."""

    feature: str
    reason: str = strawberry.field(description="Why, and what could be asked instead.")


@strawberry.type(
    description="The prediction of a customer who is the same but for the changed features. When any change is "
    "refused, all figures are null and `refusals` says why."
)
class WhatIf:
    """A row of what_ifs."""

    within_day: float | None = strawberry.field(
        description="The chance to move to the next stage within 1 day, from 0 to 1."
    )
    within_week: float | None = strawberry.field(description="Within 7 days.")
    within_month: float | None = strawberry.field(description="Within 30 days.")
    expected_days: float | None = strawberry.field(description="As `Prediction.expectedDays`, in days.")
    exits: list[ExitChance]
    basis: WhatIfBasis | None
    note: str = strawberry.field(description="What the answer means, in words.")
    refusals: list[WhatIfRefusal]


@strawberry.type(
    description="When a customer will move on from the stage they are in, how sure that is, and why. All chances come "
    "from one set of curves: they never fall with the horizon, and those of all exits add up to at most 1. It is "
    "renewed when something happens to the customer, and every day."
)
class Prediction:
    """A row of live.predictions."""

    stage: str
    tier: PredictionTier = strawberry.field(
        description="How much the model could learn of this stage, and so what it claims."
    )
    within_day: float = strawberry.field(
        description="The chance to move to the next stage within 1 day of `computedAt`, from 0 to 1."
    )
    within_week: float = strawberry.field(description="Within 7 days.")
    within_month: float = strawberry.field(description="Within 30 days.")
    tomorrow: float = strawberry.field(
        description="The chance that the move to the next stage comes on the first day from `computedAt` on, from 0 to "
        "1; it is `withinDay` again."
    )
    rest_of_week: float = strawberry.field(description="That it comes on the second to seventh day.")
    rest_of_month: float = strawberry.field(description="That it comes on the eighth to thirtieth day.")
    likelihood: LikelihoodWords = strawberry.field(
        description="`withinDay`, `withinWeek` and `withinMonth` in words: LOW below 0.2, HIGH from 0.5, else MEDIUM."
    )
    exits: list[ExitChance] = strawberry.field(
        description="How the stay may end: each way with its chances. What is left to 1 is that it goes on."
    )
    curve: list[PredictionPoint] = strawberry.field(
        description="The same from 1 to 90 days ahead; between two points a constant share of those who are still "
        "there leaves each day."
    )
    expected_days: float = strawberry.field(
        description="The mean number of days that the stay goes on, whichever way it ends, when what lies behind "
        "`horizonDays` is not counted."
    )
    horizon_days: float = strawberry.field(description="The furthest that is looked ahead: 90 days.")
    median_days: float | None = strawberry.field(
        description="In so many days the stay has ended with a chance of one half; null: not within `horizonDays`."
    )
    expected_days_if_next: float | None = strawberry.field(
        description="The mean number of days until the move, given that it leads to the next stage within "
        "`horizonDays`; null when that never happens."
    )
    days_in_stage: float = strawberry.field(description="Days since the stay began, at `computedAt`.")
    interval: PredictionInterval = strawberry.field(description="How sure the figures are. Derived on demand.")
    model_version: ModelVersion | None = strawberry.field(description="The model that says so.")
    racetrack_version: int = strawberry.field(description="The version of the racetrack whose stages these are.")
    position: Position = strawberry.field(
        description="Where the newest event of the customer that was used stands in the log."
    )
    computed_at: datetime = strawberry.field(
        description="The moment that it looks ahead from: the start of the day (in the racetrack's time zone), or the "
        "customer's newest event, or the entry into the stage, whichever came last."
    )

    @planned
    def factors(self, within: Within = PredictionHorizon.WEEK) -> list[Factor]:
        """Why: what each group of features does to the chance to move to the next stage, the strongest first.

        The base rate and all contributions add up to `withinDay`, `withinWeek` or `withinMonth`. Derived on demand.
        """

    @planned
    def base_rate(self, within: Within = PredictionHorizon.WEEK) -> float | None:
        """The mean chance of the stage, from 0 to 1, that the contributions of the factors start from. Derived on
        demand.
        """

    @planned
    def what_if(self, changes: list[FeatureChange]) -> WhatIf:
        """The prediction if some features were otherwise: days in the stage 5 instead of 10, pages x and y seen.

        Refuses values that no customer in this stage had while the model was trained. Derived on demand.
        """
