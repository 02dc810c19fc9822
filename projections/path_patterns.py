"""Path patterns as automata over the codes of pages, and the steps of a funnel."""

from typing import NamedTuple

from raceline.domain.path_pattern import Pattern, parse
from raceline.domain.path_tokens import wrong
from raceline.projections.path_automaton import automaton

__all__ = ["FunnelStep", "automaton", "funnel_steps", "prefixes"]


class FunnelStep(NamedTuple):
    """A named step of a funnel: the pattern up to it and with it, and the pattern of the step alone."""

    name: str
    prefix: Pattern
    alone: Pattern


def prefixes(pattern: Pattern) -> list[tuple[str, Pattern]]:
    """For each named step its name and the pattern up to it and with it; a `$` behind the last one belongs to it.

    Raises InvalidPathPattern when no step is named, or when others follow the last one that is.
    """
    return [(step.name, step.prefix) for step in funnel_steps(pattern)]


def funnel_steps(pattern: Pattern) -> list[FunnelStep]:
    """The named steps in order. Raises InvalidPathPattern as prefixes does."""
    text = pattern.text
    if not pattern.names:
        wrong(text, 0, "a funnel has named steps, and here is none; write them as in `search: 11 -> .* -> solved: 42`")
    if pattern.after is not None:
        wrong(text, pattern.after, "a funnel ends with a named step; give this one a name, as in `solved: 42`")
    ends = [name.end for name in pattern.names[:-1]] + [len(text)]
    return [
        FunnelStep(name.name, parse(text[:end].rstrip()), parse(text[name.begin : name.end]))
        for name, end in zip(pattern.names, ends, strict=True)
    ]
