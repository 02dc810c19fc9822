"""How commands talk: data to standard output, everything else to standard error, a progress bar only to people."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.tree import Tree

_UNBOUND = 100_000  # characters; wider than any table
_LONG_SECONDS = 3


class Advance(Protocol):
    """Told how much is done, of how much if that is known, and how many events that is if it is not the same."""

    def __call__(self, done: int, total: int | None, events: int | None = None) -> None:
        """Show it."""


def say(text: str) -> None:
    """Tell the person at the terminal; never part of a command's data."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def patience(text: str) -> Iterator[None]:
    """Tell the person at the terminal what takes so long, if it does."""
    from threading import Timer

    told = Timer(_LONG_SECONDS, say, [text])
    told.start()
    try:
        yield
    finally:
        told.cancel()


def show(text: str) -> None:
    """A line of a command's data."""
    sys.stdout.write(f"{text}\n")


def printable(text: str) -> str:
    """Text of anyone on one line, without what would steer the terminal."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else " " if one.isspace() else "\N{REPLACEMENT CHARACTER}" for one in text)


def flush() -> None:
    """Let whoever reads along see the data so far."""
    sys.stdout.flush()


def show_json(value: Any) -> None:
    """A line of JSON, for scripts."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table as wide as the terminal; into a file or a pipe as wide as it needs, so that nothing is cut."""
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    _print(table)


def show_tree(tree: "Tree") -> None:
    """A tree as wide as the terminal; into a file or a pipe each line as long as it is."""
    _print(tree)


def _print(what: "RenderableType") -> None:
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = _UNBOUND
        console.width = console.measure(what).maximum
    console.print(what)


@contextmanager
def progress(label: str, of: str = "events") -> Iterator[Advance]:
    """A bar on standard error that is told what is done and, if known, of how much; none unless a person is there.

    of: what is counted.
    """
    if not sys.stderr.isatty():
        yield lambda done, total, events=None: None  # noqa: ARG005 - the names of the protocol
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    share = TaskProgressColumn("{task.percentage:>3.0f} %", text_format_no_percentage="")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), share,
               TimeElapsedColumn(), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def advance(done: int, total: int | None, events: int | None = None) -> None:
            count = done if events is None else events
            bar.update(task, completed=done, total=total, description=f"{label}: {count:,} {of}")

        yield advance
