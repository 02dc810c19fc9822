"""A warning in the process's log when customers are no longer like those that the model in force was trained on."""

import logging
from collections.abc import Sequence
from datetime import date

from adbc_driver_manager.dbapi import Connection

from raceline.analytics.drift import Thresholds
from raceline.projections.drift import Counted, Drift, counted, drift, trained
from raceline.projections.rules import Rules
from raceline.projections.scoring import Scoring

_TOLD = 5  # features by name in one line of the log
_log = logging.getLogger(__name__)


class DriftWatch:
    """Says in the process's log, once for each model and day, what is no longer as it was in the training."""

    def __init__(self, thresholds: Thresholds = Thresholds()) -> None:  # noqa: B008
        self._thresholds = thresholds
        self._said: set[tuple[str, int, date]] = set()

    def __call__(self, connection: Connection, rules: Rules) -> list[Drift]:
        """Look at the models in force; gives what it said now. Raises LogUnavailable."""
        said: list[Drift] = []
        for track in rules.tracks:
            if (scoring := rules.models.get(track.name)) is not None:
                said += self._looked(connection, scoring, tuple(track.racetrack.stages))
        return said

    def _looked(self, connection: Connection, scoring: Scoring, stages: Sequence[str]) -> list[Drift]:
        for seen in counted(connection, scoring.racetrack, scoring.version).values():
            day = (scoring.racetrack, scoring.version, seen.to_day)
            if day not in self._said:
                found = drift(trained(scoring, stages), seen, self._thresholds)
                alarms = [one for one in found if one.verdict == "ALARM"]
                if alarms:
                    self._said.add(day)
                    self._say(scoring, seen, alarms)
                return alarms
        return []

    def _say(self, scoring: Scoring, seen: Counted, alarms: Sequence[Drift]) -> None:
        told = ", ".join(f"{one.title} in {one.stage} ({one.stability:.2f})" for one in alarms[:_TOLD])
        more = f" and {len(alarms) - _TOLD} more" if len(alarms) > _TOLD else ""
        _log.warning(
            "the model %s#%d meets other customers than it was trained on (stability from %.2f on, %s to %s): %s%s; "
            "consider training it again: raceline train --racetrack %s",
            scoring.racetrack,
            scoring.version,
            self._thresholds.alarm,
            seen.from_day,
            seen.to_day,
            told,
            more,
            scoring.racetrack,
        )
