"""What becomes known of journeys, from a position on and then live.

The projector shows at each checkpoint what became known between the clock before and the clock now, so whoever follows
the clock of the live read models misses nothing and is told nothing twice. Only the place in this order is kept.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from raceline.domain.errors import NoReadModels, PositionAhead
from raceline.domain.sql import statements
from raceline.graphql.context import Api
from raceline.graphql.fetching import fetch, fetch_all

_SQL = statements("raceline.graphql", "changes.sql")
_PAGE = 200
_LAST = 2**63 - 1
_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Followed:
    """What somebody wants to hear of. stages: moves into these."""

    customer: str | None = None
    racetrack: str | None = None
    stages: list[str] | None = None


class Change(NamedTuple):
    """Something that became known. n, entered_at (microseconds) and trigger (0: a timer) say which revision or move.

    resume: the position after which everything that became known at this moment comes again.
    """

    kind: Literal["MOVED", "REVISED", "CORRECTED"]
    customer: str | None
    racetrack: str
    version: int
    known_at: datetime
    n: int
    entered_at: int
    trigger: int
    resume: int


class _Standing(NamedTuple):
    """The live read models. tracks: by racetrack, its version and a digest of the customer's stays."""

    generation: str
    position: int
    clock: datetime
    tracks: dict[str, list[Any]]


class _Place(NamedTuple):
    """A place in the order of changes; what comes next is behind it."""

    known_at: datetime
    after_customer: str = ""
    after_racetrack: str = ""
    revision: int = 0
    move: int = 0


@dataclass
class Changes:
    """One subscriber."""

    api: Api
    followed: Followed
    _resume: tuple[datetime | None, int] = field(default=(None, 0))

    async def since(self, after: int | None) -> AsyncIterator[Change]:
        """Every change that became known after a position was recorded, by default after now. Raises PositionAhead."""
        before = await self._standing()
        place = _Place((before.clock if after is None else await self._recorded_at(after)) + _MICROSECOND)
        for change in await self._corrections_since(after, before):
            yield change
        async for _ in self.api.watch.ticks():
            now = await self._standing()
            for change in self._corrections(before, now):
                yield change
            before = now
            while page := await self._page(place, now.clock):
                for change in page:
                    yield change
                place = _behind(page[-1])
            place = max(place, _Place(now.clock + _MICROSECOND))

    async def _standing(self) -> _Standing:
        row = await fetch(self.api, _SQL["standing"].encode(), {"customer": self.followed.customer})
        if row is None:
            raise NoReadModels
        name, position, clock, tracks = row
        return _Standing(name, position, clock or _BEGINNING, tracks)

    async def _recorded_at(self, position: int) -> datetime:
        head = self.api.watch.positions.head
        if position > head:
            await self.api.watch.look()
            head = self.api.watch.positions.head
        if position > head:
            raise PositionAhead(position=position, head=head)
        (found,) = await fetch(self.api, _SQL["recorded_at"].encode(), {"position": position})
        return found or _BEGINNING

    async def _page(self, place: _Place, clock: datetime) -> list[Change]:
        values = {**place._asdict(), **vars(self.followed), "clock": clock, "limit": _PAGE}
        rows = await fetch_all(self.api, _statement(self.followed), values)
        return [Change._make((*row, await self._before(row[4]))) for row in rows]

    async def _before(self, known_at: datetime) -> int:
        """The newest position recorded before a moment."""
        if self._resume[0] != known_at:
            (position,) = await fetch(self.api, _SQL["position_before"].encode(), {"time": known_at})
            self._resume = known_at, position
        return self._resume[1]

    async def _corrections_since(self, after: int | None, now: _Standing) -> list[Change]:
        """For who was away: the racetracks that were read by another version at that position."""
        if after is None or self.api.racetracks is None:
            return []
        were = await self.api.racetracks.active_at(after)
        then = _Standing("", after, now.clock, {name: [version, None] for name, version in were.items()})
        # What became known in between is still to come, so whoever is lost here asks again after the same position.
        return [one._replace(resume=after) for one in self._corrections(then, now) if one.racetrack in were]

    def _corrections(self, before: _Standing, now: _Standing) -> list[Change]:
        """The racetracks that are read by another version than before; of a customer, if it changes the stays."""
        if before.generation == now.generation:
            return []
        none = [None, None]
        return [
            Change("CORRECTED", self.followed.customer, name, version, now.clock, 0, 0, 0, now.position)
            for name, (version, digest) in now.tracks.items()
            if self.followed.racetrack in (None, name)
            and before.tracks.get(name, none)[0] != version
            and (self.followed.customer is None or before.tracks.get(name, none)[1] != digest)
        ]


def _behind(change: Change) -> _Place:
    revision, move = (change.n, 0) if change.kind == "REVISED" else (_LAST, change.n)
    return _Place(change.known_at, change.customer or "", change.racetrack, revision, move)


def _statement(followed: Followed) -> bytes:
    moves, revisions = ["true"], ["true"]
    for name, column in (("customer", "customer_id"), ("racetrack", "racetrack")):
        if getattr(followed, name) is not None:
            moves.append(f"m.{column} = %({name})s::text")
            revisions.append(f"v.{column} = %({name})s::text")
    if followed.stages is not None:
        moves.append("m.to_stage = ANY (%(stages)s::text[])")
        revisions.append("(v.before_stages || v.after_stages) && %(stages)s::text[]")
    return _SQL["changes"].format(moves=" AND ".join(moves), revisions=" AND ".join(revisions)).encode()
