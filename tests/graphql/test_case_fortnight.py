"""A fortnight of support cases: each figure of each stage and day as written down by hand, and the cases behind it."""

from collections import Counter
from contextlib import closing

import pytest
from fortnight import CUSTOMERS, DEFINITION, WAYS, feeling, late, life, scores, sentiment, tell
from fortnight_answers import NAMED, compare_table, days, listed, named, whole
from fortnight_table import (
    BEFORE,
    CLOSINGS,
    CONTENT,
    FIRST,
    LAST,
    LIVES,
    NORTH,
    OPEN,
    OVERLAYS,
    PAGES,
    STAGES,
    TABLE,
    TONE,
    Row,
    Side,
    rows,
    spells,
)
from journeys import House

from raceline.analytics.sentiment import NO_SCORE
from raceline.domain.catalogue import load
from raceline.domain.racetrack_check import check_text

DAYS = range(FIRST, LAST + 1)
GRID = [(stage, day) for stage in STAGES for day in DAYS]
HAND = rows(TABLE)
SPELLS = {"open": list(spells(OPEN)), "closed": list(spells(CLOSINGS))}


@pytest.fixture(scope="module", params=WAYS)
def told(request, databases, serve):
    """A service that knows the fortnight."""
    with databases() as url, closing(House(url)) as house, serve(house) as service:
        tell(service, request.param)
        yield service


def test_there_is_nothing_to_complain_about_in_the_definition():
    assert check_text(DEFINITION, load())[1] == ()


def test_the_texts_sound_as_the_table_says():
    assert scores()["g"] == NO_SCORE
    tones = {texts: sentiment(texts) for texts in TONE if texts}
    assert {texts: "-" if tone <= -500 else "+" if tone >= 500 else "0" for texts, tone in tones.items()} == {
        texts: tone for texts, tone in TONE.items() if texts
    }


def test_the_tables_made_by_hand_agree_with_each_other():
    letters = dict(zip("npu-", STAGES, strict=True))
    for (stage, day), row in HAND.items():
        here, entered, left = row.customers
        before = HAND[stage, day - 1].customers[0] if day > FIRST else int(stage == "need")  # Bob was there
        assert here == before + entered - left, (stage, day)
        for name, side in (("open", row.open), ("closed", row.closed)):
            assert listed(side.entries) == listed(one.entry for one in lasting(name, stage, day)), (stage, day)
            assert side.tones == tuple(sum(TONE[one.texts] == tone for one in side.entries) for tone in "-0+")
        alive = [case for case, days_of in LIVES.items() if letters.get(days_of[day - FIRST], "closed") == stage]
        assert [one[:2] for one in listed(row.open.entries)] == [(CUSTOMERS[case[0]], case[1]) for case in alive]


def lasting(side, stage, day):
    """The spells that count in a stage on a day, by customer."""
    return [one for one in SPELLS[side] if one.stage == stage and one.begin <= day < (one.end or LAST + 1)]


def test_every_stage_has_a_row_for_every_day_in_order_and_that_of_no_stage_comes_last(told):
    assert list(days(told, "racetrack")) == GRID


def test_the_whole_table_is_as_written_down_and_every_figure_leads_to_its_cases(told):
    compare_table(whole(told), HAND)


