"""Path patterns: a small language over the steps of a path, such as `11 -> .* -> 42` (README, "Path patterns").

    choice   := sequence ("|" sequence)*
    sequence := ["^" ["->"]] step ("->" step)* [["->"] "$"]
    step     := [name ":"] atom ["*" | "+" | "?" | "{m}" | "{m,}" | "{m,n}"]
    atom     := page | "." | "[" pages "]" | "[^" pages "]" | "(" choice ")"

Steps follow each other directly. A pattern is looked for anywhere in a path; `^` and `$` tie it to the ends. A name
calls a step of the outermost sequence, for a funnel.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn

from raceline.domain.path_nodes import Chain, Choice, End, Node, Pages, Repeat, parts_of, size, tied, without_pages
from raceline.domain.path_tokens import Token, tokens, wrong

MOST_STEPS: Final = 1_000
DEEPEST: Final = 30
MOST_NAMED: Final = 20
_KEPT: Final = 256  # patterns: a dashboard asks the same ones again and again, and a funnel each of its steps
_TOO_MANY_STEPS = f"with its repetitions written out it has more than {MOST_STEPS:,} steps; repeat fewer times"
_BOTH_ENDS = frozenset("^$")
_AFTER_END = "nothing comes after `$`, the end of the path; leave the rest out"
_BEFORE_START = "`^`, the start of the path, has steps before it; put it at the beginning"
_STRAY = {
    ")": "there is no `(` for this `)`; leave it out, or open the group",
    "]": "there is no `[` for this `]`; leave it out, or open the list",
    ":": "a colon follows the name of a step, as in `name: a`; a page with a colon stands in double quotes",
    ",": "a comma stands between the pages of a list, as in `[a, b]`; steps are joined by `->`",
}


@dataclass(frozen=True)
class Name:
    """A named step: text[begin:end] is what it asks for."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True)
class Pattern:
    """A pattern as written, what it means, and its named steps in order; `after`: where an unnamed rest begins.

    after: the place of the first step behind the last named one, None without named steps or without such a rest.
    """

    text: str
    root: Node
    names: tuple[Name, ...]
    after: int | None

    @property
    def pages(self) -> frozenset[str]:
        """Every page that is named in it."""
        return frozenset(name for part in parts_of(self.root) if isinstance(part, Pages) for name in part.names)


