"""Decisions about models: promoted, rolled back, retired."""

from typing import Annotated

import strawberry

from raceline.domain.errors import LogBusy as LogBusyError
from raceline.domain.errors import LogUnavailable as LogUnavailableError
from raceline.domain.errors import NoEarlierModel as NoEarlierModelError
from raceline.domain.errors import NoModelInForce as NoModelInForceError
from raceline.domain.errors import PromotionRefused as PromotionRefusedError
from raceline.domain.errors import UnknownModel as UnknownModelError
from raceline.graphql.context import Context
from raceline.graphql.declare import mutation
from raceline.graphql.scalars import Position
from raceline.graphql.write_errors import (
    LogBusy,
    LogUnavailable,
    NoEarlierModel,
    NoModelInForce,
    PromotionRefused,
    UnknownModel,
    told,
)

Info = strawberry.Info[Context, None]


@strawberry.type(description="From this position on the model is in force: it predicts for its racetrack.")
class PromoteModelPayload:
    """A decision in the log."""

    racetrack: str
    version: int
    position: Position


@strawberry.type(description="From this position on the model is in force again that was before.")
class RollBackModelPayload:
    """A decision in the log."""

    racetrack: str
    version: int = strawberry.field(description="The one that is in force again.")
    position: Position


@strawberry.type(description="From this position on no model of the racetrack is in force, and nothing is predicted.")
class RetireModelPayload:
    """A decision in the log."""

    racetrack: str
    position: Position


PromoteModelResult = Annotated[
    PromoteModelPayload | UnknownModel | PromotionRefused | LogBusy | LogUnavailable,
    strawberry.union("PromoteModelResult"),
]
RollBackModelResult = Annotated[
    RollBackModelPayload | UnknownModel | NoEarlierModel | LogBusy | LogUnavailable,
    strawberry.union("RollBackModelResult"),
]
RetireModelResult = Annotated[
    RetireModelPayload | UnknownModel | NoModelInForce | LogBusy | LogUnavailable,
    strawberry.union("RetireModelResult"),
]


@strawberry.type
class ModelMutation:
    """The roots of deciding about models."""

    @mutation
    async def promote_model(
        self,
        info: Info,
        racetrack: str,
        version: Annotated[int, strawberry.argument(description="Of the model.")],
        force: Annotated[bool, strawberry.argument(description="Also when it did not pass every check.")] = False,
        reason: Annotated[str, strawberry.argument(description="Why, for those who read the log.")] = "",
    ) -> PromoteModelResult:
        """Put a model in force, in the place of the one that was. The predictions are renewed by it."""
        try:
            position = await info.context.api.models.promote(racetrack, version, force=force, reason=reason)
        except UnknownModelError as error:
            return UnknownModel(**told(error))
        except PromotionRefusedError as error:
            return PromotionRefused(**told(error), failed=error.facts["failed"].split("; "))
        except LogBusyError as error:
            return LogBusy(**told(error))
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return PromoteModelPayload(racetrack=racetrack, version=version, position=Position(position))

    @mutation
    async def roll_back_model(self, info: Info, racetrack: str) -> RollBackModelResult:
        """Put the model in force again that was before the one that is, or before it was retired."""
        try:
            version, position = await info.context.api.models.roll_back(racetrack)
        except UnknownModelError as error:
            return UnknownModel(**told(error))
        except NoEarlierModelError as error:
            return NoEarlierModel(**told(error))
        except LogBusyError as error:
            return LogBusy(**told(error))
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return RollBackModelPayload(racetrack=racetrack, version=version, position=Position(position))

    @mutation
    async def retire_model(self, info: Info, racetrack: str) -> RetireModelResult:
        """Put the model of a racetrack out of force; nothing is predicted there until another one is promoted."""
        try:
            position = await info.context.api.models.retire(racetrack)
        except UnknownModelError as error:
            return UnknownModel(**told(error))
        except NoModelInForceError as error:
            return NoModelInForce(**told(error))
        except LogBusyError as error:
            return LogBusy(**told(error))
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return RetireModelPayload(racetrack=racetrack, position=Position(position))
