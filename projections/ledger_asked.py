"""What is asked of the ledger of predictions."""

from datetime import date
from typing import Literal, NamedTuple


class LedgerAsk(NamedTuple):
    """A question to the ledger, answered for each model that it means.

    key: what its rows are told apart by. racetrack: None for all of them; version: of the model, None for all. horizon:
    1, 7 or 30 days. stage: None for all stages together. from_, to: the days on which predictions were made, both
    included; of drift, the days that are counted.
    """

    key: int
    kind: Literal["calibration", "over_time", "drift"]
    racetrack: str | None = None
    version: int | None = None
    horizon: int = 7
    stage: str | None = None
    from_: date | None = None
    to: date | None = None
