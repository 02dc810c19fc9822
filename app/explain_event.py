"""An event, as what is explained refers to it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Event:
    """An event as the customer's timeline has it."""

    position: int
    occurred_at: datetime | None
    type: str
    title: str
