"""Definitions of racetracks as people name them: a file, or one that comes with raceline; and what is wrong there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from raceline.app.terminal import say, show, show_json
from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import InputNotFound, InvalidRacetrack
from raceline.domain.racetrack import Racetrack
from raceline.domain.racetrack_check import check_text
from raceline.domain.racetrack_file import canonical, content_hash, parse, presets
from raceline.domain.racetrack_finding import Finding
from raceline.domain.racetrack_registry import Version
from raceline.domain.yaml_file import nearest


@dataclass(frozen=True)
class Definition:
    """A definition that can be read. name: of the file or the preset; text: its YAML."""

    name: str
    text: str
    racetrack: Racetrack
    findings: tuple[Finding, ...]

    def as_version(self, number: int) -> Version:
        """The version that it would be: its position is 0, and nobody published it."""
        race = self.racetrack
        return Version(
            name=race.name,
            version=number,
            hash=content_hash(race),
            canonical=canonical(race).decode(),
            text=self.text,
            by="",
            position=0,
            recorded_at=datetime.now(UTC),
        )

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What it cannot be published with."""
        return tuple(one for one in self.findings if one.severity == "error")


def read_definition(given: str, catalogue: Catalogue) -> Definition:
    """The definition in a file, or the preset of this name. Raises InputNotFound; InvalidRacetrack when unreadable."""
    text = _text(given)
    racetrack, findings = check_text(text, catalogue, given)
    return Definition(given, text, racetrack, findings)


def read_preset(name: str) -> Definition | None:
    """The preset of this name, whatever files are here; None when there is none. It is not looked through."""
    path = presets().get(name)
    if path is None:
        return None
    text = path.read_text(encoding="utf-8")
    return Definition(name, text, parse(text, str(path)), ())


def is_definition(given: str) -> bool:
    """Whether there is such a file or preset."""
    return Path(given).exists() or given in presets()


def _text(given: str) -> str:
    path = Path(given)
    if not path.exists():
        known = presets()
        if given not in known:
            near = nearest(given, known)
            hint = f"did you mean the preset `{near}`?" if near else f"presets are: {', '.join(known)}"
            raise InputNotFound(f"{given}: there is neither such a file nor such a preset; {hint}")
        path = known[given]
    try:
        # Once: it may be a pipe.
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise InputNotFound(f"{given}: {error.strerror}") from error
    except UnicodeDecodeError as refused:
        line = content.count(b"\n", 0, refused.start) + 1
        column = refused.start - content.rfind(b"\n", 0, refused.start)
        detail = f"{given}:{line}:{column}: byte {content[refused.start]:#04x} is not UTF-8"
        raise InvalidRacetrack(detail, file=given, line=line, column=column) from None


def unreadable(error: InvalidRacetrack, given: str) -> Finding:
    """Why a definition cannot be read, as a finding like the others."""
    line, column = error.facts.get("line"), error.facts.get("column")
    return Finding((), error.detail.removeprefix(f"{given}:{line}:{column}: "), "", "error", line, column)


def show_findings(name: str, findings: tuple[Finding, ...], *, json: bool = False) -> None:
    """Print findings as the data of a command: a line with the place and what is wrong, and the cure below it."""
    for one in findings:
        if json:
            show_json({"file": name, **_facts(one)})
        else:
            show(_as_text(name, one))


def say_findings(name: str, findings: tuple[Finding, ...]) -> None:
    """Tell findings to the person at the terminal."""
    for one in findings:
        say(_as_text(name, one))


def count(findings: tuple[Finding, ...]) -> str:
    """`1 error, 2 warnings`; `no findings`."""
    counts = [(sum(one.severity == word for one in findings), word) for word in ("error", "warning")]
    return ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in counts if n) or "no findings"


def _facts(one: Finding) -> dict[str, Any]:
    place = {"line": one.line, "column": one.column, "place": list(one.place)}
    return place | {"severity": one.severity, "detail": one.detail, "cure": one.cure}


def _as_text(name: str, one: Finding) -> str:
    where = ":".join(str(part) for part in (name, one.line, one.column) if part is not None)
    what = f"{'.'.join(map(str, one.place))}: {one.detail}" if one.place else one.detail
    return f"{where}: {one.severity}: {what}" + (f"\n    {one.cure}" if one.cure else "")
