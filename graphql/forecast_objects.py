"""What can be read of predictions of a stage as a whole. See objects.py."""

from datetime import date

import strawberry


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
