"""What is wrong with a definition: the place, what is wrong there, and the cure."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One complaint. place: the keys that lead there from the root of the definition, as in the file.

    An error is refused when the definition is published; a warning is where something is probably not meant. line
    and column, from 1, are known when the definition was read from YAML.
    """

    place: Place
    detail: str
    cure: str
    severity: Severity = "error"
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        line = "" if self.line is None else f"{self.line}:{self.column}: "
        return f"{line}{'.'.join(map(str, self.place))}: {self.detail}; {self.cure}"
