import csv
import json
from pathlib import Path

import pytest

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.errors import InvalidMapping
from raceline.domain.event import Event, Reject
from raceline.domain.formats import open_input

NOW = 1_800_000_000_000_000
UCI = Path(__file__).parents[2] / "bench" / "uci_incident.yaml"
BASE = "customer_id: who\noccurred_at: when\ntype: case.updated\n"
HEADER = "who,when,case,state,count,open\n"
ROW = "7,2018-01-12T13:44:51Z,9,New,3,yes\n"


@pytest.fixture
def taken(tmp_path):
    """What the one way in makes of these rows by this mapping."""

    def read(mapping: str, rows: str = ROW, *, header: str = HEADER, **options) -> list[Event | Reject]:
        path, given = tmp_path / "cases.csv", tmp_path / "mine.yaml"
        path.write_text(header + rows)
        given.write_text(mapping)
        check = Check(load())
        with open_input(path, mapping=given, **options) as opened:
            return [
                item if isinstance(item, Reject) else check(item.data, source=opened.source, place="", now=NOW)
                for batch in opened
                for item in batch
            ]

    return read


@pytest.fixture
def data(taken):
    """The data of an event that has this attribute `x`; the row's cell `state` may be given."""

    def read(attribute: str, state: str = "New", *, more: str = ""):
        (event,) = taken(f"{BASE}data: {{case_id: case, x: {attribute}}}\n{more}", ROW.replace("New", state))
        return json.loads(event.data) if isinstance(event, Event) else event

    return read


def test_a_row_becomes_an_event(taken):
    mapping = BASE + "sequence: count\naccount_id: open\nproduct: state\nevent_id: case\nsource: cases\n"
    (event,) = taken(mapping + "data: {case_id: case}\n")
    assert (event.customer_id, event.type, event.sequence, event.data) == ("7", "case.updated", 3, b'{"case_id":"9"}')
    assert (event.account_id, event.product, event.event_id, event.source) == ("yes", "New", "9", "cases")


@pytest.mark.parametrize(
    ("more", "options", "source"),
    [("", {}, "cases.csv"), ("source: cases\n", {}, "cases"), ("source: cases\n", {"source": "mine"}, "mine")],
    ids=["the file's name", "what the mapping says", "what was given"],
)
def test_the_source_of_all_rows_is(taken, more, options, source):
    assert taken(BASE + "data: {case_id: case}\n" + more, **options)[0].source == source


def test_several_columns_make_an_event_id(taken):
    (event,) = taken(BASE + "event_id: [case, count]\ndata: {case_id: case}\n")
    assert event.event_id == "9/3"


def test_an_event_id_needs_all_of_its_columns(taken):
    (reject,) = taken(BASE + "event_id: [case, count]\nmissing: ['9']\n")
    assert (reject.reason, reject.detail) == ("invalid_envelope", "event_id (column case, count): there is no value")


def test_without_a_sequence_it_is_the_line(taken):
    events = taken(BASE + "data: {case_id: case}\n", "\n" + ROW + "\n" + ROW)
    assert [event.sequence for event in events] == [3, 5]


def test_without_an_event_id_the_content_is_the_identity(taken):
    one, other, same = taken(BASE + "data: {case_id: case}\n", ROW + ROW.replace("9", "8") + ROW)
    assert one.uid == same.uid != other.uid


TIMES = {
    "seconds since 1970": ("epoch_seconds", "1515764691"),
    "milliseconds since 1970": ("epoch_milliseconds", "1515764691000"),
    "ISO 8601": ("iso", "2018-01-12 14:44:51"),
    "a format of strptime": ('"%d.%m.%Y %H:%M:%S"', "12.1.2018 14:44:51"),
}


@pytest.mark.parametrize(("form", "cell"), TIMES.values(), ids=TIMES.keys())
def test_a_time_may_be_in(taken, form, cell):
    mapping = f"{BASE}data: {{case_id: case}}\n".replace(
        "when", f"{{column: when, format: {form}, zone: Europe/Berlin}}"
    )
    (event,) = taken(mapping, ROW.replace("2018-01-12T13:44:51Z", cell))
    assert event.occurred_at == 1515764691_000_000


