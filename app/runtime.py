"""The composition root: from settings to everything that a command needs, and back when it is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from raceline.analytics.drift import Thresholds
from raceline.app.settings import Settings
from raceline.domain.catalogue import Catalogue, load
from raceline.domain.check import Check, Limits
from raceline.domain.errors import UnknownRacetrack
from raceline.domain.ingest import Ingest
from raceline.domain.log import EventLog
from raceline.domain.migrate import migrate
from raceline.domain.models import Models
from raceline.domain.racetrack_check import check_file, refuse
from raceline.domain.racetrack_file import presets
from raceline.domain.racetracks import Racetracks
from raceline.domain.yaml_file import nearest
from raceline.projections.drift_watch import DriftWatch
from raceline.projections.generation import prepare
from raceline.projections.in_force import in_force
from raceline.projections.rules import MICROSECONDS, Rules, rules_of
from raceline.projections.runner import Projector

NO_RACETRACK = "none"
BY = "raceline"


@dataclass(frozen=True)
class Runtime:
    """A database that is ready, and what works on it."""

    settings: Settings
    url: str
    catalogue: Catalogue
    rules: Rules
    log: EventLog
    ingest: Ingest
    racetracks: Racetracks
    models: Models

    def projector(self) -> Projector:
        """The live run of the read models."""
        return Projector(
            self.url,
            self.catalogue,
            self.rules,
            batch=self.settings.projection_batch,
            rebuild_after=self.settings.rebuild_after_events,
            tick=int(self.settings.tick_seconds * MICROSECONDS),
            watch=DriftWatch(Thresholds(self.settings.drift_watch, self.settings.drift_alarm)),
        )


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database: the operator's, or the embedded one, which runs for as long as somebody uses it."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    from raceline.app.embedded import EmbeddedServer

    with EmbeddedServer(settings.home) as url:
        yield url


@contextmanager
def runtime(settings: Settings) -> Iterator[Runtime]:
    """Everything, composed: the catalogue read, the database up and migrated, the read models there.

    Raises InvalidCatalogue, UnknownRacetrack, EmbeddedServerFailed, LogUnavailable, ServerTooOld, SchemaTooNew.
    """
    catalogue = load(settings.catalogue, allow_unknown=settings.allow_unknown_types)
    rules = rules_of(catalogue, int(settings.session_gap_seconds * MICROSECONDS))
    limits = Limits(settings.max_event_bytes, int(settings.future_tolerance_seconds * MICROSECONDS))
    with database(settings) as url:
        migrate(url)
        with EventLog(url, pool_size=settings.pool_size) as log:
            racetracks = Racetracks(log)
            begun = _begin(racetracks, settings.racetrack, catalogue)
            # The first read models of a new log need no replay to follow its first decision.
            prepare(url, catalogue, in_force(rules, catalogue, racetracks.registry()) if begun else rules)
            ingest = Ingest(log, Check(catalogue, limits))
            yield Runtime(settings, url, catalogue, rules, log, ingest, racetracks, Models(log))


def _begin(racetracks: Racetracks, preset: str, catalogue: Catalogue) -> bool:
    """A log in which nothing was ever decided about racetracks gets the preset, so that there is one from the start.

    Gives whether it did. Raises UnknownRacetrack.
    """
    if preset == NO_RACETRACK or racetracks.registry().position:
        return False
    found = presets()
    if preset not in found:
        near = nearest(preset, found)
        raise UnknownRacetrack(f"did you mean `{near}`?" if near else f"known are: {', '.join(found)}", name=preset)
    racetrack, findings = check_file(found[preset], catalogue)
    refuse(findings, racetrack.name)
    published = racetracks.publish(racetrack, found[preset].read_text(encoding="utf-8"), BY)
    racetracks.activate(published.name, published.version, BY)
    return True
