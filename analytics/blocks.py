"""Work on long arrays in blocks, one for each core; kernels run without the interpreter's lock, so threads are enough.

Threads of Python rather than numba's own: those may be called from one thread at a time only (its portable layer ends
the process otherwise), and a server asks from many.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Block: TypeAlias = tuple[int, int]  # from the first up to, not including, the second
Answer = TypeVar("Answer")

LEAST = 1 << 17  # of elements: below, starting a thread costs more than it saves
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ways(size: int) -> int:
    """How many blocks `size` elements are worth."""
    return max(1, min(CORES, size // LEAST))


def even_blocks(size: int) -> list[Block]:
    """The range 0 .. size in blocks of about one length."""
    return _pairs(np.linspace(0, size, ways(size) + 1).astype(np.int64))


def balanced_blocks(start: NDArray[np.int64], each: int = 1) -> list[Block]:
    """Groups in blocks of about as many elements; start: (g + 1,) offsets of the groups; `each` blocks for a core."""
    total = int(start[-1] - start[0])
    count = ways(total) * each if ways(total) > 1 else 1
    # Of the type of `start`, which would be converted otherwise, all of it.
    wanted = start[0] + np.linspace(0, total, count + 1).astype(np.int64)
    return _pairs(np.append(np.searchsorted(start, wanted[:-1]), len(start) - 1))


def side_by_side(work: Callable[..., Answer], blocks: Sequence[tuple[int, ...]]) -> list[Answer]:
    """What `work(*block)` gives for each block, in order. Raises what it raises."""
    if len(blocks) < 2:
        return [work(*block) for block in blocks]
    with ThreadPoolExecutor(min(CORES, len(blocks))) as pool:
        return list(pool.map(lambda block: work(*block), blocks))


def _pairs(borders: NDArray[np.int64]) -> list[Block]:
    found = np.unique(borders).tolist()
    return list(pairwise(found)) or [(found[0], found[0])]
