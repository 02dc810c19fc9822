# mypy: disable-error-code="empty-body"
# The bodies are empty because no resolver runs; see declare.planned.
"""The roots of reading that are about models."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from raceline.graphql.declare import planned
from raceline.graphql.model_objects import ModelVersion
from raceline.graphql.relay import MinPosition


@strawberry.type
class ModelQuery:
    """The roots about models."""

    @planned
    def models(
        self,
        racetrack: Annotated[str | None, strawberry.argument(description="Only the models of this one.")] = UNSET,
        min_position: MinPosition = UNSET,
    ) -> list[ModelVersion]:
        """Every model that was trained and registered, in the order of the log."""

    @planned
    def model_version(
        self,
        racetrack: str,
        version: Annotated[int, strawberry.argument(description="Of the model, from 1.")],
        min_position: MinPosition = UNSET,
    ) -> ModelVersion | None:
        """One model of a racetrack; null when there is none of this version."""
