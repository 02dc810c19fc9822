"""What the API answers about the days of the fortnight, and how it is compared with what was written down by hand."""

from datetime import date

import pytest
from fortnight import feeling
from fortnight_table import FIRST, LAST

NAMED = "case { caseId customer { guid } }"
COUNTED = f"cases(first: 5) {{ nodes {{ {NAMED} severity problem cause }} }}"
BUCKETS = f"{{ buckets {{ value count {COUNTED} }} leftOutValues leftOutCases }}"
METRICS = f"""{{ count sentiment {{ cases mean minimum maximum negative neutral positive }} surveys {{ count mean }}
    severities {BUCKETS} causes(first: 5) {BUCKETS} problems(first: 5) {BUCKETS} {COUNTED} }}"""


def days(service, fields, first=FIRST, last=LAST, more=""):
    """What the API says of each stage and day."""
    span = f'from: "2025-03-{first:02}", to: "2025-03-{last:02}"{more}'
    found = service.ask(f"{{ stageDays({span}) {{ stage day {fields} }} }}")["stageDays"]
    return {(one.pop("stage"), date.fromisoformat(one.pop("day")).day): one for one in found}


def whole(service, *span, more=""):
    """All that it says, in one request for each side: together they would cost more than a server allows."""
    opened = days(service, f"customers entered left open {METRICS}", *span, more=more)
    closed = days(service, f"closed {METRICS}", *span, more=more)
    return {key: opened[key] | one for key, one in closed.items()}


def mood(side):
    """The sentiment of a side as the API gives it: the mean of the cases, and the shares by how many the table says."""
    scored = [feeling(one.texts) for one in side.entries if one.texts]
    if not scored:
        return None
    figures = {"mean": sum(scored) / len(scored), "minimum": min(scored), "maximum": max(scored)}
    shares = zip(("negative", "neutral", "positive"), side.tones, strict=True)
    figures |= {name: cases / len(scored) for name, cases in shares}
    return {"cases": sum(side.tones)} | {name: pytest.approx(figure) for name, figure in figures.items()}


def listed(entries):
    """By customer, as the API lists them."""
    return sorted(one[:5] for one in entries)


def cases(connection):
    return [(*named(one), one["severity"], one["problem"], one["cause"]) for one in connection["nodes"]]


def named(one):
    return one["case"]["customer"]["guid"], one["case"]["caseId"]


def buckets(found):
    assert (found["leftOutValues"], found["leftOutCases"]) == (0, 0)
    return [(one["value"], one["count"], cases(one["cases"])) for one in found["buckets"]]


def by(side, name, order):
    """The entries of a side by one of their attributes."""
    them = {value: [one for one in side.entries if getattr(one, name) == value] for value in order}
    return [(value, len(entries), listed(entries)) for value, entries in them.items() if entries]


def compare(found, side, where):
    """A side is as written down, and behind each figure there are the cases that it counts, and no others."""
    assert found["count"] == len(side.entries), where
    assert found["sentiment"] == mood(side), where
    mean = sum(side.surveys) / len(side.surveys) if side.surveys else None
    assert found["surveys"] == {"count": len(side.surveys), "mean": mean}, where
    assert buckets(found["severities"]) == by(side, "severity", ["1", "2", "3", "4", "5", None]), where
    for name, values in (("cause", found["causes"]), ("problem", found["problems"])):
        expected = by(side, name, {getattr(one, name) for one in side.entries})
        assert sorted(buckets(values), key=str) == sorted(expected, key=str), where
    assert cases(found["cases"]) == listed(side.entries), where


def compare_table(found, table):
    assert found.keys() == table.keys()
    here = {key: (one["customers"], one["entered"], one["left"]) for key, one in found.items()}
    assert here == {key: row.customers for key, row in table.items()}
    for key, row in table.items():
        compare(found[key]["open"], row.open, (*key, "open"))
        compare(found[key]["closed"], row.closed, (*key, "closed"))