ATTRIBUTES = {
    "text": ("state", "007", "007"),
    "integer": ("{column: state, type: integer}", "007", 7),
    "number": ("{column: state, type: number}", "1.50", 1.5),
    "boolean": ("{column: state, type: boolean}", "No", False),
    "boolean by other words": (
        "{column: state, type: boolean, true_values: [Offen], false_values: [zu]}",
        "offen",
        True,
    ),
    "a value of the map": ("{column: state, map: {New: 1, Old: null}}", "New", 1),
    "a value that the map leaves out": ("{column: state, map: {New: 1, Old: null}}", "Old", None),
    "a value that is not in the map, kept": ("{column: state, map: {New: 1}, unmapped: keep}", "Odd", "Odd"),
    "one that is kept as its type": ("{column: state, map: {New: 1}, unmapped: keep, type: integer}", "2", 2),
    "one that is left out": ("{column: state, map: {New: 1}, unmapped: leave_out}", "Odd", None),
    "a mark of no value": ("{column: state, missing: ['?', '-100']}", "-100", None),
    "an empty cell": ("state", "", None),
    "the default": ("{column: state, missing: ['?'], default: unknown}", "?", "unknown"),
}


@pytest.mark.parametrize(("attribute", "cell", "value"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_an_attribute_may_be(data, attribute, cell, value):
    assert data(attribute, cell) == ({"case_id": "9"} if value is None else {"case_id": "9", "x": value})


def test_a_mark_of_no_value_may_hold_for_every_column(data):
    assert data("state", "?", more="missing: ['?']\n") == {"case_id": "9"}


@pytest.mark.parametrize(
    ("attribute", "detail"),
    [
        ("{column: state, type: integer}", "data.x (column state): `New` is not a whole number"),
        ("{column: state, map: {Old: 1}}", "data.x (column state): `New` is not in the map; add it there"),
    ],
    ids=["not of its type", "not in the map"],
)
def test_a_cell_that_is_not_what_the_mapping_says_rejects_its_row(data, attribute, detail):
    reject = data(attribute)
    assert (reject.reason, reject.raw) == ("invalid_data", ROW.strip().encode())
    assert reject.detail.startswith(detail)


RULES = """type:
  - {type: case.opened, when: {count: ["0"]}}
  - {type: case.closed, when: {state: [Closed, Gone], open: ["no"]}}
"""


@pytest.mark.parametrize(
    ("row", "type_"),
    [
        (ROW.replace(",3,", ",0,"), "case.opened"),
        ("7,2018-01-12,9,Gone,3,no\n", "case.closed"),
        ("7,2018-01-12,9,Gone,0,no\n", "case.opened"),
        ("7,2018-01-12,9,Gone,3,yes\n", "case.updated"),
    ],
    ids=["one column decides", "all columns of a rule", "the first rule that holds", "the rule without conditions"],
)
def test_rules_give_the_type(taken, row, type_):
    mapping = BASE.replace("type: case.updated\n", RULES) + "  - {type: case.updated}\ndata: {case_id: case}\n"
    assert taken(mapping, row)[0].type == type_


def test_a_row_that_no_rule_is_for_is_rejected(taken):
    (reject,) = taken(BASE.replace("type: case.updated\n", RULES))
    assert (
        reject.detail
        == "type (column count, state, open): no rule is for `3`, `New`, `yes`; end the list with a rule without `when`"
    )


def test_a_column_may_give_the_type(taken):
    mapping = BASE.replace("case.updated", "{column: state, map: {New: case.opened}}")
    assert taken(mapping + "data: {case_id: case}\n")[0].type == "case.opened"


def test_a_customer_that_is_missing_may_have_a_name(taken):
    mapping = BASE.replace("who", "{column: who, missing: ['?'], default: unknown}")
    assert taken(mapping + "data: {case_id: case}\n", ROW.replace("7,", "?,"))[0].customer_id == "unknown"


WRONG = {
    "a key of another name": ("customer: who\n", "1:1: unknown key `customer`; did you mean `customer_id`?"),
    "no time": ("customer_id: who\ntype: case.updated\n", "1:1: the key `occurred_at` is missing"),
    "a format that there is not": (
        BASE.replace("when", "{column: when, format: epoch_second}"),
        "2:29: `epoch_second` is no format of a time; did you mean `epoch_seconds`?",
    ),
    "a zone that there is not": (
        BASE.replace("when", "{column: when, zone: Berlin}"),
        "2:29: `Berlin` is no time zone; give a name such as Europe/Berlin",
    ),
    "a kind that there is not": (
        BASE + "data: {x: {column: a, type: int}}\n",
        "4:29: `int` is not known here; did you mean",
    ),
    "a type that cannot be one": (BASE.replace("case.updated", "updated"), "3:7: "),
    "a key of a rule": (BASE.replace("case.updated", "[{type: case.opened, if: {a: [b]}}]"), "3:28: unknown key `if`"),
    "no rule": (BASE.replace("case.updated", "[]"), "3:1: the list is empty"),
    "a number among texts": (BASE + "missing: [-100]\n", "4:11: Expected `str`, got `int`"),
    "an encoding that there is not": (BASE + "encoding: utf-9\n", "4:1: `utf-9` is no encoding"),
    "a list where a column is meant": (BASE + "product: [a, b]\n", "4:10: "),
    "not YAML": ("customer_id: [", "2:1: "),
}


@pytest.mark.parametrize(("mapping", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_in_a_mapping_file_is_named_with_its_place(taken, mapping, message):
    with pytest.raises(InvalidMapping) as refused:
        taken(mapping)
    assert f"mine.yaml:{message}" in str(refused.value)


MISSING = {
    "customer_id": (BASE.replace("who", "whom"), "1:1: the column `whom` is not in the header at "),
    "in a rule": (BASE.replace("case.updated", "[{type: case.opened, when: {stat: [a]}}]"), "3:1: the column `stat`"),
    "in the data": (
        BASE + "data:\n  case_id: case\n  x: {column: opn}\n",
        "6:7: the column `opn` is not in the header",
    ),
}


@pytest.mark.parametrize(("mapping", "message"), MISSING.values(), ids=MISSING.keys())
def test_a_column_that_is_not_there_is_named_with_its_place_and_the_nearest(taken, mapping, message):
    with pytest.raises(InvalidMapping, match="did you mean") as refused:
        taken(mapping)
    assert f"mine.yaml:{message}" in str(refused.value)


def test_the_incident_log_needs_only_its_mapping_file(tmp_path):
    header = (
        "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at,"
        "sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,"
        "cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,"
        "rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at"
    )
    columns = header.split(",")
    same = dict.fromkeys(columns, "?") | {
        "number": "INC1", "active": "true", "made_sla": "true", "knowledge": "false",
        "u_priority_confirmation": "false",
        "reassignment_count": "0", "reopen_count": "0", "caller_id": "Caller 1", "priority": "3 - Moderate",
        "sys_updated_at": "1/3/2016 04:05",
    }  # fmt: skip
    rows = [
        same | {"sys_mod_count": "0", "incident_state": "New"},
        same | {"sys_mod_count": "1", "incident_state": "-100"},
        same | {"sys_mod_count": "2", "incident_state": "Closed", "active": "false", "caller_id": "?",
                "sys_updated_at": "31/12/2016 23:59"},
    ]  # fmt: skip
    with (tmp_path / "log.csv").open("w", newline="") as file:
        csv.DictWriter(file, columns).writeheader()
        csv.DictWriter(file, columns).writerows(rows)
    check = Check(load())
    with open_input(tmp_path / "log.csv", mapping=UCI) as opened:
        events = [check(raw.data, source=opened.source, place="", now=NOW) for batch in opened for raw in batch]
    assert [event.type for event in events] == ["case.opened", "case.updated", "case.closed"]
    assert [event.customer_id for event in events] == ["Caller 1", "Caller 1", "unknown-caller"]
    assert [event.sequence for event in events] == [0, 1, 2]
    assert [json.loads(event.data).get("state") for event in events] == ["New", None, "Closed"]
    assert all(b"?" not in event.data and b'"severity":3' in event.data for event in events)
    assert events[0].occurred_at == 1456805100_000_000  # 1 March, not 3 January
