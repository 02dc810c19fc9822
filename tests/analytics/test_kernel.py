"""What every kernel has in common."""

import numba
import numpy as np

from raceline.analytics.kernel import kernel


def total(numbers):
    found = 0
    for number in numbers:
        found += number
    return found


def test_a_kernel_keeps_its_plain_function_and_runs_without_the_lock():
    compiled = kernel(total)
    assert compiled.py_func is total
    assert compiled.targetoptions["nogil"]
    assert compiled(np.arange(4)) == total(np.arange(4)) == 6


def test_a_kernel_runs_where_nothing_can_be_written(monkeypatch):
    """numba refuses to cache when neither the source's nor the user's directory can be written."""
    compile_it = numba.njit

    def read_only(function, *, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function 'total': no locator available for file 'kernel.py'")
        return compile_it(function, **options)

    monkeypatch.setattr(numba, "njit", read_only)
    assert kernel(total)(np.arange(4)) == 6
