"""The registry: every registered model of every racetrack, and which are in force, as of one decision in the log."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple, assert_never

import msgspec

from raceline.domain import deciding
from raceline.domain.errors import UnknownModel
from raceline.domain.model_decisions import Decision, ModelDecisions, failed_checks
from raceline.domain.yaml_file import nearest

Decided = deciding.Decided[Decision]
# A model that another took the place of is registered, as it was before.
Status = Literal["registered", "promoted", "rolled_back", "retired"]


class Promotion(NamedTuple):
    """The newest promotion of a model. failed: the checks that it was forced against."""

    position: int
    at: datetime
    forced: bool
    failed: tuple[str, ...]
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One model of a racetrack name, for the version and content of it that it was trained for. hash: SHA-256 of its
    file; parameters, metrics: JSON as it was registered (README, "Predictions"); position, recorded_at, by: of its
    registering; since: the position of the decision that gave it its status."""

    racetrack: str
    version: int
    racetrack_version: int
    racetrack_hash: str
    hash: str
    parameters: str
    metrics: str
    by: str
    position: int
    recorded_at: datetime
    status: Status = "registered"
    since: int = 0
    promotion: Promotion | None = None

    @property
    def name(self) -> str:
        """As people write it: cisco-13#2."""
        return f"{self.racetrack}#{self.version}"

    @property
    def parameters_read(self) -> dict[str, Any]:
        """What it was trained by."""
        found: dict[str, Any] = msgspec.json.decode(self.parameters)
        return found

    @property
    def metrics_read(self) -> dict[str, Any]:
        """How it did on the data that were held out."""
        found: dict[str, Any] = msgspec.json.decode(self.metrics)
        return found

    @property
    def failed(self) -> tuple[str, ...]:
        """The rules of promotion that it did not pass."""
        return failed_checks(self.metrics)


@dataclass(frozen=True, slots=True)
class ModelRegistry:
    """All models as the log knew them. versions: in the order of registering; position: of the newest decision."""

    versions: tuple[ModelVersion, ...] = ()
    position: int = 0

    def in_force(self, racetrack: str) -> ModelVersion | None:
        """The model that predicts for a racetrack name; None when there is none."""
        return next((one for one in self.versions if (one.racetrack, one.status) == (racetrack, "promoted")), None)

    @property
    def promoted(self) -> tuple[ModelVersion, ...]:
        """The models that are in force, at most one of each racetrack name."""
        return tuple(one for one in self.versions if one.status == "promoted")

    def find(self, racetrack: str, version: int) -> ModelVersion | None:
        """A version by its number; None when there is none."""
        return next((one for one in self.versions if (one.racetrack, one.version) == (racetrack, version)), None)

    def get(self, racetrack: str, version: int) -> ModelVersion:
        """As `find`. Raises UnknownModel, with what there is instead."""
        if (found := self.find(racetrack, version)) is not None:
            return found
        numbers = ", ".join(f"{one.version} ({one.status})" for one in self.named(racetrack))
        raise UnknownModel(f"its models are {numbers}", racetrack=racetrack, version=version)

    def named(self, racetrack: str) -> tuple[ModelVersion, ...]:
        """Every model of a racetrack name. Raises UnknownModel, with the nearest name."""
        found = tuple(one for one in self.versions if one.racetrack == racetrack)
        if not found:
            known = sorted({one.racetrack for one in self.versions})
            near = nearest(racetrack, known)
            detail = f"did you mean `{near}`?" if near else f"racetracks with models are: {', '.join(known) or 'none'}"
            raise UnknownModel(detail, racetrack=racetrack)
        return found

    def after(self, decided: Decided) -> "ModelRegistry":
        """The registry once this was decided as well."""
        position, _, decision = decided
        match decision:
            case ModelDecisions.Registered():
                versions = (*self.versions, _registered(decided, decision))
            case ModelDecisions.Promoted() | ModelDecisions.RolledBack() | ModelDecisions.Retired():
                versions = tuple(_moved(one, decided) for one in self.versions)
            case _:
                assert_never(decision)
        return ModelRegistry(versions, position)


def _registered(decided: Decided, decision: ModelDecisions.Registered) -> ModelVersion:
    return ModelVersion(
        racetrack=decision.racetrack,
        version=decision.version,
        racetrack_version=decision.racetrack_version,
        racetrack_hash=decision.racetrack_hash,
        hash=decision.hash,
        parameters=decision.parameters,
        metrics=decision.metrics,
        by=decision.by,
        position=decided.position,
        recorded_at=decided.recorded_at,
        since=decided.position,
    )


def _moved(one: ModelVersion, decided: Decided) -> ModelVersion:
    """A model once another decision than its registering was made."""
    position, at, decision = decided
    if one.racetrack != decision.racetrack:
        return one
    if one.version != decision.version:
        # The one that was in force gives its place away; whether for good, its status says.
        given: Status = "rolled_back" if isinstance(decision, ModelDecisions.RolledBack) else "registered"
        return replace(one, status=given, since=position) if one.status == "promoted" else one
    match decision:
        case ModelDecisions.Promoted():
            told = Promotion(position, at, decision.forced, tuple(decision.failed), decision.reason, decision.by)
            return replace(one, status="promoted", since=position, promotion=told)
        case ModelDecisions.RolledBack():
            return replace(one, status="promoted", since=position)
    return replace(one, status="retired", since=position)
