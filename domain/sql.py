"""Named statements from the .sql files that stand beside the Python that uses them."""

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def statements(package: str, file: str) -> dict[str, LiteralString]:
    """The statements of one .sql file by name; each begins with a line `-- name: the_name`.

    They are literal strings: no value of a request is ever part of them.
    """
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return {name: cast(LiteralString, body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)}
