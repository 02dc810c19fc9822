"""The racetracks of a log: which are published, which are active, and which were at any position.

    publish(racetrack, text, by)    a new version of its name; content that is there already keeps its version
    activate(name, version, by)     in force from here on, and for the whole history (design, section 5)
    retire(name, by)                in force no more
    registry(up_to=position)        all of them as the log knew them at a position
    decisions()                     all of the above that was decided, with who and when

Every call raises LogUnavailable and LogRefused as the log does; what decides raises LogBusy as well.
"""

from typing import NamedTuple

from raceline.domain.deciding import Deciding, Kind
from raceline.domain.errors import UnreadableRacetrack
from raceline.domain.log import EventLog, shown
from raceline.domain.racetrack import Racetrack
from raceline.domain.racetrack_decisions import DECISIONS, Decision, RacetrackDecisions
from raceline.domain.racetrack_file import canonical, content_hash
from raceline.domain.racetrack_registry import Registry, Version

__all__ = ["Published", "Racetracks", "Registry", "Version"]

_KIND: Kind[RacetrackDecisions, Decision, Registry] = Kind(
    RacetrackDecisions, RacetrackDecisions.Created, DECISIONS, Registry(), "this racetrack", UnreadableRacetrack
)


class Published(NamedTuple):
    """The version that a definition has; `new` when it was given now. position: where the log says so."""

    name: str
    version: int
    hash: str
    position: int
    new: bool


class Racetracks(Deciding[RacetrackDecisions, Decision, Registry]):
    """The racetracks of one log; safe to share between threads. A log given by its URL is closed with it."""

    def __init__(self, log: EventLog | str) -> None:
        super().__init__(_KIND, log)

    def publish(self, racetrack: Racetrack, text: str, by: str) -> Published:
        """Give a definition a version of its name, and keep the YAML that it was read from.

        Whether it is a good one (racetrack_check.py) is looked at before. Content that has a version already keeps it:
        nothing is written.
        """
        name, identity = racetrack.name, content_hash(racetrack)
        content = canonical(racetrack).decode()

        def decide(decisions: RacetrackDecisions) -> None:
            decisions.publish(identity, content, text, shown(by))

        self.registry()  # a database that is away is found out at once; the library would try it ten times
        written = self._decide(name, decide)
        found = next(v for v in self.registry(written).versions if (v.name, v.hash) == (name, identity))
        return Published(name, found.version, identity, found.position, new=written is not None)

    def activate(self, name: str, version: int, by: str) -> int:
        """Put a version in force, in the place of the one that was; gives the position since which it is.

        What is active already stays so: nothing is written. Raises UnknownRacetrack.
        """
        self.registry().get(name, version)
        written = self._decide(name, lambda decisions: decisions.activate(version, shown(by)))
        return self.registry(written).get(name, version).since

    def retire(self, name: str, by: str) -> int:
        """Put the active version of a name out of force; gives the position of this decision.

        Raises UnknownRacetrack, NotActive.
        """
        self.registry().named(name)
        written = self._decide(name, lambda decisions: decisions.retire(shown(by)))
        assert written is not None, "to retire is to decide, or to raise"  # noqa: S101
        return written
