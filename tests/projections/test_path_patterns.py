"""Path patterns over paths: Python's own regular expressions say the same, a page a letter."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pytest import param
from tests.analytics.arrays import end_to_end

from raceline.analytics.path_match import matches
from raceline.domain.errors import InvalidPathPattern
from raceline.domain.path_pattern import parse
from raceline.projections.path_automaton import MOST_STATES
from raceline.projections.path_patterns import automaton, funnel_steps, prefixes

CODES = {"c": 0, "a": 1, "d": 2, "b": 3}  # and z, which nobody has seen
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,}", "{2,}", "{0,2}", "{1,3}", "{3,4}"]

quantifiers = st.sampled_from(QUANTIFIERS)
letters = st.lists(st.sampled_from("abcz"), min_size=1, max_size=3, unique=True)
arrows = st.sampled_from(["->", " -> "])

# Pairs of a pattern and the regular expression that means the same; `#` stands behind the last step.
pages = st.sampled_from("abcz").map(lambda page: (page, page))
any_page = st.just((".", "[^#]"))
lists = letters.map(lambda found: (f"[{' '.join(found)}]", f"[{''.join(found)}]"))
others = letters.map(lambda found: (f"[^{','.join(found)}]", f"[^#{''.join(found)}]"))
atoms = pages | any_page | lists | others


def quantified(inner):
    return st.tuples(inner, quantifiers).map(lambda of: (f"({of[0][0]}){of[1]}", f"(?:{of[0][1]}){of[1]}"))


def chained(inner):
    return st.tuples(st.lists(inner, min_size=2, max_size=3), arrows).map(
        lambda of: (f"({of[1].join(text for text, _ in of[0])})", "".join(f"(?:{regex})" for _, regex in of[0]))
    )


def chosen(inner):
    return st.lists(inner, min_size=2, max_size=3).map(
        lambda of: (f"({' | '.join(text for text, _ in of)})", "|".join(f"(?:{regex})" for _, regex in of))
    )


parts = st.recursive(atoms, lambda inner: quantified(inner) | chained(inner) | chosen(inner), max_leaves=6)


@st.composite
def sequences(draw):
    """A few parts in a row, perhaps tied to an end."""
    found = draw(st.lists(parts, min_size=1, max_size=3))
    arrow = draw(arrows)
    start, end = draw(st.sampled_from([("", ""), ("^", ""), ("", "$"), ("^", "$")]))
    text = arrow.join([*filter(None, [start]), *(text for text, _ in found), *filter(None, [end])])
    regex = "".join(f"(?:{regex})" for _, regex in found)
    return text, (r"\A" if start else "") + regex + ("(?=#)" if end else "")


patterns = st.lists(sequences(), min_size=1, max_size=2).map(
    lambda of: (" | ".join(text for text, _ in of), "|".join(f"(?:{regex})" for _, regex in of))
)
walked = st.lists(st.text("abcd", min_size=1, max_size=7), max_size=5)


def first_done(text, *found):
    """For each path, a letter a page, the number of the step (from 1) at which the pattern is done; None for never."""
    page, path_start, _ = end_to_end([[CODES[letter] for letter in path] for path in found])
    done = matches(path_start, page, automaton(parse(text), CODES, len(CODES)))
    return [step + 1 if step >= 0 else None for step in done.tolist()]


def first_match(regex, path):
    """The earliest end of a match, by asking for one at each end in turn."""
    steps = range(1, len(path) + 1)
    return next((n for n in steps if re.search(rf"(?:{regex})(?<=\A.{{{n}}})", path + "#")), None)


@settings(max_examples=200)
@given(patterns, walked)
def test_a_pattern_is_done_where_the_regular_expression_first_ends(pattern, found):
    text, regex = pattern
    try:
        parse(text)
    except InvalidPathPattern as error:
        assert "it holds of every path" in error.detail
        assert all(re.search(regex, path + "#") for path in found)
        return
    assert first_done(text, *found) == [first_match(regex, path) for path in found]


@pytest.mark.parametrize(
    ("text", "path", "step"),
    [
        param("a -> b", "cab", 3, id="anywhere in the path"),
        param("a -> b", "acb", None, id="directly after each other"),
        param("a -> .* -> b", "cacdb", 5, id="with anything in between"),
        param("a -> .* -> b", "ab", 2, id="or with nothing in between"),
        param("a -> .* -> b", "abcb", 2, id="done as early as can be"),
        param("a -> [^c]* -> b", "adb", 3, id="without a page in between"),
        param("a -> [^c]* -> b", "acb", None, id="and not with it"),
        param("a -> [^c]* -> b", "acadb", 5, id="but a later start may do"),
        param("^ -> a -> .* -> b -> $", "acb", 3, id="the whole path"),
        param("^ -> a -> .* -> b -> $", "acbc", None, id="that ends there"),
        param("^ -> a -> .* -> b -> $", "cab", None, id="and starts there"),
        param("^ -> .* -> $", "abc", 3, id="any path is done at its end"),
        param("a -> .{0,2} -> b", "accb", 4, id="within so many steps"),
        param("a -> .{0,2} -> b", "acccb", None, id="and not later"),
        param("(a -> b){2}", "cababa", 5, id="a ping-pong"),
        param("[^z]{3}", "ab", None, id="a page that nobody has seen is no other page"),
        param("[^z]{2}", "ab", 2, id="and each page is another one"),
        param("a | z", "ca", 2, id="an alternative that nobody has seen harms none"),
        param("a -> z", "ab", None, id="a page that nobody has seen is on no path"),
    ],
)
def test_when_a_pattern_is_done(text, path, step):
    assert first_done(text, path) == [step]


def test_patterns_that_need_too_many_states_are_refused_and_those_with_a_bound_are_not():
    with pytest.raises(InvalidPathPattern, match=f"needs more than {MOST_STATES:,} states") as caught:
        automaton(parse("a -> .{20} -> b"), CODES, 4)
    assert "write `.*` or `.{0,20}`." in str(caught.value)
    assert len(automaton(parse("a -> .{0,900} -> b"), CODES, 4).table) <= MOST_STATES
    assert len(automaton(parse("a -> .{900,} -> b"), CODES, 4).table) <= MOST_STATES


def test_a_page_without_a_code_may_have_a_negative_one():
    assert automaton(parse("[^z] -> a"), {"a": 1, "z": -1}, 2).class_of_page.tolist() == [0, 1]


def test_pages_that_the_pattern_does_not_tell_apart_are_read_alike():
    table = automaton(parse("[a b] -> .* -> [b a]"), CODES, 4).table
    assert table.shape[1] == 2


def test_a_path_that_can_never_be_done_is_not_looked_at_any_further():
    found = automaton(parse("^ -> a -> b"), CODES, 4)
    lost = found.table[0, found.class_of_page[CODES["b"]]]
    assert found.hopeless[lost]
    assert automaton(parse("a -> z"), CODES, 4).hopeless.all()


def test_the_steps_of_a_funnel_are_the_prefixes_of_its_pattern():
    pattern = parse("^ -> search: a -> .* -> read: [b c]+ -> .* -> buy: d -> $")
    assert [(name, prefix.text) for name, prefix in prefixes(pattern)] == [
        ("search", "^ -> search: a"),
        ("read", "^ -> search: a -> .* -> read: [b c]+"),
        ("buy", "^ -> search: a -> .* -> read: [b c]+ -> .* -> buy: d -> $"),
    ]
    assert [step.alone.text for step in funnel_steps(pattern)] == ["a", "[b c]+", "d"]
    assert [step.prefix.root for step in funnel_steps(pattern)][-1] == pattern.root


def test_a_funnel_that_is_asked_for_again_is_not_read_again():
    text = "look: a -> .* -> buy: b"
    first, second = funnel_steps(parse(text)), funnel_steps(parse(text))
    assert [step.prefix for step in first] == [step.prefix for step in second]
    assert all(one.prefix is two.prefix and one.alone is two.alone for one, two in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        param("a -> b", 0, "a funnel has named steps", id="a funnel without names"),
        param("x: a -> .* -> b", 8, "a funnel ends with a named step", id="a funnel that goes on without a name"),
    ],
)
def test_what_is_no_funnel_is_refused(text, at, says):
    with pytest.raises(InvalidPathPattern, match=says) as caught:
        prefixes(parse(text))
    assert caught.value.at == at


@given(st.lists(parts, min_size=1, max_size=3), walked)
def test_who_is_at_a_step_of_a_funnel_was_at_the_one_before_and_not_later(found, paths):
    """Each part is named, behind a page that has to be there, because a named step has to need one."""
    text = " -> .* -> ".join(f"s{n}: (c -> {part})" for n, (part, _) in enumerate(found))
    try:
        done = np.array([first_done(prefix.text, *paths) for _, prefix in prefixes(parse(text))], float)
    except InvalidPathPattern as refused:
        assume("states" not in refused.detail)
        raise
    for before, after in pairwise(done):
        assert not np.any(np.isnan(before) & ~np.isnan(after))
        assert not np.any(before > after)
