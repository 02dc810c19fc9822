"""Definitions as files and as bytes: every complaint has its place, and one definition has one form and one hash."""

import json
from pathlib import Path

import pytest
import yaml
from definitions import definitions
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain.condition import Filter
from raceline.domain.errors import InvalidRacetrack
from raceline.domain.racetrack import OUTSIDE
from raceline.domain.racetrack_file import canonical, content_hash, from_canonical, parse, presets, read

DEFINITION = """\
name: small
title: A small racetrack
stages:
  look: {title: Look}
  buy: {title: Buy, revenue: true}
rules:
  looked: {title: Looked, stage: look, when: {event: web.page_viewed}}
  bought: {title: Bought, stage: buy, when: {event: install_base.item_booked, where: {quantity: {at_least: 2.0}}}}
"""


def refused(text):
    with pytest.raises(InvalidRacetrack) as complaint:
        parse(text, "mine.yaml")
    facts = complaint.value.facts
    assert facts["file"] == "mine.yaml"
    assert complaint.value.detail.startswith(f"mine.yaml:{facts['line']}:{facts['column']}: ")
    return facts["line"], facts["column"], complaint.value.detail


def test_a_definition_is_read_from_a_file_as_from_its_text(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(DEFINITION)
    assert read(path) == parse(DEFINITION)
    assert list(parse(DEFINITION).stages) == ["look", "buy"]
    assert parse(DEFINITION).rules["bought"].when.where == {"quantity": Filter(at_least=2)}


def test_a_rule_moves_from_any_earlier_stage_and_from_outside_unless_it_says_otherwise():
    racetrack = parse(DEFINITION)
    assert racetrack.origins(racetrack.rules["bought"]) == ("look", OUTSIDE)
    assert racetrack.origins(racetrack.rules["looked"]) == (OUTSIDE,)


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        pytest.param(
            "stage: look", "stage: lok", "stage: lok", "no stage `lok`; did you mean `look`?", id="an unknown stage"
        ),
        pytest.param(
            "title: Bought, stage: buy",
            "title: B, stage: buy, from: [outsid]",
            "outsid]",
            "no stage `outsid`",
            id="an unknown stage in from",
        ),
        pytest.param("look: {", "outside: {", "outside: {", "cannot be the name", id="a stage called outside"),
        pytest.param("look: {", "Look at: {", "Look at: {", "matching regex", id="a name with a space"),
        pytest.param("title: Looked, ", "", "{stage: look", "the key `title` is missing", id="a rule without a title"),
        pytest.param(
            "title: A", "titel: A", "titel: A", "unknown key `titel`; did you mean `title`?", id="a misspelt key"
        ),
        pytest.param("{event: web.page_viewed}", "{}", "{}", "exactly one of event", id="a condition that is none"),
        pytest.param(
            "{event: web.page_viewed}",
            "{event: web.page_viewed, within: 0d}",
            "within: 0d",
            "a duration of zero holds nothing; give the window a length",
            id="a window of zero",
        ),
        pytest.param(
            "{event: web.page_viewed}",
            "{none: {event: web.page_viewed, for: 0m}}",
            "for: 0m",
            "a duration of zero",
            id="a silence of zero",
        ),
        pytest.param(
            "{event: web.page_viewed}",
            "{event: web.page_viewed, within: 1 month}",
            "within: 1 m",
            "write a number and one of s, m, h, d, w",
            id="a duration in other words",
        ),
        pytest.param(
            "title: A small",
            "time_zone: Europe/Berlim\ntitle: A small",
            "time_zone: E",
            "did you mean `Europe/Berlin`?",
            id="an unknown time zone",
        ),
        pytest.param(
            "title: A small", "start: by\ntitle: A small", "start: by", "did you mean `buy`?", id="an unknown start"
        ),
        pytest.param(
            "at_least: 2.0", "at_least: .nan", "at_least: .nan", "lies between", id="a threshold that is no number"
        ),
        pytest.param("{at_least: 2.0}", "[]", "quantity: []", "one of no values", id="a list of no values"),
        pytest.param("{at_least: 2.0}", "{}", "{}", "a filter says one of", id="an empty filter"),
        pytest.param("A small racetrack", '"\\0"', '"\\0"', "cannot be stored", id="a character without a place"),
        pytest.param(
            "title: Looked", "title: 2026-13-45", "2026-13", "not what its form says", id="a date that is none"
        ),
        pytest.param(
            "title: Looked", "title: !!bool x", "!!bool x", "not what its form says", id="a tag that does not fit"
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(old, new, place, says):
    assert old in DEFINITION
    text = DEFINITION.replace(old, new, 1)
    line, column, detail = refused(text)
    assert text.splitlines()[line - 1][column - 1 :].startswith(place)
    assert says in detail


def deep(levels):
    return '{"not": ' * levels + "{event: web.page_viewed}" + "}" * levels


@pytest.mark.parametrize("levels", [100, 20_000], ids=["a hundred levels", "twenty thousand levels"])
def test_conditions_nested_too_deeply_are_refused(levels):
    assert "nested more than 64 levels deep" in refused(DEFINITION.replace("{event: web.page_viewed}", deep(levels)))[2]


def test_blocks_nested_too_deeply_are_refused():
    assert "nested more than 64 levels deep" in refused("- " * 10_000 + "x")[2]


def test_an_alias_for_what_it_is_part_of_is_refused():
    assert "levels deep, by its aliases" in refused(DEFINITION + "edges: &all {edge: *all}\n")[2]


def test_aliases_of_aliases_are_counted_as_what_they_stand_for():
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    assert "more than 100,000 values" in refused("\n".join(lines))[2]


def test_a_file_that_is_too_large_is_refused_whatever_is_in_it(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_text("# \N{EURO SIGN}" * 400_000)
    with pytest.raises(InvalidRacetrack, match="larger than 1,048,576 bytes"):
        read(path)
    assert "larger than 1,048,576 bytes" in refused("#" * 2_000_000)[2]


RULE = {"title": "R", "stage": "look", "when": {"event": "web.page_viewed"}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"stages": {}}, "at least one stage", id="no stage"),
        pytest.param({"stages": {f"s{n}": {"title": "S"} for n in range(61)}}, "at most 60 stages", id="61 stages"),
        pytest.param({"rules": {f"rule{n}": RULE for n in range(201)}}, "at most 200 rules", id="201 rules"),
        pytest.param(
            {"overlays": {f"o{n}": {"title": "O", "event": "web.page_viewed"} for n in range(51)}},
            "at most 50 overlays",
            id="51 overlays",
        ),
        pytest.param(
            {"rules": {"many": RULE | {"when": {"any": [RULE["when"]] * 1_000}}}},
            "at most 1,000 conditions together",
            id="1,001 conditions",
        ),
        pytest.param(
            {"rules": {"many": RULE | {"when": {"event": ["web.page_viewed"] * 1_001}}}},
            "at most 1,000 event types",
            id="1,001 types",
        ),
        pytest.param(
            {"exits": {"looked": {"title": "L", "when": RULE["when"]}}}, "is a rule already", id="an exit like a rule"
        ),
    ],
)
def test_a_racetrack_is_no_larger_than_can_be_looked_through(change, says):
    assert says in refused(yaml.safe_dump(yaml.safe_load(DEFINITION) | change, sort_keys=False))[2]


