"""The models of a log: which are registered, which are in force, and which were at any position; and their files.

    register(racetrack, file, ...)          a new version for this racetrack; the same file keeps its version
    promote(racetrack, version, by)         it predicts from here on; refused when it failed a check, unless forced
    roll_back(racetrack, by)                the one that was in force before is again
    retire(racetrack, by)                   nothing is predicted any more
    registry(up_to=position)                all of them as the log knew them at a position
    decisions()                             all of the above that was decided, with who and when
    file(hash)                              the bytes of a model
    head(hash, most)                        its first bytes, without reading the others over

Every call raises LogUnavailable and LogRefused as the log does; what decides raises LogBusy as well.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from raceline.domain.deciding import Deciding, Kind
from raceline.domain.errors import UnknownModel, UnreadableModel
from raceline.domain.log import EventLog, shown
from raceline.domain.model_decisions import DECISIONS, Decision, ModelDecisions
from raceline.domain.model_registry import ModelRegistry, ModelVersion
from raceline.domain.racetrack_registry import Version
from raceline.domain.sql import statements

__all__ = ["ModelRegistry", "ModelVersion", "Models", "Registered"]

_SQL = statements("raceline.domain", "models.sql")
_KIND: Kind[ModelDecisions, Decision, ModelRegistry] = Kind(
    ModelDecisions, ModelDecisions.Created, DECISIONS, ModelRegistry(), "the models of this racetrack", UnreadableModel
)


class Registered(NamedTuple):
    """The version that a model has; `new` when it was given now. position: where the log says so."""

    racetrack: str
    version: int
    hash: str
    position: int
    new: bool


class Head(NamedTuple):
    """The beginning of a file. whole: all of the file is what its hash says; length: of the file, in bytes."""

    whole: bool
    length: int
    begin: bytes


class Models(Deciding[ModelDecisions, Decision, ModelRegistry]):
    """The models of one log; safe to share between threads. A log given by its URL is closed with it."""

    def __init__(self, log: EventLog | str) -> None:
        super().__init__(_KIND, log)

    def register(self, racetrack: Version, file: bytes, parameters: str, metrics: str, by: str) -> Registered:
        """Keep a model's file, and give it a version among the models of its racetrack's name.

        parameters, metrics: JSON objects. A file that has a version for the same racetrack keeps it: nothing is
        written.
        """
        digest = sha256(file)
        name, identity = racetrack.name, digest.hexdigest()

        def decide(decisions: ModelDecisions) -> None:
            decisions.register((racetrack.version, racetrack.hash), identity, parameters, metrics, shown(by))

        # Before the decision: a file that nobody names does no harm, a decision without its file would.
        with self._log.datastore.connected() as conn:
            conn.execute(_SQL["keep_file"], {"hash": digest.digest(), "content": file})
        written = self._decide(name, decide)
        known = self.registry(written).versions
        wanted = (name, racetrack.hash, identity)
        found = next(one for one in known if (one.racetrack, one.racetrack_hash, one.hash) == wanted)
        return Registered(name, found.version, identity, found.position, new=written is not None)

    def promote(self, racetrack: str, version: int, by: str, *, force: bool = False, reason: str = "") -> int:
        """Put a version in force, in the place of the one that was; gives the position since which it is.

        What is in force already stays so: nothing is written. Raises UnknownModel; PromotionRefused, with the checks
        that it did not pass, unless `force` says that it is to be promoted all the same.
        """
        self.registry().get(racetrack, version)
        written = self._decide(
            racetrack, lambda models: models.promote(version, force=force, reason=shown(reason), by=shown(by))
        )
        return self.registry(written).get(racetrack, version).since

    def roll_back(self, racetrack: str, by: str) -> int:
        """Put the model in force that was before the one that is, or before it was retired; gives the position of this
        decision. Raises UnknownModel, NoEarlierModel."""
        return self._must(racetrack, lambda models: models.roll_back(shown(by)))

    def retire(self, racetrack: str, by: str) -> int:
        """Put the model of a racetrack out of force; gives the position of this decision.

        Raises UnknownModel, NoModelInForce.
        """
        return self._must(racetrack, lambda models: models.retire(shown(by)))

    def file(self, hash: str) -> bytes:  # noqa: A002 - its name everywhere
        """The bytes of a model, by its hash (hexadecimal). Raises UnknownModel."""
        with self._log.datastore.connected() as conn:
            row = conn.execute(_SQL["file"], {"hash": bytes.fromhex(hash)}, binary=True).fetchone()
        if row is None:
            raise UnknownModel("no file has this hash", hash=hash)
        return bytes(row["content"])

    def head(self, hash: str, most: int) -> Head:  # noqa: A002 - as above
        """The first bytes of a model. Raises UnknownModel."""
        with self._log.datastore.connected() as conn:
            row = conn.execute(_SQL["head"], {"hash": bytes.fromhex(hash), "bytes": most}, binary=True).fetchone()
        if row is None:
            raise UnknownModel("no file has this hash", hash=hash)
        return Head(row["whole"], row["length"], bytes(row["begin"]))

    def _must(self, racetrack: str, decide: Callable[[ModelDecisions], None]) -> int:
        self.registry().named(racetrack)
        written = self._decide(racetrack, decide)
        assert written is not None, "this is to decide, or to raise"  # noqa: S101
        return written
