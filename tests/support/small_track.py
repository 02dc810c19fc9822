"""Racetracks of three stages, and what is found wrong with them."""

import yaml

from raceline.domain import catalogue
from raceline.domain.racetrack_check import check
from raceline.domain.racetrack_file import parse

CATALOGUE = catalogue.load()


def track(rules, **rest):
    """A racetrack of three stages. rules: by name, `stage`, `when` and perhaps `from`, as YAML."""
    stages = rest.pop("stages", {"a": {"title": "A"}, "b": {"title": "B"}, "c": {"title": "C"}})
    made = {"name": "track", "title": "Track", "stages": stages, "rules": {}}
    for key, turns in (("rules", rules), ("exits", rest.pop("exits", {}))):
        made[key] = {name: {"title": name} | yaml.safe_load(f"{{{turn}}}") for name, turn in turns.items()}
    return parse(yaml.safe_dump(made | rest, sort_keys=False))


def complaints(racetrack, types=CATALOGUE):
    return [(".".join(map(str, one.place)), one.detail, one.cure, one.severity) for one in check(racetrack, types)]


def only(racetrack, types=CATALOGUE):
    found = complaints(racetrack, types)
    assert len(found) == 1, found
    return found[0]


# The three stages, each with a rule of its own that says nothing of the others.
TO_A = "stage: a, when: {event: web.page_viewed}"
TO_B = "stage: b, when: {event: install_base.item_booked}"
TO_C = "stage: c, when: {event: install_base.contract_renewed}"
SOUND = {"to_a": TO_A, "to_b": TO_B, "to_c": TO_C}
