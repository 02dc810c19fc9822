"""Between lists, in which tests and naive twins speak, and the arrays of the kernels."""

from itertools import pairwise

import numpy as np
from tests.analytics.naive import Event


def columns(events: list[Event]):
    """The arguments of build_paths, without the gap."""
    customer, at, page, source, resolved = zip(*events, strict=True) if events else ((),) * 5
    return (
        np.array(customer, np.int32),
        np.array(at, np.int64),
        np.array(page, np.int32),
        np.array(source, np.int32),
        np.array(resolved, np.bool_),
    )


def end_to_end(found: list[list[int]]):
    """Paths as lists of page codes -> page, path_start, pages: the arguments of annotate."""
    page = np.array([code for x in found for code in x], np.int32)
    return page, np.cumsum([0, *map(len, found)], dtype=np.int64), int(page.max(initial=-1)) + 1


def split(column, start):
    """One list for each path."""
    return [column[a:b].tolist() for a, b in pairwise(start)]


def rows(*arrays):
    """Parallel arrays -> a list of tuples."""
    return list(zip(*(array.tolist() for array in arrays), strict=True))
