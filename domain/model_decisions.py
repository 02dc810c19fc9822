"""What may be decided about the models of one racetrack: to register a version, to promote it, to roll back, to retire.

An aggregate of the eventsourcing library; its events are decisions in the log (decisions.py). Each event tells its
whole story, so that what was in force at a position is read from the log without the aggregates (models.py).
"""

from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from eventsourcing.domain import Aggregate

from raceline.domain.errors import NoEarlierModel, NoModelInForce, PromotionRefused, UnknownModel

_NAMESPACE = uuid5(NAMESPACE_URL, "raceline/model")
NOT_EVALUATED = "evaluated on held-out data"


class ModelDecisions(Aggregate):
    """One for each racetrack name. models: of versions 1, 2, ... the hash of the file and that of the racetrack;
    failed: the checks that each did not pass; in_force: the number of one, or None; before: those that were, the newest
    last."""

    TOPIC = "model"

    class Created(Aggregate.Created):
        """The racetrack has models from here on."""

        TOPIC = "model.named"
        racetrack: str

    class Registered(Aggregate.Event):
        """A new version. hash: SHA-256 of the file; parameters: what it was trained by, metrics: how it did on data
        held out, with the checks that decide whether it may be promoted; both are JSON."""

        TOPIC = "model.registered"
        racetrack: str
        version: int
        racetrack_version: int
        racetrack_hash: str
        hash: str
        parameters: str
        metrics: str
        by: str

        def apply(self, aggregate: "ModelDecisions") -> None:
            """One version more."""
            aggregate.models.append((self.hash, self.racetrack_hash))
            aggregate.failed.append(failed_checks(self.metrics))

    class Promoted(Aggregate.Event):
        """This version predicts, in the place of the one that did. failed: the checks that it did not pass, when it was
        forced; reason: why, in the words of who decided."""

        TOPIC = "model.promoted"
        racetrack: str
        version: int
        forced: bool
        failed: list[str]
        reason: str
        by: str

        def apply(self, aggregate: "ModelDecisions") -> None:
            """One version of a racetrack at a time."""
            if aggregate.in_force is not None:
                aggregate.before.append(aggregate.in_force)
            elif aggregate.before[-1:] == [self.version]:
                aggregate.before.pop()  # it was retired, and is back: a step back from it leads to another one
            aggregate.in_force = self.version

    class RolledBack(Aggregate.Event):
        """This version, which was in force before, is again; `instead_of`, if any was, is no more."""

        TOPIC = "model.rolled_back"
        racetrack: str
        version: int
        instead_of: int | None
        by: str

        def apply(self, aggregate: "ModelDecisions") -> None:
            """A step back, so that the next one goes further."""
            aggregate.in_force = aggregate.before.pop()

    class Retired(Aggregate.Event):
        """This version, which was in force, predicts no more, and no other takes its place."""

        TOPIC = "model.retired"
        racetrack: str
        version: int
        by: str

        def apply(self, aggregate: "ModelDecisions") -> None:
            """Nothing is predicted."""
            aggregate.before.append(self.version)
            aggregate.in_force = None

    def __init__(self, racetrack: str) -> None:
        self.racetrack = racetrack
        self.models: list[tuple[str, str]] = []
        self.failed: list[tuple[str, ...]] = []
        self.in_force: int | None = None
        self.before: list[int] = []

    @staticmethod
    def create_id(racetrack: str) -> UUID:
        """The same for everybody, so that two who register the first version at once meet in one aggregate."""
        return uuid5(_NAMESPACE, racetrack)

    def register(
        self, racetrack: tuple[int, str], hash: str, parameters: str, metrics: str, by: str  # noqa: A002 - its name
    ) -> int:  # fmt: skip
        """Give a model a version; the same file for the same racetrack (version, hash) keeps the one that it has."""
        number, identity = racetrack
        if (hash, identity) in self.models:
            return self.models.index((hash, identity)) + 1
        version = len(self.models) + 1
        self.trigger_event(
            self.Registered,
            racetrack=self.racetrack,
            version=version,
            racetrack_version=number,
            racetrack_hash=identity,
            hash=hash,
            parameters=parameters,
            metrics=metrics,
            by=by,
        )
        return version

    def promote(self, version: int, *, force: bool, reason: str, by: str) -> None:
        """Put a version in force; one that is already is left alone. Raises UnknownModel, PromotionRefused."""
        if not 1 <= version <= len(self.models):
            raise UnknownModel(racetrack=self.racetrack, version=version)
        if version == self.in_force:
            return
        failed = self.failed[version - 1]
        if failed and not force:
            raise PromotionRefused(racetrack=self.racetrack, version=version, failed="; ".join(failed))
        facts = {"forced": bool(failed), "failed": list(failed), "reason": reason, "by": by}
        self.trigger_event(self.Promoted, racetrack=self.racetrack, version=version, **facts)

    def roll_back(self, by: str) -> None:
        """Put the version in force that was before the one that is. Raises NoEarlierModel."""
        if not self.before:
            raise NoEarlierModel(racetrack=self.racetrack)
        facts = {"version": self.before[-1], "instead_of": self.in_force, "by": by}
        self.trigger_event(self.RolledBack, racetrack=self.racetrack, **facts)

    def retire(self, by: str) -> None:
        """Put the version that is in force out of it. Raises NoModelInForce."""
        if self.in_force is None:
            raise NoModelInForce(racetrack=self.racetrack)
        self.trigger_event(self.Retired, racetrack=self.racetrack, version=self.in_force, by=by)


# What the registry of models is made from; the naming says nothing that these do not say again.
Decision = ModelDecisions.Registered | ModelDecisions.Promoted | ModelDecisions.RolledBack | ModelDecisions.Retired
DECISIONS = (ModelDecisions.Registered, ModelDecisions.Promoted, ModelDecisions.RolledBack, ModelDecisions.Retired)


def failed_checks(metrics: str) -> tuple[str, ...]:
    """The rules that metrics (JSON) say were not passed; metrics without any check pass none."""
    checks = msgspec.json.decode(metrics).get("checks")
    return tuple(one["rule"] for one in checks if not one["passed"]) if checks else (NOT_EVALUATED,)
