"""What an operation may cost at most; planning stops as soon as it would cost more."""

from raceline.domain.errors import LimitExceeded
from raceline.graphql.context import Limits

_CURES = {
    "cost": "Ask for fewer days or stages, a smaller `first`, or fewer lists in one another.",
    "fields": "Select fewer fields, or ask in parts.",
}


class Budget:
    """What one operation could cost: objects in its answers, and fields in its statements."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.cost = 0
        self.fields = 0

    def check(self) -> None:
        """Raise LimitExceeded if it is spent."""
        for name in ("cost", "fields"):
            if (found := getattr(self, name)) > (allowed := getattr(self.limits, name)):
                raise LimitExceeded(_CURES[name], limit=name, allowed=allowed, found=found)
