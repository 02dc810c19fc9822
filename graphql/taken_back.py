"""Moves that are known no more: a late event took them back, and their ids are permanent all the same."""

from datetime import datetime

from raceline.graphql.bound import storable
from raceline.graphql.context import AsKnown
from raceline.graphql.question import MoveKey
from raceline.projections.asked import Asked

# For each of them the customer may be derived anew. More than one is looked at only where another move was made at the
# same moment.
_MOST = 20


async def taken_back(as_known: AsKnown, move: MoveKey) -> list[datetime]:
    """When a move may have been taken back, the newest first: by each revision before which one was made at its moment.

    Raises UnknownRacetrack.
    """
    if storable(move.customer) is None:
        return []
    rows = await as_known(Asked((move.customer,), racetracks=(move.racetrack,), tables=frozenset({"revisions"})))
    name = move.racetrack.name
    times = [
        row["known_at"] for row in rows["revisions"] if row["racetrack"] == name and move.entered_at in row["before_at"]
    ]
    return sorted(times, reverse=True)[:_MOST]
