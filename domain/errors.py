"""Every error raceline raises on purpose. The docstring is the message; the facts are attributes."""

from typing import Any


class RacelineError(Exception):
    """Something went wrong in raceline."""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        self.detail = detail
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)
        super().__init__(detail, facts)

    @property
    def title(self) -> str:
        """The first sentence: the same for every error of the kind."""
        return " ".join((type(self).__doc__ or "").split())

    def __str__(self) -> str:
        known = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        parts = [self.title, self.detail, f"({known})" if known else ""]
        return " ".join(part for part in parts if part)


class LogUnavailable(RacelineError):
    """The database cannot be reached; nothing of this call was stored, try again."""


class LogRefused(RacelineError):
    """The database refused the statement."""


class LogBusy(RacelineError):
    """Somebody else holds what this statement needs; nothing was changed, try again."""


class LogImmutable(RacelineError):
    """The log is append-only; events are never updated, deleted or truncated."""


class WrongExpectation(RacelineError):
    """The customer has newer events than the caller expected; read them and decide again."""


class SchemaTooNew(RacelineError):
    """The database was migrated by a newer raceline; upgrade this one."""


class ServerTooOld(RacelineError):
    """raceline needs PostgreSQL 15 or newer."""


class InvalidCatalogue(RacelineError):
    """The catalogue file is not valid."""


class InvalidMapping(RacelineError):
    """The mapping file is not valid."""


class InvalidSite(RacelineError):
    """The page table is not valid; nothing was changed."""


class InvalidRacetrack(RacelineError):
    """The definition of the racetrack is not valid."""

    findings: tuple[Any, ...] = ()  # all that a look through it found, when it could be read (racetrack_finding.py)


class UnknownRacetrack(RacelineError):
    """There is no racetrack of this name and version."""


class NotInForce(UnknownRacetrack):
    """No version of this racetrack is in force."""


class UnknownStage(RacelineError):
    """The racetrack has no stage of this name."""


class NotActive(RacelineError):
    """No version of this racetrack is active."""


class NoRacetrack(RacelineError):
    """No racetrack is active; name a version, or activate one with `raceline racetrack activate`."""


class UnreadableRacetrack(RacelineError):
    """A newer raceline decided this about the racetrack, and this one cannot read it; upgrade."""


class UnknownModel(RacelineError):
    """There is no model of this racetrack and version."""


class NoModelInForce(RacelineError):
    """No model of this racetrack is in force."""


class NoEarlierModel(RacelineError):
    """No model of this racetrack was in force before; `raceline model retire` puts the one that is out of force."""


class PromotionRefused(RacelineError):
    """The model did not pass every check, so it is not promoted unless this is forced."""


class UnreadableModel(RacelineError):
    """This raceline cannot read this model, or what was decided about it."""


class NothingToTrain(RacelineError):
    """There is nothing to learn from."""


class TrainingRunning(RacelineError):
    """Another training is running; wait for it, or stop it."""


class InvalidPathPattern(RacelineError):
    """The path pattern is not valid."""

    at: int  # characters before the place, also in the message: a line of the pattern with a caret below the place

    def __str__(self) -> str:
        return f"{self.title} {self.detail}"


class UnknownCustomer(RacelineError):
    """The log has no event of this customer."""


class UnknownEventType(RacelineError):
    """This event type is not in the catalogue; add it there, or allow unknown types."""


class InvalidEvent(RacelineError):
    """This record is not a valid event."""


class UnreadableInput(RacelineError):
    """The input cannot be read to its end; what came before this place was taken."""


class InputNotFound(RacelineError):
    """The input cannot be opened; nothing was taken."""


class UnknownFormat(RacelineError):
    """The format of this input was not recognised; name it, or give a mapping file."""


class ProjectionFailed(RacelineError):
    """A projection stopped; its checkpoint is kept and nothing was skipped."""


class ProjectionTimeout(RacelineError):
    """The projection did not reach the position in time; ask again, or with a lower minPosition."""


class RulesChanged(RacelineError):
    """The read models are derived by other rules (catalogue, session gap, or another version of raceline); give all
    raceline processes the same settings, then replay."""


class ReplayRunning(RacelineError):
    """Another replay is running; wait for it, or stop it."""


class InvalidSetting(RacelineError):
    """A setting is not valid."""


class EmbeddedServerFailed(RacelineError):
    """The embedded PostgreSQL did not start."""


class InvalidArgument(RacelineError):
    """An argument is not valid."""


class LimitExceeded(RacelineError):
    """The request is larger than this server allows."""


class BatchTooLarge(LimitExceeded):
    """The batch holds more events than this server takes at once; send it in parts."""


class PositionAhead(RacelineError):
    """The log has not come to this position; nothing was recorded there."""


class NoReadModels(RacelineError):
    """There are no read models yet; start a projector, or run `raceline replay`."""


class NotQuarantined(RacelineError):
    """There is no such entry in quarantine, or it was offered again already."""


class AddressTaken(RacelineError):
    """The server cannot listen at this address."""


class NotConfirmed(RacelineError):
    """This cannot be undone, so it has to be confirmed."""


class CannotWrite(RacelineError):
    """The output cannot be written; nothing of it is there."""


class NothingToDraw(RacelineError):
    """There is nothing to draw."""


class IngestInterrupted(RacelineError):
    """The database went away and did not come back in time."""