def test_how_a_line_of_the_table_is_meant(told):
    values = "{ buckets { value count } leftOutValues leftOutCases }"
    fields = "count sentiment { cases mean minimum maximum negative neutral positive } surveys { count mean }"
    fields += f" severities {values} causes {values} problems {values}"
    found = days(told, f"customers entered left open {{ {fields} }} closed {{ {fields} }}", 9, 11)

    def value(name, count):
        return {"value": name, "count": count}

    def listing(*values):
        return {"buckets": list(values), "leftOutValues": 0, "leftOutCases": 0}

    # a1/2PC/cf b2/1P./h d1/.../
    assert found["use", 11] | {"closed": None} == {
        "customers": 3,
        "entered": 1,
        "left": 0,
        "open": {
            "count": 3,
            "sentiment": {
                "cases": 2,
                "mean": pytest.approx((feeling("cf") + feeling("h")) / 2),
                "minimum": feeling("cf"),
                "maximum": feeling("h"),
                "negative": 0.5,
                "neutral": 0,
                "positive": 0.5,
            },
            "surveys": {"count": 0, "mean": None},
            "severities": listing(value("1", 1), value("2", 1), value(None, 1)),
            "causes": listing(value(None, 2), value("COMM-7", 1)),
            "problems": listing(value("power", 2), value(None, 1)),
        },
        "closed": None,
    }
    # b1/3LS/nf, and surveys of 2 and 8
    assert found["use", 9]["closed"] == {
        "count": 1,
        "sentiment": {
            "cases": 1,
            **dict.fromkeys(["mean", "minimum", "maximum"], feeling("nf")),
            "negative": 1,
            "neutral": 0,
            "positive": 0,
        },
        "surveys": {"count": 2, "mean": 5},
        "severities": listing(value("3", 1)),
        "causes": listing(value("SW-3", 1)),
        "problems": listing(value("licence", 1)),
    }
    nothing = {"count": 0, "sentiment": None, "surveys": {"count": 0, "mean": None}}
    assert found["use", 9]["open"] == nothing | dict.fromkeys(["severities", "causes", "problems"], listing())


def test_a_late_closing_corrects_the_days_since(databases, serve):
    with databases() as url, closing(House(url)) as house, serve(house) as service:
        house.activate(DEFINITION)
        service.take(life())
        compare_table(whole(service), HAND | rows(BEFORE))
        service.take(late())
        compare_table(whole(service), HAND)


def test_some_of_the_days_and_of_the_stages_are_that_part_of_the_table(told):
    part = {key: HAND[key] for key in GRID if key[0] in ("need", "use") and 8 <= key[1] <= 10}
    compare_table(whole(told, 8, 10, more=', stages: ["need", "use"]'), part)


def test_the_days_before_the_fortnight_know_nothing_of_it(told):
    found = days(told, "customers entered left open { count } closed { count }", 1, 2)
    bob = {("need", 2): (1, 1, 0), (None, 2): (0, 1, 1)}
    for key, one in found.items():
        assert (one["customers"], one["entered"], one["left"]) == bob.get(key, (0, 0, 0)), key
        assert (one["open"]["count"], one["closed"]["count"]) == (0, 0), key


def test_after_the_fortnight_what_is_open_stays_open(told):
    found = days(told, "customers open { count } closed { count }", 17, 31)
    for (stage, day), one in found.items():
        assert one["customers"] == HAND[stage, LAST].customers[0], (stage, day)
        assert one["open"]["count"] == int(stage == "use"), (stage, day)  # the second of Cat
        assert one["closed"]["count"] == int((stage, day) == ("need", 17)), (stage, day)  # the second of Eve


def test_the_stages_and_no_stage_add_up_to_all_cases_and_customers_on_every_day(told):
    found = days(told, "customers open { count } closed { count }")
    for day in DAYS:
        of_day = [found[stage, day] for stage in STAGES]
        assert sum(one["customers"] for one in of_day) == (4 if day < 6 else 5)  # Eve comes on the 6th
        assert sum(one["open"]["count"] for one in of_day) == sum(life[day - FIRST] != "." for life in LIVES.values())
        assert sum(one["closed"]["count"] for one in of_day) == sum(one.begin == day for one in SPELLS["closed"])


@pytest.mark.parametrize("side", ["open", "closed"])
def test_a_case_tells_since_when_it_counts_by_which_event_and_which_move_had_put_its_customer_there(told, side):
    fields = f"{NAMED} stage fromDay toDay sentiment event {{ eventId }} move {{ to trigger {{ eventId }} }}"
    found = days(told, f"{side} {{ cases {{ nodes {{ {fields} }} }} }}")
    for (stage, day), row in found.items():
        told_of = {
            named(one): (one["fromDay"], one["toDay"], one["sentiment"], one["event"]["eventId"], one["move"])
            for one in row[side]["cases"]["nodes"]
        }
        assert told_of == {
            one.entry[:2]: (
                f"2025-03-{one.begin:02}",
                one.end and f"2025-03-{one.end:02}",
                feeling(one.entry.texts),
                one.event,
                one.trigger and {"to": stage, "trigger": {"eventId": one.trigger}},
            )
            for one in lasting(side, stage, day)
        }, (stage, day)
        assert {one["stage"] for one in row[side]["cases"]["nodes"]} <= {stage}


