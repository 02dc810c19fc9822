"""Decisions about racetracks: published, activated, retired."""

from typing import Annotated

import strawberry

from raceline.domain.errors import InvalidRacetrack as InvalidRacetrackError
from raceline.domain.errors import LogBusy as LogBusyError
from raceline.domain.errors import LogUnavailable as LogUnavailableError
from raceline.domain.errors import NotActive as NotActiveError
from raceline.domain.errors import UnknownRacetrack as UnknownRacetrackError
from raceline.domain.racetrack_finding import Finding
from raceline.graphql.context import Context
from raceline.graphql.declare import mutation
from raceline.graphql.scalars import Position
from raceline.graphql.write_errors import (
    InvalidRacetrack,
    LogBusy,
    LogUnavailable,
    NotActive,
    RacetrackFinding,
    UnknownRacetrack,
    told,
)

Info = strawberry.Info[Context, None]


@strawberry.type(description="The version that the definition has.")
class PublishRacetrackPayload:
    """A Published of the domain."""

    name: str
    version: int
    hash: str = strawberry.field(description="Identifies the content.")
    position: Position = strawberry.field(description="Where the log says so.")
    new: bool = strawberry.field(description="False: the same content was there already, and nothing was written.")


@strawberry.type(description="From this position on the version is in force, for the whole history.")
class ActivateRacetrackPayload:
    """A decision in the log."""

    name: str
    version: int
    position: Position


@strawberry.type(description="From this position on no version of the racetrack is in force.")
class RetireRacetrackPayload:
    """A decision in the log."""

    name: str
    position: Position


PublishRacetrackResult = Annotated[
    PublishRacetrackPayload | InvalidRacetrack | LogBusy | LogUnavailable, strawberry.union("PublishRacetrackResult")
]
ActivateRacetrackResult = Annotated[
    ActivateRacetrackPayload | UnknownRacetrack | LogBusy | LogUnavailable, strawberry.union("ActivateRacetrackResult")
]
RetireRacetrackResult = Annotated[
    RetireRacetrackPayload | UnknownRacetrack | NotActive | LogBusy | LogUnavailable,
    strawberry.union("RetireRacetrackResult"),
]


@strawberry.type
class RacetrackMutation:
    """The roots of deciding about racetracks."""

    @mutation
    async def publish_racetrack(
        self, info: Info, definition: Annotated[str, strawberry.argument(description="The YAML of the definition.")]
    ) -> PublishRacetrackResult:
        """Give a definition a version of its name; it is looked through before, and is not in force yet."""
        try:
            found = await info.context.api.racetracks.publish(definition)
        except InvalidRacetrackError as error:
            return _invalid(error)
        except LogBusyError as error:
            return LogBusy(**told(error))
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return PublishRacetrackPayload(
            name=found.name, version=found.version, hash=found.hash, position=Position(found.position), new=found.new
        )

    @mutation
    async def activate_racetrack(self, info: Info, name: str, version: int) -> ActivateRacetrackResult:
        """Put a version in force. It is derived for the whole history beside the one that was, and takes its place."""
        try:
            position = await info.context.api.racetracks.activate(name, version)
        except UnknownRacetrackError as error:
            return UnknownRacetrack(**told(error))
        except LogBusyError as error:
            return LogBusy(**told(error))
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return ActivateRacetrackPayload(name=name, version=version, position=Position(position))

    @mutation
    async def retire_racetrack(self, info: Info, name: str) -> RetireRacetrackResult:
        """Put the active version of a racetrack out of force; its versions stay readable."""
        try:
            position = await info.context.api.racetracks.retire(name)
        except UnknownRacetrackError as error:
            return UnknownRacetrack(**told(error))
        except NotActiveError as error:
            return NotActive(**told(error))
        except LogBusyError as error:
            return LogBusy(**told(error))
        except LogUnavailableError:
            return LogUnavailable(**told(LogUnavailableError()))
        return RetireRacetrackPayload(name=name, position=Position(position))


def _invalid(error: InvalidRacetrackError) -> InvalidRacetrack:
    facts = error.facts
    return InvalidRacetrack(
        **told(error),
        file=facts.get("file"),
        line=facts.get("line"),
        column=facts.get("column"),
        findings=[_finding(one) for one in getattr(error, "findings", ())],
    )


def _finding(finding: Finding) -> RacetrackFinding:
    return RacetrackFinding(
        place=".".join(map(str, finding.place)),
        line=finding.line,
        column=finding.column,
        severity=finding.severity,
        detail=finding.detail,
        cure=finding.cure,
    )