# The canonical form


@given(definitions(), st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_layout_comments_or_the_order_of_keys(definition, shuffled):
    as_json = parse(json.dumps(definition, ensure_ascii=False))
    as_yaml = parse("# a comment\n" + yaml.safe_dump(definition, sort_keys=False, allow_unicode=True, width=20))
    mixed = parse(json.dumps(_shuffled(definition, shuffled), ensure_ascii=False))
    assert as_json == as_yaml
    assert content_hash(as_json) == content_hash(as_yaml) == content_hash(mixed)


@given(definitions())
def test_what_the_canonical_form_says_is_the_definition(definition):
    racetrack = parse(json.dumps(definition, ensure_ascii=False))
    again = from_canonical(canonical(racetrack))
    assert again == racetrack
    assert canonical(again) == canonical(racetrack)
    assert list(again.stages) == list(racetrack.stages)
    assert list(again.rules) == list(racetrack.rules)
    assert list(again.overlays) == list(racetrack.overlays)
    assert list(again.features) == list(racetrack.features)


def _shuffled(value, chance, key=None):
    """The same with the keys in another order, where their order says nothing."""
    if isinstance(value, list):
        return [_shuffled(one, chance) for one in value]
    if not isinstance(value, dict):
        return value
    items = [(name, _shuffled(one, chance, name)) for name, one in value.items()]
    if key not in ("stages", "rules", "exits", "edges", "overlays", "features"):
        chance.shuffle(items)
    return dict(items)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("title: Looked", "title: Has looked", id="another title"),
        pytest.param("at_least: 2.0", "at_least: 3", id="another threshold"),
        pytest.param(DEFINITION.splitlines()[6], "", id="a rule less"),
        pytest.param(
            "\n".join(DEFINITION.splitlines()[3:5]), "\n".join(DEFINITION.splitlines()[4:2:-1]),
            id="the stages in another order",
        ),
    ],
)  # fmt: skip
def test_another_definition_has_another_hash(old, new):
    assert old in DEFINITION
    assert content_hash(parse(DEFINITION.replace(old, new))) != content_hash(parse(DEFINITION))


def test_what_is_said_and_is_the_default_does_not_change_the_hash():
    said = DEFINITION.replace(
        "title: A small", "time_zone: UTC\nevents: {without_product: true}\nedges: {}\ntitle: A small"
    )
    assert content_hash(parse(said.replace("2.0", "2"))) == content_hash(parse(DEFINITION))


