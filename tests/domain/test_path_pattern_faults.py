"""Faults in a path pattern are shown with their place, and with what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import param

from raceline.domain.errors import InvalidPathPattern
from raceline.domain.path_pattern import DEEPEST, MOST_NAMED, MOST_STEPS, parse
from raceline.domain.path_tokens import LONGEST_PATTERN


def refused(text):
    with pytest.raises(InvalidPathPattern) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "at", "fault", "cure"),
    [
        param("", 0, "there is no step in it", "write a page", id="nothing"),
        param("  ", 2, "there is no step in it", "write a page", id="blanks"),
        param("^ -> $", 0, "there is no step in it", "`.` for any page", id="nothing but the ends"),
        param("-> a", 0, "`->` stands where a step is expected", "write a page", id="no step before an arrow"),
        param("a ->", 4, "the pattern ends where a step is expected", "`.` for any page", id="no step behind an arrow"),
        param("a -> -> b", 5, "`->` stands where a step is expected", "write a page", id="two arrows"),
        param("a | | b", 4, "`|` stands where a step is expected", "write a page", id="no alternative"),
        param("()", 1, "`)` stands where a step is expected", "write a page", id="an empty group"),
        param("a b", 2, "an arrow is missing before this step", "write `->`", id="no arrow"),
        param("/a?b=1", 3, "an arrow is missing before this step", "double quotes", id="a sign inside of a page"),
        param("* -> a", 0, "a repetition follows a step", "any number of any pages is `.*`", id="a lone star"),
        param("a -> * -> b", 5, "a repetition follows a step", "`.*`", id="a star for a step"),
        param("a**", 2, "one repetition follows another", "`(a+){2}`", id="a repetition of a repetition"),
        param("^* -> a", 1, "`^` is no step", "leave the repetition out", id="a repeated start"),
        param("a -> ${2}", 6, "`$` is no step", "leave the repetition out", id="a repeated end"),
        param("(^ -> a)+", 8, "what holds `^` or `$` happens once", "leave the repetition out", id="a repeated group"),
        param("(a", 0, "this `(` is never closed", "write `)`", id="an open group"),
        param("(a -> b]", 7, "there is no `[` for this `]`", "leave it out", id="a group that ends as a list"),
        param("a)", 1, "there is no `(` for this `)`", "open the group", id="a group that never began"),
        param("a -> )", 5, "there is no `(` for this `)`", "leave it out", id="a parenthesis for a step"),
        param("[a", 0, "this `[` is never closed", "write `]`", id="an open list"),
        param("a]", 1, "there is no `[` for this `]`", "open the list", id="a list that never began"),
        param("[]", 1, "the list names no page", "`.` for any page", id="an empty list"),
        param("[^ ,]", 4, "the list names no page", "`.` for any page", id="nothing but a comma"),
        param("[a .]", 3, "a list holds pages only", "use parentheses", id="any page in a list"),
        param("[a | b]", 3, "a list holds pages only", "`[a b]`", id="alternatives in a list"),
        param("a, b", 1, "a comma stands between the pages of a list", "`->`", id="a comma for an arrow"),
        param("a{x}", 1, "how many times", "`{2,5}`", id="no number in braces"),
        param("a{,3}", 1, "how many times", "at most five is `{0,5}`", id="no lower number"),
        param("a{2", 1, "how many times", "`{2}`", id="open braces"),
        param("a}", 1, "'}' means nothing here", "after its step, as in `a{2,5}`", id="a closing brace"),
        param("a{3,2}", 1, "3 to 2 is the wrong way round", "write `{2,3}`", id="more than at most"),
        param("a{0}", 1, "no times at all is no step", "leave the step out", id="never"),
        param("a{1001}", 1, "at most 1,000 times", "no upper bound", id="too often"),
        param("a -> ^ -> b", 5, "`^`, the start of the path, has steps before it", "the beginning", id="a late start"),
        param("a (^ b)", 2, "an arrow is missing", "write `->`", id="no arrow before a group"),
        param("a -> (b | ^ c)", 10, "`^`, the start of the path, has steps", "the beginning", id="a late start inside"),
        param("a ^", 2, "`^`, the start of the path, has steps before it", "the beginning", id="a start at the end"),
        param("$ -> a", 2, "nothing comes after `$`", "leave the rest out", id="an early end"),
        param("(a | b $) -> c", 10, "nothing comes after `$`", "leave the rest out", id="an early end inside"),
        param("a $ b", 4, "nothing comes after `$`", "leave the rest out", id="a step behind the end"),
        param("x: (y: a)", 4, "a name stands outside of parentheses", "`y: ( ... )`", id="a name inside"),
        param("x: a -> x: b", 8, "two steps are called x", "a name of its own", id="a name twice"),
        param("x: a | b", 0, "named steps follow one another", "`name: (a | b)`", id="a name in an alternative"),
        param("a | x: b", 4, "named steps follow one another", "parentheses", id="a name in a later alternative"),
        param("case:4711", 4, "a step of the name case", "into double quotes", id="a colon and no blank"),
        param("x: -> a", 3, "`->` stands where a step is expected", "write a page", id="a name of nothing"),
        param("x: y: a", 4, "a colon follows the name of a step", "double quotes", id="two names"),
        param(": a", 0, "a colon follows the name of a step", "`name: a`", id="a colon without a name"),
        param("a -> x: $", 8, "`$` is no step and has no name", "write it apart", id="a name of the end"),
        param("x: a* -> b", 3, "x holds even if nothing happens", "let it need a page", id="a name of perhaps"),
        param("a > b", 2, "'>' means nothing here", "steps are joined by `->`", id="half an arrow"),
        param("a → b", 2, "'→' means nothing here", "write the arrow as `->`", id="a fine arrow"),
        param("a<b", 1, "'<' means nothing here", 'as in "a<b"', id="a sign that means nothing"),
        param("a\\b", 1, "means nothing here", r'as in "a\\b"', id="a backslash"),
        param("a -> \0", 5, "means nothing here", "double quotes", id="what cannot be printed"),
        param("a --> b", 2, "a page that ends with `-` is not read", "joined by `->`", id="a long arrow"),
        param("a-->b", 1, "a page that ends with `-` is not read", "joined by `->`", id="a long arrow at a page"),
        param("index.*", 5, "a page that ends with `.` is not read", "a step of its own", id="a point behind a page"),
        param('a -> "b', 5, "the quote is never closed", "put another", id="an open quote"),
        param(r'a -> "b\"', 5, "the quote is never closed", "put another", id="a quote that a backslash leaves open"),
        param(r'"a\b"', 2, "in double quotes a backslash is written", r"\\", id="a lone backslash in quotes"),
        param(".*", 0, "it holds of every path", "leave it out", id="whatever"),
        param("a? | b", 0, "it holds of every path", "`+` for `*`", id="perhaps"),
        param("a* $", 0, "it holds of every path", "leave it out", id="perhaps at the end"),
        param("^ a*", 0, "it holds of every path", "leave it out", id="perhaps at the start"),
        param("(a{100}){11}", 8, "more than 1,000 steps", "repeat fewer times", id="too long when written out"),
        param("(a | b){400} -> c{300}", 0, "more than 1,000 steps", "repeat fewer times", id="too long as a whole"),
    ],
)  # fmt: skip
def test_a_fault_is_shown_with_its_place_and_its_cure(text, at, fault, cure):
    error = refused(text)
    said, line, caret = str(error).split("\n")
    assert error.at == at
    assert said.startswith(f"The path pattern is not valid. At character {at + 1}: ")
    assert fault in said
    assert cure in said
    assert line == "  " + text.replace("\0", " ")
    assert caret == " " * (at + 2) + "^"


def test_limits_are_named():
    assert f"{LONGEST_PATTERN:,} characters" in str(refused("a" * (LONGEST_PATTERN + 1)))
    assert parse("a" * LONGEST_PATTERN)
    assert f"more than {DEEPEST} deep" in str(refused("(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1)))
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST)
    assert parse(f"a{{{MOST_STEPS}}}")


def test_a_funnel_has_at_most_so_many_named_steps_and_the_first_beyond_is_shown():
    steps = [f"step{n}: p{n}" for n in range(MOST_NAMED + 1)]
    text = " -> .* -> ".join(steps)
    error = refused(text)
    assert error.at == text.index(steps[-1])
    assert f"at most {MOST_NAMED} named steps; leave the names of some out" in str(error)
    assert len(parse(" -> .* -> ".join(steps[:-1])).names) == MOST_NAMED
    assert parse(" -> ".join([*steps[:-1], "p"])).after is not None


def test_of_a_long_pattern_the_place_is_shown_and_what_is_round_it():
    text = " -> ".join(f"page-{n}" for n in range(100)).replace("-> page-50", "=> page-50")
    _, line, caret = str(refused(text)).split("\n")
    assert line.startswith("  …")
    assert line.endswith("…")
    assert line[len(caret) - 1 :].startswith("> page-50")
    assert len(line) < 100


def test_the_caret_is_below_its_place_where_characters_are_wide():
    """In a terminal a Chinese character is two columns wide, and an accent of its own has none."""
    assert str(refused("日本 b")).split("\n")[2] == "  " + " " * 5 + "^"
    assert str(refused("e\u0301 b")).split("\n")[2] == "  " + " " * 2 + "^"


@given(st.text(st.sampled_from('ab. ^$*+?{}[]()|->:,"\\12'), max_size=30) | st.text(max_size=30))
def test_whatever_is_written_is_read_or_refused_at_a_place_in_it(text):
    try:
        assert parse(text).text == text
    except InvalidPathPattern as error:
        assert 0 <= error.at <= len(text)
        assert len(str(error).split("\n")) == 3
