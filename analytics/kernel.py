"""The one place that decorates: what every compiled kernel of raceline has in common."""

from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a function of arrays at its first call; it then runs without the interpreter's lock.

    The machine code is cached beside the source, or in the user's cache directory. Where neither can be written (a
    read-only container) it is compiled again in each process instead. The plain function stays at `.py_func`.
    """
    return _compiled(function)


def part(function: F) -> F:
    """Compile a function that only kernels call, and that makes no arrays; calling it from Python ends the process.

    Without the ways in from Python, and without counting who holds which array, it takes a third of the time.
    """
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


def inner(function: F) -> F:
    """As a part, for what is asked at each event: it becomes part of the code that calls it, and the call is free."""
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, forceinline=True)


def _compiled(function: F, **options: Any) -> F:
    try:
        compiled = numba.njit(function, cache=True, nogil=True, **options)
    except RuntimeError:  # numba says so when it finds no directory for its cache
        return cast("F", numba.njit(function, nogil=True, **options))
    _stamp(compiled)
    return cast("F", compiled)


def _stamp(compiled: Any) -> None:
    """Let cached code go as soon as any kernel changes.

    numba looks at the file of the function only, and a kernel keeps the code of the parts that it calls: after an
    update it would go on with parts of the old version.
    """
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if file is not None:  # not where kernels run as plain Python
        file._source_stamp = (file._source_stamp, _sources())


@cache
def _sources() -> str:
    """A digest of every source file beside this one."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return blake2b(b"\0".join(file.read_bytes() for file in files), digest_size=16).hexdigest()
