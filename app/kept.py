"""Answers for which many customers are derived: kept for a while, and made one at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")
InThread = Callable[..., Awaitable[Any]]
_SECONDS = 60  # an answer says at which position it is true
_BYTES = 2**28


class Wanted(NamedTuple, Generic[T]):
    """What an answer is known by, what makes it (in a thread), and whether one is too old for this question."""

    key: tuple[Any, ...]
    make: Callable[[], T]
    is_late: Callable[[T], bool] = lambda _: False


class Turn:
    """Only one answer is made at a time. Whoever waits for that holds no thread, so that others can go on."""

    def __init__(self, in_thread: InThread) -> None:
        self._in_thread, self._lock = in_thread, asyncio.Lock()

    async def __call__(self, find: Callable[[], T | None], make: Callable[[], T]) -> T:
        """What is found once it is our turn, or else is made."""
        async with self._lock:
            found = find()
            if found is not None:
                return found
            made: T = await self._in_thread(make)
            return made


class Kept(Generic[T]):
    """The newest answers of a kind: the last one, and as many before it as are small enough together.

    size: the bytes of an answer. Without it only the last one is kept.
    """

    def __init__(self, turn: Turn, size: Callable[[T], int] = lambda _: _BYTES) -> None:
        self._turn, self._size = turn, size
        self._known: dict[tuple[Any, ...], tuple[float, T]] = {}  # oldest first

    async def __call__(self, wanted: Wanted[T]) -> T:
        """The answer that is kept, or a new one. Raises what making it raises."""

        def make() -> T:
            made = wanted.make()
            self._keep(wanted.key, made)
            return made

        found = self._find(wanted)
        return await self._turn(lambda: self._find(wanted), make) if found is None else found

    def _find(self, wanted: Wanted[T]) -> T | None:
        until, found = self._known.get(wanted.key, (0.0, None))
        return None if found is None or monotonic() > until or wanted.is_late(found) else found

    def _keep(self, key: tuple[Any, ...], made: T) -> None:
        known = {old: one for old, one in self._known.items() if old != key and one[0] > monotonic()}
        known[key] = (monotonic() + _SECONDS, made)
        sizes = {old: self._size(one) for old, (_, one) in known.items()}
        while len(known) > 1 and sum(sizes.values()) > _BYTES:
            del sizes[(oldest := next(iter(known)))], known[oldest]
        self._known = known