def test_the_cases_of_a_day_can_be_narrowed_down_to_a_value(told):
    asked = f'cases(problem: "network") {{ nodes {{ {NAMED} }} }} '
    asked += f'both: cases(severity: "1", cause: "COMM-7") {{ nodes {{ {NAMED} }} }}'
    found = days(told, f"open {{ {asked} }}", 12, 12)[None, 12]["open"]
    assert [named(one) for one in found["cases"]["nodes"]] == [("eve", "1")]
    assert [named(one) for one in found["both"]["nodes"]] == [("eve", "2")]


def test_a_list_of_cases_goes_on_after_its_cursor(told):
    seen, after = [], ""
    while len(seen) < 3:
        asked = f"cases(first: 1{after}) {{ nodes {{ {NAMED} }} pageInfo {{ hasNextPage endCursor }} }}"
        page = days(told, f"open {{ {asked} }}", 8, 8)[None, 8]["open"]["cases"]
        seen += [named(one) for one in page["nodes"]]
        assert page["pageInfo"]["hasNextPage"] == (len(seen) < 3)
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
    assert seen == [("dan", "1"), ("dan", "2"), ("eve", "1")]


def test_the_most_frequent_values_come_first_and_a_list_says_what_it_leaves_out(told):
    asked = "open { causes(first: 1) { buckets { value count } leftOutValues leftOutCases } }"
    found = days(told, asked, 11, 11)["use", 11]["open"]["causes"]
    assert found == {"buckets": [{"value": None, "count": 2}], "leftOutValues": 1, "leftOutCases": 1}


def test_an_account_is_the_sum_over_its_customers(told):
    def mine(side):
        entries = [one for one in side.entries if one.customer in ("ann", "bob")]
        tones = Counter(TONE[one.texts] for one in entries)
        # The surveys of a day are all about one case.
        return Side(entries, tuple(tones[tone] for tone in "-0+"), side.surveys if entries else ())

    table = {key: Row(NORTH.get(key, (0, 0, 0)), mine(row.open), mine(row.closed)) for key, row in HAND.items()}
    compare_table(whole(told, more=', account: "north"'), table)


def test_what_was_viewed_counts_where_the_customer_was_at_that_moment(told):
    top = "{ pages { page views } leftOutPages leftOutViews }"
    found = days(told, f"pagesViewed contentViewed topPages(first: 1) {top} topContent {top}")
    for key, one in found.items():
        pages, content = PAGES.get(key, []), CONTENT.get(key, [])
        assert (one["pagesViewed"], one["contentViewed"]) == (sum(n for _, n in pages), sum(n for _, n in content)), key
        assert one["topPages"] == {
            "pages": [{"page": page, "views": views} for page, views in pages[:1]],
            "leftOutPages": len(pages[1:]),
            "leftOutViews": sum(views for _, views in pages[1:]),
        }, key
        shown = [{"page": page, "views": views} for page, views in content]
        assert one["topContent"] == {"pages": shown, "leftOutPages": 0, "leftOutViews": 0}, key


AGGREGATES = {"devices": "DISTINCT", "booked": "SUM", "pricing": "COUNT", "scores": "MEAN"}


def test_what_is_laid_over_the_stages_counts_where_the_customer_was_at_that_moment(told):
    found = days(told, "overlays { overlay aggregate value events }")
    for key, one in found.items():
        assert [list(overlay.values()) for overlay in one["overlays"]] == [
            [name, aggregate, *OVERLAYS[name].get(key, (None if aggregate == "MEAN" else 0, 0))]
            for name, aggregate in AGGREGATES.items()
        ], key


def test_of_an_account_only_its_own_customers_are_laid_over_the_stages(told):
    found = days(told, "overlays { overlay value events }", 8, 8, ', account: "north"')["use", 8]["overlays"]
    assert found[0] == {"overlay": "devices", "value": 1, "events": 2}  # the one device that Ann and Bob share
