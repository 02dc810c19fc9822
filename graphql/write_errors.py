"""The named errors with which a write answers; each stopped all of it."""

import strawberry

from raceline.domain.errors import RacelineError
from raceline.graphql.problems import code


def told(error: RacelineError) -> dict[str, str]:
    """What every named error says."""
    return {"message": str(error), "code": code(type(error))}


@strawberry.interface(description="An error that stopped the whole write; nothing of it was stored.")
class Error:
    """A named error."""

    message: str
    code: str


@strawberry.type
class BatchTooLarge(Error):
    """More events than this server takes at once."""

    limit: str
    allowed: int
    found: int


@strawberry.type
class LogUnavailable(Error):
    """The database cannot be reached; try again."""


@strawberry.type
class NotQuarantined(Error):
    """There is no such entry, or it was offered again already."""


@strawberry.type
class LogBusy(Error):
    """Others decide about the same; try again."""


@strawberry.type(description="One complaint about a definition.")
class RacetrackFinding:
    """A Finding of the domain."""

    place: str = strawberry.field(description="The keys that lead there, such as `rules.adopted.when`.")
    line: int | None
    column: int | None
    severity: str = strawberry.field(description="`error`, or `warning` where something is probably not meant.")
    detail: str
    cure: str


@strawberry.type
class InvalidRacetrack(Error):
    """The definition is not valid; nothing was published."""

    file: str | None
    line: int | None = strawberry.field(description="Of the first complaint, from 1.")
    column: int | None
    findings: list[RacetrackFinding] = strawberry.field(description="Everything that a look through it found.")


@strawberry.type
class UnknownRacetrack(Error):
    """There is no racetrack of this name and version."""


@strawberry.type
class NotActive(Error):
    """No version of this racetrack is active."""


@strawberry.type
class UnknownModel(Error):
    """There is no model of this racetrack and version."""


@strawberry.type
class PromotionRefused(Error):
    """The model did not pass every check; `force: true` promotes it all the same, and the log says so."""

    failed: list[str] = strawberry.field(description="The rules that it did not pass; see `ModelVersion.checks`.")


@strawberry.type
class NoModelInForce(Error):
    """No model of this racetrack is in force."""


@strawberry.type
class NoEarlierModel(Error):
    """No model of this racetrack was in force before."""
