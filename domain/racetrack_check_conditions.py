"""Look-through of each condition by itself: what can never hold, whatever happens."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from raceline.domain.catalogue import Catalogue
from raceline.domain.event import DAY
from raceline.domain.racetrack_finding import Finding
from raceline.domain.racetrack_logic import Term, excludes
from raceline.domain.racetrack_text import says
from raceline.domain.racetrack_where import possible_values

_SHIFT = 7_200_000_000  # no clock change is longer than two hours, and it can bring one day more into a window


def contradictions(terms: Iterable[Term], catalogue: Catalogue, time_zone: str) -> Iterator[Finding]:
    """Conditions that never hold: too many days or values, and two that exclude each other."""
    for term in terms:
        for one in term.walk():
            if one.kind == "count":
                yield from _too_many_days(one, time_zone)
                yield from _too_many_values(one, catalogue)
            elif one.kind == "all":
                yield from _excluding(one)


def most_days(window: int, time_zone: str) -> int:
    """How many calendar days a window of so many microseconds can touch: its whole days, and one at each end."""
    longest = window if time_zone == "UTC" else window + _SHIFT
    return -(-longest // DAY) + 1


def _too_many_days(term: Term, time_zone: str) -> Iterator[Finding]:
    days, window = term.condition.distinct_days, term.condition.window
    if days is not None and window is not None and days > (most := most_days(window, time_zone)):
        yield Finding(
            (*term.place, "distinct_days"),
            f"a window of {term.condition.within} touches at most {most} days, and never {days}",
            "ask for fewer days, or widen `within`",
        )


def _too_many_values(term: Term, catalogue: Catalogue) -> Iterator[Finding]:
    if (distinct := term.condition.distinct) is None:
        return
    having = [catalogue.types[name].attributes for name in term.types if name in catalogue.types]
    attributes = [one[distinct.attribute] for one in having if distinct.attribute in one]
    counts = [possible_values(one, term.condition.where.get(distinct.attribute)) for one in attributes]
    known = [count for count in counts if count is not None]
    # Values of several types may be others, so at most all of them together.
    if counts and len(known) == len(counts) and sum(known) < distinct.at_least:
        yield Finding(
            (*term.place, "distinct", "at_least"),
            f"`{distinct.attribute}` has at most {sum(known)} different values, and never {distinct.at_least}",
            f"ask for at most {sum(known)}",
        )


def _excluding(term: Term) -> Iterator[Finding]:
    for one, other in combinations(term.children, 2):
        if excludes(one, other):
            yield Finding(
                other.place,
                f"never holds together with `{says(_telling(one).condition)}`, so this `all` never does",
                "leave one out, or join them by `any`",
            )
            return


def _telling(term: Term) -> Term:
    """The first condition about events in it, which says more than `not`, `all` or `any`."""
    return next(one for one in term.walk() if not one.children)
