"""The one place that decorates: what every compiled kernel of raceline has in common."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a function of arrays at its first call; it then runs without the interpreter's lock.

    The machine code is cached beside the source, or in the user's cache directory. Where neither can be written (a
    read-only container) it is compiled again in each process instead. The plain function stays at `.py_func`.
    """
    try:
        return cast("F", numba.njit(function, cache=True, nogil=True))
    except RuntimeError:  # numba says so when it finds no directory for its cache
        return cast("F", numba.njit(function, nogil=True))
