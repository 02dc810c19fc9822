"""The words and signs of a path pattern, each with its place; and how a fault in a pattern is shown."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, NoReturn

from raceline.domain.errors import InvalidPathPattern

LONGEST_PATTERN: Final = 2_000
MOST_REPEATS: Final = 1_000
_SHOWN = 40  # characters on each side of the caret
_QUOTES = 'put the page into double quotes, as in "{}"'

# A page is written as it is unless it holds a sign of the grammar, a blank, or one of < > \ ` → (which only look like
# a mistake). An address keeps its colon: https://host:8080/a.
_PLAIN = r"(?:[^\s\x00-\x1f\x7f\"*+?{}()\[\]|:^$,<>\\`→-]|-(?!>))"
_TOKEN = re.compile(
    rf"""(?P<blank>\s+)
    |(?P<arrow>->)
    |(?P<word>{_PLAIN}+(?:://(?:{_PLAIN}|:(?=[0-9]))*)?)
    |(?P<quoted>"(?:[^"\\]|\\["\\])*")
    |(?P<none_of>\[\s*\^)
    |(?P<repeat>[*+?]|\{{[^{{}}]*\}}?)
    |(?P<sign>[()\[\]|:^$,])""",
    re.VERBOSE,
)
_BOUNDS = re.compile(r"\{\s*([0-9]+)\s*(?:(,)\s*([0-9]+)?\s*)?\}")
_OTHER_SIGNS = {
    "→": "write the arrow as `->`",
    "<": "if it belongs to the page, " + _QUOTES.format("a<b"),
    ">": "steps are joined by `->`; if it belongs to the page, " + _QUOTES.format("a>b"),
    "\\": "if it belongs to the page, " + _QUOTES.format("a\\\\b"),
    "`": "if it belongs to the page, " + _QUOTES.format("a`b"),
    "}": "a number of times is written after its step, as in `a{2,5}`",
}


@dataclass(frozen=True)
class Token:
    """kind: `page`, `.`, `->`, `[^`, `repeat`, `end`, or the sign itself. at, end: characters from the start.

    value: the page's name; repeats: (least, most), most None without a bound.
    """

    kind: str
    at: int
    end: int
    value: str = ""
    repeats: tuple[int, int | None] = (1, 1)
    quoted: bool = False


def wrong(text: str, at: int, fault: str) -> NoReturn:
    """Raise InvalidPathPattern: the fault, and the text with a caret below the character `at` (from 0)."""
    raise InvalidPathPattern(f"At character {at + 1}: {fault}.\n{_picture(text, at)}", at=at)


def tokens(text: str) -> list[Token]:
    """The tokens of a pattern, and `end` after the last. Raises InvalidPathPattern."""
    if len(text) > LONGEST_PATTERN:
        wrong(text, LONGEST_PATTERN, f"it is longer than {LONGEST_PATTERN:,} characters; ask with a shorter one")
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse_sign(text, at)
        if match.lastgroup != "blank":
            found.append(_token(text, match))
        at = match.end()
    return [*found, Token("end", at, at)]


def _token(text: str, match: re.Match[str]) -> Token:
    at, end, said = match.start(), match.end(), match[0]
    match match.lastgroup:
        case "arrow":
            return Token("->", at, end)
        case "none_of":
            return Token("[^", at, end)
        case "word" if said == ".":
            return Token(".", at, end)
        case "word":
            _check_word(text, at, said)
            return Token("page", at, end, said)
        case "quoted":
            return Token("page", at, end, re.sub(r"\\(.)", r"\1", said[1:-1], flags=re.DOTALL), quoted=True)
        case "repeat":
            return Token("repeat", at, end, repeats=_repeats(text, at, said))
    return Token(said, at, end)


def _check_word(text: str, at: int, word: str) -> None:
    """`a.*b` and `a-->b` would be read as the pages `a.` and `a-`, which nobody meant."""
    if word[-1] in ".-":
        place = at + len(word) - 1
        cure = "any page is `.` as a step of its own; " if word[-1] == "." else "steps are joined by `->`; "
        wrong(text, place, f"a page that ends with `{word[-1]}` is not read: {cure}if it is part of the page, "
              + _QUOTES.format(word))  # fmt: skip


def _repeats(text: str, at: int, said: str) -> tuple[int, int | None]:
    if said in "*+?":
        return int(said == "+"), 1 if said == "?" else None
    bounds = _BOUNDS.fullmatch(said)
    if bounds is None:
        wrong(text, at, "how many times is written as `{2}`, `{2,}` or `{2,5}`; at most five is `{0,5}`")
    least = int(bounds[1])
    most = int(bounds[3]) if bounds[3] else None if bounds[2] else least
    if most == 0:
        wrong(text, at, "no times at all is no step; leave the step out")
    if most is not None and most < least:
        wrong(text, at, f"{least} to {most} is the wrong way round; write `{{{most},{least}}}`")
    if max(least, most or 0) > MOST_REPEATS:
        wrong(text, at, f"a step is repeated at most {MOST_REPEATS:,} times; `*` and `{{2,}}` have no upper bound")
    return least, most


def _refuse_sign(text: str, at: int) -> NoReturn:
    sign = text[at]
    if sign != '"':
        wrong(text, at, f"{sign!r} means nothing here; " + _OTHER_SIGNS.get(sign, _QUOTES.format("a b")))
    escaped = re.compile(r'"(?:[^"\\]|\\["\\])*').match(text, at)
    if escaped is not None and escaped.end() < len(text) - 1:
        wrong(text, escaped.end(), r"in double quotes a backslash is written \\ and a quote \"")
    wrong(text, at, 'the quote is never closed; put another `"` behind the page')


def _picture(text: str, at: int) -> str:
    """A line of the text round the place, and below it a caret."""
    begin, end = max(at - _SHOWN, 0), at + _SHOWN
    before = ("…" if begin else "") + _one_line(text[begin:at])
    line = before + _one_line(text[at:end]) + ("…" if end < len(text) else "")
    return f"  {line}\n  {' ' * sum(map(_width, before))}^"


def _one_line(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)


def _width(character: str) -> int:
    """Columns in a terminal: two for a Chinese character, none for an accent of its own."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
