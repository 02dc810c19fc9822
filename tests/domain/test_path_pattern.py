"""Path patterns: what they mean, and which pages can be named in them."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest import param

from raceline.domain.errors import InvalidPathPattern
from raceline.domain.path_nodes import Chain, Choice, End, Pages, Repeat
from raceline.domain.path_pattern import parse

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
A, B, C = (Pages((page,)) for page in "abc")
ANY = Pages((), but=True)
START, END = End("^"), End("$")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        param("a", A, id="a page is a pattern"),
        param("a -> b", Chain((A, B)), id="steps follow each other"),
        param("a->b->c", Chain((A, B, C)), id="blanks are not needed"),
        param("a->.*->b", Chain((A, Repeat(ANY, 0, None), B)), id="a point is any page, a star any number"),
        param("a->[^c]*->b", Chain((A, Repeat(Pages(("c",), but=True), 0, None), B)), id="none of a list"),
        param("[a b]", Pages(("a", "b")), id="one of a list"),
        param("[a, b,c]", Pages(("a", "b", "c")), id="commas may stand in a list"),
        param("[a a]", A, id="a page twice in a list is there once"),
        param("[ ^ a ]", Pages(("a",), but=True), id="blanks may stand in a list"),
        param("a | b -> c", Choice((A, Chain((B, C)))), id="an arrow binds more tightly than an alternative"),
        param("(a | b) -> c", Chain((Choice((A, B)), C)), id="parentheses group"),
        param("((a))", A, id="parentheses round one step mean nothing"),
        param("a+ -> b? -> c", Chain((Repeat(A, 1, None), Repeat(B, 0, 1), C)), id="at least once, at most once"),
        param("a{2}", Repeat(A, 2, 2), id="so many times"),
        param("a{2,}", Repeat(A, 2, None), id="at least so many times"),
        param("a{0,3} -> b", Chain((Repeat(A, 0, 3), B)), id="from so many to so many times"),
        param("a{ 2 , 3 }", Repeat(A, 2, 3), id="blanks may stand in braces"),
        param("(a -> b){2}", Repeat(Chain((A, B)), 2, 2), id="a group may be repeated"),
        param("^ -> a -> $", Chain((START, A, END)), id="the ends of the path"),
        param("^a$", Chain((START, A, END)), id="the arrows at the ends may be left out"),
        param("^ a | b $", Choice((Chain((START, A)), Chain((B, END)))), id="each alternative has its ends"),
        param(
            "(^ a | b) -> c", Chain((Choice((Chain((START, A)), B)), C)), id="a group at the start may be tied to it"
        ),
        param("a -> (b | c $)", Chain((A, Choice((B, Chain((C, END)))))), id="a group at the end may be tied to it"),
        param("^ -> a* -> $", Chain((START, Repeat(A, 0, None), END)), id="nothing else than this page"),
    ],
)
def test_what_a_pattern_means(text, meaning):
    assert parse(text).root == meaning


@pytest.mark.parametrize(
    "page",
    [
        "11", "index.html", "/docs/install-guide_2.html", "/a/./b", "#top", "a&b=c;d", "~me", "50%", "it's", "@home",
        "!", "https://example.com:8443/a.b/c-d", "../up", ".well-known/x", "a.b", "a-b", "straße", "日本語", "x//y",
    ],
)  # fmt: skip
def test_a_page_like_this_needs_no_quotes(page):
    assert parse(page).root == Pages((page,))
    assert parse(f"{page}->[{page} b]").root == Chain((Pages((page,)), Pages((page, "b"))))


@given(st.text())
@example('say "hi" \\ bye')
@example("")
def test_any_page_can_be_written_in_double_quotes(page):
    quoted = '"' + page.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse(f"{quoted} -> [^{quoted}]").root == Chain((Pages((page,)), Pages((page,), but=True)))


def test_named_steps_are_those_of_a_funnel():
    pattern = parse('search: a -> .* -> "gave up": (b | c)+ -> $')
    assert pattern.root == Chain((A, Repeat(ANY, 0, None), Repeat(Choice((B, C)), 1, None), END))
    assert [(step.name, pattern.text[step.begin : step.end]) for step in pattern.names] == [
        ("search", "a"),
        ("gave up", "(b | c)+"),
    ]
    assert pattern.after is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        param("x: a -> b", "b", id="a step behind the last name"),
        param("x: a -> b -> y: c -> .* -> c", ".* -> c", id="not one between two names"),
        param("a -> b", None, id="without a name there is no such rest"),
        param("a -> x: b", None, id="what comes before the first name is part of it"),
    ],
)
def test_what_comes_behind_the_last_named_step_is_known(text, rest):
    after = parse(text).after
    assert (None if after is None else text[after:]) == rest


def test_a_pattern_knows_its_pages():
    assert parse("[a b]{2} -> .* -> [^c] | ^ d").pages == {"a", "b", "c", "d"}
    assert parse(".").pages == set()


def test_the_patterns_of_the_readme_are_read():
    table = README.split("### Path patterns")[1].split("| part | meaning |")[0]
    shown = [pattern.replace("\\|", "|") for pattern in re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE)]
    assert len(shown) > 5
    for pattern in shown:
        assert parse(pattern)


def test_the_fault_that_the_readme_shows_is_told_so():
    shown = re.search(r"```text\n(The path pattern is not valid\..*?)```", README, re.DOTALL)[1].rstrip("\n")
    with pytest.raises(InvalidPathPattern) as caught:
        parse(shown.split("\n")[1].strip())
    assert str(caught.value) == shown
