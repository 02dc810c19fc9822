"""Rescoring: time moves even when customers do not, so everybody in a stage is predicted anew every local day, and when
another model is put in force. Only predictions are made again, chunk by chunk, between the batches of the live run."""

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from raceline.domain import arrow
from raceline.projections.derive import prediction_rows
from raceline.projections.noting import note
from raceline.projections.predictions import local_day, predictions_for

if TYPE_CHECKING:
    from raceline.projections.generation import Claimed, Session

_DAY_SECONDS = 86_400
_NOWHERE = (-1, -1)
_LOOK_AGAIN = 3_600_000_000  # microseconds; whatever took a prediction away, it comes back
_LEAST = 100  # customers; fewer are hardly sooner done


class Rescoring:
    """Finds who waits for a prediction; remembers up to where it looked, so that a live run that is level need not look
    again and again."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        # What was looked for, the checkpoint at which, and up to which customer; None when nobody is left.
        self._wanted = ("", "", 0)
        self._checkpoint = _NOWHERE
        self._after: str | None = ""
        self._some = False
        self._speed = 1_000.0  # customers a second, as the last ones took

    def moved(self, claimed: "Claimed", up_to: int, clock: int, *, predicted: bool) -> None:
        """The generation was moved to a checkpoint; predicted: so were the predictions of whom that touched."""
        known = predicted and self._checkpoint == (claimed.position, claimed.clock)
        self._checkpoint = (up_to, clock) if known else _NOWHERE

    def start_over(self) -> None:
        """What was done last was rolled back: look at everybody again."""
        self._checkpoint = _NOWHERE

    def waits(self, claimed: "Claimed") -> bool:
        """Whether anybody may wait for a prediction at the checkpoint of a generation."""
        wanted = (claimed.name, self.in_force(claimed), claimed.clock // _LOOK_AGAIN)
        checkpoint = (claimed.position, claimed.clock)
        if (wanted, checkpoint) != (self._wanted, self._checkpoint):
            # Or another process moved it: whom that touched may wait, wherever we were.
            self._wanted, self._checkpoint, self._after = wanted, checkpoint, ""
        return self._after is not None

    def step(self, claimed: "Claimed", most: int, seconds: float | None = None) -> bool:
        """Predict the next customers who wait, at the checkpoint of a claimed generation: at most so many, and no more
        than take about so long. False when nobody waits. To be committed by the caller in either case."""
        if not self.waits(claimed) or self._after is None:
            return False
        if seconds is not None:
            most = min(most, max(_LEAST, int(self._speed * seconds)))
        session = self._session
        asked = {"models": self._wanted[1], "most": str(most), "after_customer": self._after}
        arrow.settings(session.connection, asked)
        if self._after == "":
            session.run("forget_predictions", claimed.name)
        self._after = self._predict(claimed) if session.rules.models else None
        self._some = self._some or self._after is not None
        return self._after is not None

    def came_level(self) -> bool:
        """Whether some were predicted and nobody waits any more; true once."""
        level = self._some and self._after is None
        self._some = self._some and not level
        return level

    def _predict(self, claimed: "Claimed") -> str | None:
        """Predict one chunk; gives its last customer, None when there was none."""
        session, begun = self._session, time.perf_counter()
        session.run("touch_waiting", claimed.name)
        touched = session.rows("last_touched").to_pylist()[0]
        last: str | None = touched["customer_id"]
        if last is not None:
            found = tuple(predictions_for(session.reader.touched(claimed.position), session.rules, claimed.clock))
            session.run("replace_predictions", claimed.name)
            arrow.write(session.connection, "predictions", prediction_rows(found), schema=claimed.name)
            session.reader.keep_scores()
            note(session, claimed.name, found)
            self._speed = touched["customers"] / (time.perf_counter() - begun)
        return last

    def in_force(self, claimed: "Claimed") -> str:
        """The models that predict, by racetrack, and the local day, as the statements of views.sql read them."""
        rules = self._session.rules
        return json.dumps(
            [
                {"racetrack": track.name, "model": rules.models[track.name].version, "day": _date(day)}
                for track in rules.tracks
                if track.name in rules.models
                for day in [local_day(claimed.clock, track.racetrack.time_zone)]
            ]
        )


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY_SECONDS, UTC).date().isoformat()