@pytest.mark.parametrize("part", ["overlays", "features"])
def test_a_definition_without_a_later_part_has_the_bytes_that_it_had_before_there_was_one(part):
    assert canonical(parse(DEFINITION + f"{part}: {{}}\n")) == canonical(parse(DEFINITION))
    # From a version of raceline that knew neither; what is published there keeps its hash, and so its version.
    assert content_hash(parse(DEFINITION)) == "a6ea8a00cc5b5e5e21f912c7e312a6dcfaa4076c5ca78bd4ff4fb01eae8a2d9c"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": "x"}', b'{"stages": [1]}', b"\xff", b"[" * 10_000])
def test_bytes_that_are_no_definition_are_refused(content):
    with pytest.raises(InvalidRacetrack):
        from_canonical(content)


# Anyone may send a definition


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    with pytest.raises(InvalidRacetrack):
        parse(text)


WORDS = [
    *"{}[]:,-&*!|>'\"#%@`?\n \t", "\n  ", "\n- ", "event", "all", "not", "0x_", "!!int", "!!binary", "!!timestamp",
    "!!float", "!!set", "&a ", "*a", "<<: ", ".inf", "1e999", "9" * 5000, "190:20:30", "2026-01-05", "null", "~",
    "\ud800",
    "\x00", "\x85", "\ufeff", "---\n", "...\n", "within", "0d", "from", "where", "title", "%YAML 9.9\n",
]  # fmt: skip


@given(st.data())
def test_no_spoilt_definition_breaks_the_reader(data):
    text = data.draw(st.sampled_from([DEFINITION, *(path.read_text() for path in presets().values())]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 12))
        text = text[:at] + "".join(data.draw(st.lists(st.sampled_from(WORDS), max_size=4))) + text[at + gone :]
    try:
        racetrack = parse(text)
    except InvalidRacetrack:
        return
    assert from_canonical(canonical(racetrack)) == racetrack


# What comes with raceline


def test_the_definitions_that_come_with_raceline_are_named_after_their_files():
    assert sorted(presets()) == ["cisco-13", "network-controller", "seven-stage", "six-phase"]
    for name, path in presets().items():
        assert read(path).name == name


def test_the_thirteen_stages_have_their_edges():
    racetrack = read(presets()["cisco-13"])
    assert " ".join(racetrack.stages) == (
        "need evaluate select purchase onboard implement use engage adopt optimize renew recommend advocate"
    )
    assert [name for name, stage in racetrack.stages.items() if stage.revenue] == ["purchase", "renew"]
    found = {(origin, edge.to): name for name, edge in racetrack.edges.items() for origin in edge.from_}
    assert found["adopt", "purchase"] == "buy_more"
    assert found["renew", "purchase"] == "buy_other"
    assert racetrack.edge("advocate", "need").new_lap
    assert list(racetrack.exits) == ["gone"]


@pytest.mark.parametrize(
    ("preset", "stages"),
    [
        ("seven-stage", "land onboard implement activate adopt expand renew"),
        ("six-phase", "prepare plan design implement operate optimize"),
    ],
)
def test_the_other_presets_have_their_stages(preset, stages):
    assert list(read(presets()[preset]).stages) == stages.split()


def test_the_complete_example_says_everything_of_each_rule_and_has_every_kind_of_condition():
    racetrack = read(presets()["network-controller"])
    rules = [*racetrack.rules.values(), *racetrack.exits.values()]
    for rule in rules:
        assert all([rule.title, rule.documentation, rule.owner, rule.confidence, rule.coverage, rule.source]), rule.name
        assert all([rule.source.system, rule.source.database, rule.source.table, rule.source.attributes]), rule.name
    nodes = [node for rule in rules for _, node in rule.when.walk()]
    for kind in ("event", "none", "all_", "any_", "not_", "at_least", "distinct_days", "distinct", "sum", "within"):
        assert any(getattr(node, kind) for node in nodes), kind
    assert {node.counted_since for node in nodes if node.events} == {"stage", "lap", "start"}
    filters = [wanted for node in nodes for wanted in node.filters.values()]
    assert {str, tuple, bool, Filter} == set(map(type, filters))
    for key in ("prefix", "present", "at_least", "at_most", "above", "below"):
        assert any(isinstance(one, Filter) and getattr(one, key) is not None for one in filters), key


def test_the_complete_example_has_every_kind_of_overlay():
    overlays = read(presets()["network-controller"]).overlays.values()
    assert {one.aggregate for one in overlays} == {"count", "distinct", "sum", "mean"}
    assert any(one.where for one in overlays)


def test_presets_are_packed_with_the_code():
    assert all(path.parent.name == "presets" and Path(path).is_file() for path in presets().values())
