"""Look-through of what conditions, overlays and features name: event types, attributes, and the values that they can
have."""

from collections.abc import Iterable, Iterator, Mapping

from raceline.domain.catalogue import Catalogue
from raceline.domain.condition import Condition, Filter, matching_types
from raceline.domain.event_type import EventType
from raceline.domain.feature import Feature
from raceline.domain.racetrack import Overlay, Racetrack
from raceline.domain.racetrack_finding import Finding, Place
from raceline.domain.racetrack_logic import Term
from raceline.domain.racetrack_where import never, several
from raceline.domain.yaml_file import nearest


def wrong_names(terms: Iterable[Term], catalogue: Catalogue) -> Iterator[Finding]:
    """Types and attributes that the catalogue does not have, and values that its attributes never have."""
    for term in terms:
        for one in term.walk():
            if one.kind in ("count", "none"):
                place = (*one.place, "none") if one.kind == "none" else one.place
                yield from _Named(place, one.condition, catalogue).findings()


def wrong_overlays(racetrack: Racetrack, catalogue: Catalogue) -> Iterator[Finding]:
    """What overlays name that the catalogue does not have, and overlays that are called alike."""
    yield from _wrong("overlays", racetrack.overlays, catalogue)


def wrong_features(racetrack: Racetrack, catalogue: Catalogue) -> Iterator[Finding]:
    """What features name that the catalogue does not have, and features that are called alike."""
    yield from _wrong("features", racetrack.features, catalogue)


def _wrong(part: str, named: Mapping[str, Overlay] | Mapping[str, Feature], catalogue: Catalogue) -> Iterator[Finding]:
    titles: dict[str, str] = {}
    for name, one in named.items():
        yield from _Named((part, name), one, catalogue).findings()
        title = " ".join(one.title.casefold().split())
        if title in titles:
            detail = f"`{titles[title]}` has the title `{one.title}` as well"
            yield Finding((part, name, "title"), detail, f"give each {part[:-1]} its own title", "warning")
        titles.setdefault(title, name)


class _Named:
    """What a condition about events, an overlay or a feature names; with the types that it is about."""

    def __init__(self, place: Place, about: Condition | Overlay | Feature, catalogue: Catalogue) -> None:
        self.place = place
        self.about = about
        self.catalogue = catalogue
        found = matching_types(about.events, catalogue.types)
        self.types = [catalogue.types[name] for name in found if name in catalogue.types]

    def findings(self) -> Iterator[Finding]:
        unknown = list(self._unknown_types())
        yield from unknown
        if unknown:
            return
        for attribute in self.about.filters:
            place = (*self.place, "where", attribute)
            missing = list(self._unknown_attribute(attribute, place))
            yield from missing or self._impossible(attribute, place)
        for key, attribute in _amounts(self.about):
            yield from self._amount(key, attribute)

    def _unknown_types(self) -> Iterator[Finding]:
        none = self.about.none if isinstance(self.about, Condition) else None
        single = none.event if none else self.about.event
        for n, name in enumerate(self.about.events):
            if name in self.catalogue.types or (name.endswith(".*") and matching_types([name], self.catalogue.types)):
                continue
            place = (*self.place, "event") if isinstance(single, str) else (*self.place, "event", n)
            families = {f"{one.family}.*" for one in self.catalogue.types.values()}
            what = "no type of the catalogue is in the family" if name.endswith("*") else "there is no event type"
            near = nearest(name, sorted(families) if name.endswith("*") else self.catalogue.types)
            cure = f"did you mean `{near}`?" if near else "name a type of the catalogue, or add this one to it"
            yield Finding(place, f"{what} `{name}`", cure)

    def _unknown_attribute(self, attribute: str, place: Place) -> Iterator[Finding]:
        # Of a family as well: a type without the attribute would silently never count, or always.
        for one in [one for one in self.types if attribute not in one.attributes][:1]:
            yield Finding(place, f"`{attribute}` is no attribute of {one.name}", self._attribute_cure(attribute, one))

    def _attribute_cure(self, attribute: str, one: EventType) -> str:
        renamed = _newest_name(attribute, one)
        if renamed is not None:
            return f"it is called `{renamed}` in the newest version"
        if any(attribute in other.attributes for other in self.types):
            return f"leave {one.name} out, or give it {_A[type(self.about)]} of its own"
        if near := nearest(attribute, one.attributes):
            return f"did you mean `{near}`?"
        known = ", ".join(f"`{name}`" for name in one.attributes)
        return f"it has {known}" if known else "it has none"

    def _impossible(self, attribute: str, place: Place) -> Iterator[Finding]:
        """What no type can have is an error at each value; a list is one of several, so each value counts alone."""
        wanted = self.about.filters[attribute]
        values = (wanted,) if isinstance(wanted, Filter) else several(wanted)
        for n, value in enumerate(values):
            reasons = [never(one.attributes[attribute], value) for one in self.types]
            if reasons[0] is not None and all(reasons):
                yield Finding((*place, n) if isinstance(wanted, tuple) else place, *reasons[0])

    def _by_value(self, key: str) -> bool:
        """Different values are counted, so they need not be numbers."""
        return key == "distinct" or (isinstance(self.about, Feature) and self.about.aggregate == "distinct")

    def _amount(self, key: str, attribute: str) -> Iterator[Finding]:
        place = (*self.place, key, "attribute") if isinstance(self.about, Condition) else (*self.place, key)
        missing = list(self._unknown_attribute(attribute, place))
        yield from missing
        numbers = ("integer", "number", "boolean") if isinstance(self.about, Feature) else ("integer", "number")
        for one in [] if missing or self._by_value(key) else self.types:
            if (kind := one.attributes[attribute].type) not in numbers:
                numeric = [name for name, other in one.attributes.items() if other.type in numbers]
                cure = f"its numbers are {', '.join(numeric)}" if numeric else "count the events, or their values"
                yield Finding(place, f"`{attribute}` of {one.name} is of type {kind}, and no number", cure)
                return


# What each is called in a cure.
_A: dict[type, str] = {Condition: "a condition", Overlay: "an overlay", Feature: "a feature"}


def _amounts(about: Condition | Overlay | Feature) -> Iterator[tuple[str, str]]:
    """The attributes that are counted by value, added up or averaged, with the key that says so."""
    if isinstance(about, Overlay):
        if about.attribute is not None:
            yield about.aggregate, about.attribute
        return
    if isinstance(about, Feature):
        if about.attribute is not None:
            yield "attribute", about.attribute
        return
    for key, amount in (("distinct", about.distinct), ("sum", about.sum)):
        if amount is not None:
            yield key, amount.attribute


def _newest_name(attribute: str, one: EventType) -> str | None:
    """What an attribute of an old version is called now; None when it is no such attribute."""
    for first in sorted(one.upcasts):
        name: str | None = attribute
        for old in range(first, one.version):
            name = name and one.upcasts[old].later_name(name)
        if name != attribute and name in one.attributes:
            return name
    return None
