"""The catalogue as people and programs read it: a table and a JSON Schema."""

import json
import pickle
from pathlib import Path

from raceline.domain.catalogue import load

BUILT_IN = load()
VISITS = load([Path(__file__).with_name("visits.yaml")])


def test_the_schema_says_what_the_check_says():
    schema = VISITS.json_schema()["$defs"]["visit.made"]
    assert schema["required"] == ["reason"]
    assert schema["properties"]["reason"] == {"description": "Why.", "enum": ["courtesy", "sale", "trouble"]}
    assert schema["properties"]["visitor"]["x-personal"] is True
    whole_number, missing = schema["properties"]["minutes"]["anyOf"]
    assert (whole_number, missing) == ({"type": "integer", "minimum": 1, "maximum": 600}, {"type": "null"})
    assert schema["x-owner"] == "Field Sales"
    assert schema["x-source"] == {"system": "Calendar", "database": "field", "table": "visits"}


def test_the_schema_has_one_alternative_for_each_type_and_is_json():
    schema = json.loads(json.dumps(BUILT_IN.json_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert [one["properties"]["type"]["const"] for one in schema["oneOf"]] == list(schema["$defs"]) == [*BUILT_IN.types]
    assert all(
        f"#/$defs/{one['properties']['type']['const']}" == one["properties"]["data"]["$ref"] for one in schema["oneOf"]
    )
    assert all(one["description"] == BUILT_IN.types[name].documentation for name, one in schema["$defs"].items())


def test_the_schema_has_room_for_unknown_types_where_they_are_allowed():
    *_, other = load(allow_unknown=True).json_schema()["oneOf"]
    assert other["properties"]["type"]["not"]["enum"] == list(BUILT_IN.types)


def test_the_table_has_a_row_for_each_type():
    rows = VISITS.table()
    assert [row.type for row in rows] == list(VISITS.types)
    assert rows[-1] == (
        "visit.made",
        3,
        "Somebody of the vendor visited the customer.",
        "reason, minutes?, visitor?*, site?",
        "Calendar: field.visits",
        "Field Sales",
    )


def test_a_catalogue_can_be_sent_to_another_process():
    VISITS.types["visit.made"].check(b'{"reason": "sale"}')
    assert pickle.loads(pickle.dumps(VISITS)) == VISITS
