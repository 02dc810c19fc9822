"""What was counted once and may be asked for again, kept as long as it fits."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from threading import Lock
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Column: TypeAlias = NDArray[Any] | pa.Array
T = TypeVar("T")

_OBJECT = 200  # bytes of an array beside its values, about
_ALWAYS = 2  # the last one, and what it was made from


class _Entry(NamedTuple):
    value: Any
    size: int


class Made:
    """Values by keys; those that were asked for last are kept, as many as fit; safe to share between threads.

    most: bytes of all together, None to keep everything; the last two are kept, however large. shared: by identity,
    columns that others hold anyway. after: called when something was made.
    """

    def __init__(
        self, most: int | None, shared: frozenset[int] = frozenset(), after: Callable[[], None] = lambda: None
    ) -> None:
        self._most, self._shared, self._after = most, shared, after
        self._found: dict[object, _Entry] = {}  # the one that was asked for last stands last
        self._making: defaultdict[object, Lock] = defaultdict(Lock)
        self._lock = Lock()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return self._size

    def once(self, key: object, make: Callable[[], T], is_good: Callable[[T], bool] = lambda _: True) -> T:
        """What was made under this key before, is kept and still good, or is made now; whoever asks meanwhile waits."""
        if (known := self._known(key, is_good)) is not None:
            return cast("T", known.value)
        with self._lock:
            making = self._making[key]
        with making:
            if (known := self._known(key, is_good)) is not None:
                return cast("T", known.value)
            try:
                value = make()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        self._after()
        return value

    def _known(self, key: object, is_good: Callable[[T], bool]) -> _Entry | None:
        with self._lock:
            found = self._found.get(key)
            if found is None or not is_good(found.value):
                return None
            self._found[key] = self._found.pop(key)
            return found

    def _keep(self, key: object, value: object) -> None:
        size = _OBJECT + sum(column.nbytes + _OBJECT for column in columns_in(value) if id(column) not in self._shared)
        with self._lock:
            self._drop(key)
            self._found[key] = _Entry(value, size)
            self._size += size
            while self._most is not None and self._size > self._most and len(self._found) > _ALWAYS:
                self._drop(next(iter(self._found)))

    def _drop(self, key: object) -> None:
        if (found := self._found.pop(key, None)) is not None:
            self._size -= found.size


def columns_in(value: object) -> Iterator[Column]:
    """The arrays that a value is made of."""
    if isinstance(value, np.ndarray | pa.Array):
        yield value
        return
    parts: Any = ()
    if isinstance(value, tuple | list):
        parts = value
    elif isinstance(value, Mapping):
        parts = value.values()
    elif is_dataclass(value):
        parts = [getattr(value, field.name) for field in fields(value)]
    for part in parts:
        yield from columns_in(part)
