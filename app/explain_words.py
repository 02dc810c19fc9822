"""Times, counts and events, as explanations show them to people."""

from collections.abc import Sequence
from datetime import datetime

from rich.text import Span, Text
from rich.tree import Tree

from raceline.app.explain_event import Event
from raceline.app.terminal import printable


def add_events(branch: Tree, events: Sequence[Event], most: int, count: int | None = None) -> None:
    """Events in the order of time, the newest of them; most: 0 for all. count: how many there are, if not all are
    here."""
    shown = events[-most:] if most else events
    if left_out := (len(events) if count is None else count) - len(shown):
        hint = " (--events 0 shows all)" if count is None else ""
        branch.add(Text(f"{many(left_out, 'earlier event')}{hint}", "dim"))
    for event in shown:
        branch.add(event_text(event))


def event_text(event: Event) -> Text:
    """Its position, by which it is found again, its time and what happened."""
    before = f"{event.position}  {time_text(event.occurred_at) if event.occurred_at else ''}  "
    type_ = Span(len(before), len(before) + len(event.type), "blue")
    return Text(f"{before}{event.type}  {printable(event.title)}", spans=[type_])


def time_text(moment: datetime) -> str:
    """To the second; all times are UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def many(count: int, word: str) -> str:
    """`1 event`, `1,200 events`."""
    return f"{count:,} {plural(count, word)}"


def plural(count: float, word: str) -> str:
    """The word for so many."""
    return word if count == 1 else f"{word}s"
