"""The look-through before a definition is published: every complaint has its place and its cure."""

import pytest
from small_track import CATALOGUE, SOUND, complaints, track

from raceline.domain.errors import InvalidRacetrack
from raceline.domain.racetrack_check import check, check_file, check_text, refuse
from raceline.domain.racetrack_file import parse, presets, read


def test_a_sound_definition_has_no_complaints():
    assert complaints(track(SOUND)) == []


@pytest.mark.parametrize("preset", presets())
def test_what_comes_with_raceline_has_neither_errors_nor_warnings(preset):
    assert check(read(presets()[preset]), CATALOGUE) == ()


TEXT = """\
name: small
title: Small
stages: {a: {title: A}, b: {title: B}}
rules:
  to_a: {title: To a, stage: a, when: {event: web.page_view}}
  to_b:
    title: To b
    stage: b
    from: [a, b]
    when:
      all:
        - {event: case.opened, within: 7d}
        - none: {event: case.opened, for: 30d}
"""


def test_complaints_about_a_file_have_line_and_column_and_come_in_its_order_errors_first(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(TEXT)
    racetrack, found = check_file(path, CATALOGUE)
    assert racetrack == parse(TEXT)
    assert [(one.severity, one.line, one.column) for one in found] == [
        ("error", 5, 40), ("error", 13, 11), ("warning", 9, 15),
    ]  # fmt: skip
    assert str(found[0]) == (
        "5:40: rules.to_a.when.event: there is no event type `web.page_view`; did you mean `web.page_viewed`?"
    )
    assert check_text(TEXT, CATALOGUE) == (racetrack, found)


def test_errors_are_refused_and_warnings_pass():
    _, found = check_text(TEXT, CATALOGUE)
    with pytest.raises(InvalidRacetrack, match=r"small.yaml:5:40: .* \(and 1 more\)") as refused:
        refuse(found, "small.yaml")
    assert refused.value.facts == {"file": "small.yaml", "line": 5, "column": 40}
    refuse(tuple(one for one in found if one.severity == "warning"), "small.yaml")