@lru_cache(_KEPT)
def parse(text: str) -> Pattern:
    """Read a pattern. Raises InvalidPathPattern, which shows the place and says what to write instead."""
    return _Parser(text).pattern()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0
        self.names: list[Name] = []
        self.first_name = 0
        self.open_groups = 0
        self.after: int | None = None

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def wrong(self, fault: str, at: int | None = None) -> NoReturn:
        wrong(self.text, self.next.at if at is None else at, fault)

    def pattern(self) -> Pattern:
        if self.next.kind == "end":
            self.wrong("there is no step in it; write a page, as in `11 -> .* -> 42`")
        root = self.choice(0, first=True)
        if self.next.kind != "end":
            self.refuse_next()
        if size(root) > MOST_STEPS:
            self.wrong(_TOO_MANY_STEPS, 0)
        if all(isinstance(part, End | Chain | Choice) for part in parts_of(root)):
            self.wrong("there is no step in it; write a page, or `.` for any page", 0)
        if any(needed != _BOTH_ENDS for needed in without_pages(root)):
            self.wrong(
                "it holds of every path, because nothing in it has to happen; leave it out, or use `+` for `*`", 0
            )
        return Pattern(self.text, root, tuple(self.names), self.after)

    def choice(self, depth: int, *, first: bool) -> Node:
        parts = [self.chain(depth, first=first)]
        while self.next.kind == "|":
            self.refuse_names_in_choice(depth)
            self.take()
            parts.append(self.chain(depth, first=first))
            self.refuse_names_in_choice(depth)
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def chain(self, depth: int, *, first: bool) -> Node:
        parts: list[Node] = []
        while True:
            parts.append(self.element(depth, first=first and not parts))
            if self.next.kind == "$" and parts[-1] != End("$"):
                continue  # the arrow before `$` may be left out
            if self.next.kind != "->" and (parts != [End("^")] or self.next.kind in ("end", "|", ")")):
                return parts[0] if len(parts) == 1 else Chain(tuple(parts))
            if tied(parts[-1], "$"):
                self.wrong(_AFTER_END)
            if self.next.kind == "->":
                self.take()

    def element(self, depth: int, *, first: bool) -> Node:
        if self.next.kind == "^" and not first:
            self.wrong(_BEFORE_START)
        if self.next.kind in ("^", "$"):
            return self.end_of_path()
        following = self.tokens[min(self.place + 1, len(self.tokens) - 1)]
        if self.next.kind == "page" and following.kind == ":":
            return self.named(depth, first=first)
        begin = self.next.at
        step = self.step(depth, first=first)
        if depth == 0 and self.names and self.after is None:
            self.after = begin
        return step

    def end_of_path(self) -> Node:
        sign = self.take().kind
        if self.next.kind == "repeat":
            self.wrong(f"`{sign}` is no step and happens once; leave the repetition out")
        return End("^" if sign == "^" else "$")

    def named(self, depth: int, *, first: bool) -> Node:
        name, colon = self.take(), self.take()
        self.first_name = self.first_name if self.names else name.at
        written = self.text[name.at : name.end]
        if depth:
            self.wrong(f"a name stands outside of parentheses; write it before them: `{written}: ( ... )`", name.at)
        if len(self.names) == MOST_NAMED:
            self.wrong(f"a funnel has at most {MOST_NAMED} named steps; leave the names of some out", name.at)
        if any(name.value == other.name for other in self.names):
            self.wrong(f"two steps are called {written}; give this one a name of its own", name.at)
        if self.next.kind == "page" and self.next.at == colon.end and not name.quoted:
            self.wrong(f"this may be a step of the name {written}, then write `{written}: ...` with a blank; or a page "
                       "with a colon, then put the page into double quotes", colon.at)  # fmt: skip
        if self.next.kind in ("^", "$"):
            self.wrong(f"`{self.next.kind}` is no step and has no name; write it apart, as in `^ -> name: a -> $`")
        step_at = self.next.at
        step = self.step(depth, first=first)
        if without_pages(step):
            self.wrong(f"the step {written} holds even if nothing happens; let it need a page", step_at)
        self.names.append(Name(name.value, step_at, self.tokens[self.place - 1].end))
        self.after = None
        return step

    def step(self, depth: int, *, first: bool) -> Node:
        atom = self.atom(depth, first=first)
        if self.next.kind != "repeat":
            return atom
        if tied(atom, "^") or tied(atom, "$"):
            self.wrong("what holds `^` or `$` happens once; leave the repetition out")
        sign = self.take()
        if self.next.kind == "repeat":
            self.wrong("one repetition follows another; put the step and the first into parentheses: `(a+){2}`")
        repeat = Repeat(atom, *sign.repeats)
        if size(repeat) > MOST_STEPS:
            self.wrong(_TOO_MANY_STEPS, sign.at)
        return repeat

    def atom(self, depth: int, *, first: bool) -> Node:
        match self.next.kind:
            case "page":
                return Pages((self.take().value,))
            case ".":
                self.take()
                return Pages((), but=True)
            case "[" | "[^":
                return self.list_of_pages()
            case "(":
                return self.group(depth, first=first)
        return self.refuse_missing_step()

    def group(self, depth: int, *, first: bool) -> Node:
        opening = self.take()
        self.open_groups += 1
        if depth == DEEPEST:
            self.wrong(f"parentheses stand in each other more than {DEEPEST} deep; write it flatter", opening.at)
        inside = self.choice(depth + 1, first=first)
        if self.next.kind != ")":
            if self.next.kind == "end":
                self.wrong("this `(` is never closed; write `)` where the group ends", opening.at)
            self.refuse_next()
        self.take()
        self.open_groups -= 1
        return inside

    def list_of_pages(self) -> Node:
        opening = self.take()
        names: list[str] = []
        while self.next.kind in ("page", ","):
            token = self.take()
            if token.kind == "page":
                names.append(token.value)
        if self.next.kind == "end":
            self.wrong("this `[` is never closed; write `]` behind its last page", opening.at)
        if self.next.kind != "]":
            self.wrong("a list holds pages only, as in `[a b]` or `[^a b]`; for more use parentheses: `(a | b -> c)`")
        if not names:
            self.wrong("the list names no page; write one, or `.` for any page")
        self.take()
        return Pages(tuple(dict.fromkeys(names)), but=opening.kind == "[^")

    def refuse_names_in_choice(self, depth: int) -> None:
        if depth == 0 and self.names:
            fault = "named steps follow one another; put the alternatives into parentheses: `name: (a | b)`"
            self.wrong(fault, self.first_name)

    def refuse_missing_step(self) -> NoReturn:
        """Where a step has to begin, something else is."""
        kind = self.next.kind
        if kind == "repeat":
            self.wrong("a repetition follows a step, and there is none; any number of any pages is `.*`")
        if kind in _STRAY and not (kind == ")" and self.open_groups):
            self.wrong(_STRAY[kind])
        missing = "the pattern ends" if kind == "end" else f"`{kind}` stands"
        self.wrong(f"{missing} where a step is expected; write a page, or `.` for any page")

    def refuse_next(self) -> NoReturn:
        """Behind a whole step, something is that cannot follow."""
        kind = self.next.kind
        if self.tokens[self.place - 1].kind == "$":
            self.wrong(_AFTER_END)
        if kind == "^":
            self.wrong(_BEFORE_START)
        if kind in _STRAY:
            self.wrong(_STRAY[kind])
        self.wrong("an arrow is missing before this step; write `->`. A page with a blank or one of * + ? in its name "
                   "stands in double quotes")  # fmt: skip
