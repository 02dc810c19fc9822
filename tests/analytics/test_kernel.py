"""What every kernel has in common."""

import inspect
import shutil
import subprocess
import sys

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


def test_cached_code_is_of_these_sources_because_a_kernel_keeps_the_code_of_the_parts_it_calls(tmp_path):
    """A changed part beside an unchanged kernel: numba alone would go on with what it compiled before."""
    package = tmp_path / "kernels"
    package.mkdir()
    shutil.copy(inspect.getfile(kernel), package / "kernel.py")
    part = "from kernels.kernel import part\n\n@part\ndef amount():\n    return {}\n"
    whole = "from kernels.kernel import kernel\nfrom kernels.one import amount\n\n"
    whole += "@kernel\ndef ask():\n    return amount()\n"
    (package / "two.py").write_text(whole)
    asked = []
    for answer in (1, 2):
        (package / "one.py").write_text(part.format(answer))
        command = [sys.executable, "-c", "from kernels.two import ask; print(ask())"]
        asked.append(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip())
    assert asked == ["1", "2"]
