"""What pictures are drawn of, asked of the API in one snapshot."""

from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import version
from itertools import chain
from typing import NamedTuple

from raceline.app.asking import Ask
from raceline.app.export_days import asked_days
from raceline.app.plot_data import Curve, Picture, curve, picture
from raceline.app.stage_day_tables import Days, Row, Scale, as_reference
from raceline.domain.errors import NoReadModels
from raceline.domain.racetrack_registry import Version
from raceline.domain.racetracks import Racetracks

_STAGES = """
query($racetrack: RacetrackRef) {
  stages(racetrack: $racetrack) {
    racetrack version title n position
    lengthOfStay { stays open horizonDays median { days } curve { days survival lower upper } }
  }
}"""


class Lengths(NamedTuple):
    """How long stays last in each stage, and what is written around the curves."""

    curves: list[Curve]
    subtitle: str
    source: str


def days_picture(racetracks: Racetracks, ask: Ask, days: Days, done: Callable[[date], None]) -> Picture:
    """The figures of these days; `done` is called with the last day of each part. Raises as `day_batches` does."""
    parts = asked_days(racetracks, ask, days)
    first = next(parts)
    found = racetracks.registry().get(first[0]["racetrack"], first[0]["version"])
    scale = Scale(tuple(map(str, found.racetrack.severities)), tuple(found.racetrack.overlays))
    whose = "" if days.account is None else f", customers of {days.account}"
    subtitle = f"{_named(found)}{whose}, {days.first} to {days.last}"
    source = f"{true_at('stageDays', first[0]['position'])}; days of {found.racetrack.time_zone}"

    def told() -> Iterator[list[Row]]:
        for part in chain([first], parts):
            done(date.fromisoformat(part[-1]["day"]))
            yield part

    return picture(told(), scale, subtitle, source)


def lengths(racetracks: Racetracks, ask: Ask, racetrack: tuple[str, int | None] | None) -> Lengths:
    """The lengths of all stays under a version. Raises UnknownRacetrack, NotInForce, NoRacetrack, NoReadModels."""
    racetracks.registry().meant(*racetrack or (None,))
    stages = ask(_STAGES, racetrack=as_reference(racetrack))["stages"]
    if not stages:
        raise NoReadModels("The racetrack has just been activated.")
    found = racetracks.registry().get(stages[0]["racetrack"], stages[0]["version"])
    return Lengths(
        [curve(stage) for stage in stages], f"{_named(found)}, all stays", true_at("stages", stages[0]["position"])
    )


def _named(found: Version) -> str:
    return f"{found.racetrack.title} ({found.name}, version {found.version})"


def true_at(field: str, position: str | int) -> str:
    """What a picture says of where its figures are from."""
    return f"raceline {version('raceline')}, {field} at position {int(position):,} of the log"
