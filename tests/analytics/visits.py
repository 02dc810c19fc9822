"""Random annotated paths of a few customers, and kernels in one block or in many."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st
from tests.analytics.arrays import end_to_end
from tests.analytics.walks import SECOND, walks

from raceline.analytics import blocks
from raceline.analytics.path_arrays import PathArrays, annotated

PAGES = 5


class Visit(NamedTuple):
    customer: int
    pages: list[int]
    at: list[int | None]  # None: nobody saw when
    resolved: bool = False


@st.composite
def visits(draw) -> list[Visit]:
    """Paths of a few customers, those of one as neighbours, and the customers in any order of their codes."""
    found = []
    for customer in draw(st.permutations([0, 2, 3, 7]))[: draw(st.integers(0, 4))]:
        for x in draw(st.lists(walks, min_size=1, max_size=4)):
            pauses = draw(st.lists(st.integers(0, 3), min_size=len(x), max_size=len(x)))
            at = np.cumsum([pause * SECOND // 2 for pause in pauses]).tolist()
            known = draw(st.lists(st.integers(0, 3), min_size=len(x), max_size=len(x)))
            times = [time if seen else None for time, seen in zip(at, known, strict=True)]
            found.append(Visit(customer, x, times, draw(st.booleans())))
    return found


def visit(customer: int, letters: str, *, resolved: bool = False) -> Visit:
    """A path of one page a second; A is page 0."""
    return Visit(customer, [ord(a) - ord("A") for a in letters], [SECOND * n for n in range(len(letters))], resolved)


def arrays_of(found: list[Visit], pages: int = PAGES) -> PathArrays:
    page, path_start, _ = end_to_end([one.pages for one in found])
    return annotated(
        path_start,
        page,
        np.array([at or 0 for one in found for at in one.at], np.int64),
        np.array([one.customer for one in found], np.int32),
        np.array([one.resolved for one in found], np.bool_),
        pages,
        np.array([at is not None for one in found for at in one.at], np.bool_),
    )


@contextmanager
def cores(count: int) -> Iterator[None]:
    """Work is cut into so many blocks, however little it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "LEAST", 1)
        patch.setattr(blocks, "CORES", count)
        yield


@contextmanager
def plain(*modules) -> Iterator[pytest.MonkeyPatch]:
    """The kernels of these modules as plain Python, whose whole numbers may run over as those of a processor do."""
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            for name, value in list(vars(module).items()):
                if hasattr(value, "py_func"):
                    patch.setattr(module, name, value.py_func)
        with np.errstate(over="ignore"):
            yield patch
