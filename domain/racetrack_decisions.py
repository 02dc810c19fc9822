"""What may be decided about the racetracks of one name: to publish a version, to activate it, to retire it.

An aggregate of the eventsourcing library; its events are decisions in the log (decisions.py). Each event tells its
whole story, so that what was in force at a position is read from the log without the aggregates (racetracks.py).
"""

from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate

from raceline.domain.errors import NotActive, UnknownRacetrack

_NAMESPACE = uuid5(NAMESPACE_URL, "raceline/racetrack")


class RacetrackDecisions(Aggregate):
    """One for each name. hashes: of the content of its versions 1, 2, ...; active: the number of one, or None."""

    TOPIC = "racetrack"

    class Created(Aggregate.Created):
        """The name is in use from here on."""

        TOPIC = "racetrack.named"
        name: str

    class Published(Aggregate.Event):
        """A new version. canonical: what its rules are; text: the YAML as it was given, with its comments."""

        TOPIC = "racetrack.published"
        name: str
        version: int
        hash: str
        canonical: str
        text: str
        by: str

        def apply(self, aggregate: "RacetrackDecisions") -> None:
            """One version more."""
            aggregate.hashes.append(self.hash)

    class Activated(Aggregate.Event):
        """This version is in force, and the one that was before is not."""

        TOPIC = "racetrack.activated"
        name: str
        version: int
        by: str

        def apply(self, aggregate: "RacetrackDecisions") -> None:
            """One version of a name at a time."""
            aggregate.active = self.version

    class Retired(Aggregate.Event):
        """This version, which was active, is in force no more, and no other takes its place."""

        TOPIC = "racetrack.retired"
        name: str
        version: int
        by: str

        def apply(self, aggregate: "RacetrackDecisions") -> None:
            """No version is active."""
            aggregate.active = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.hashes: list[str] = []
        self.active: int | None = None

    @staticmethod
    def create_id(name: str) -> UUID:
        """The same for everybody, so that two who publish the first version at once meet in one aggregate."""
        return uuid5(_NAMESPACE, name)

    def publish(self, hash: str, canonical: str, text: str, by: str) -> int:  # noqa: A002 - its name everywhere
        """Give this content a version; content that has one keeps it, and nothing is decided."""
        if hash in self.hashes:
            return self.hashes.index(hash) + 1
        version = len(self.hashes) + 1
        self.trigger_event(
            self.Published, name=self.name, version=version, hash=hash, canonical=canonical, text=text, by=by
        )
        return version

    def activate(self, version: int, by: str) -> None:
        """Put a version in force; one that is active already is left alone. Raises UnknownRacetrack."""
        if not 1 <= version <= len(self.hashes):
            raise UnknownRacetrack(name=self.name, version=version)
        if version != self.active:
            self.trigger_event(self.Activated, name=self.name, version=version, by=by)

    def retire(self, by: str) -> None:
        """Put the active version out of force. Raises NotActive."""
        if self.active is None:
            raise NotActive(name=self.name)
        self.trigger_event(self.Retired, name=self.name, version=self.active, by=by)


# What the registry of racetracks is made from; the naming says nothing that these do not say again.
Decision = RacetrackDecisions.Published | RacetrackDecisions.Activated | RacetrackDecisions.Retired
DECISIONS = (RacetrackDecisions.Published, RacetrackDecisions.Activated, RacetrackDecisions.Retired)
