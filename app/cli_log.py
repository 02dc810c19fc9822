"""Commands about the log and what it did not take: events, quarantine."""

import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raceline.app.terminal import flush, say, show, show_json, show_table

if TYPE_CHECKING:
    from raceline.domain.log import EventLog, Recorded

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Limit = Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")]

quarantine = typer.Typer(help="Look at what the log did not take, and offer it again.", no_args_is_help=True)


def events(
    customer: Annotated[str | None, typer.Option(help="Only of this customer.")] = None,
    type: Annotated[list[str] | None, typer.Option(help="Only of this type; may be repeated.")] = None,  # noqa: A002
    after: Annotated[
        int | None, typer.Option(min=0, help="Only after this position; without it all, or with --follow the new ones.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all. --follow prints all.")] = 50,
    json: Json = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events until Ctrl-C.")] = False,
) -> None:
    """Print events. Those of a customer in the order in which they happened, else in the order of the log.

    With --json each line is an envelope that `raceline ingest` takes again.
    """
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    kinds = set(type or ())
    with runtime(read_settings()) as store:

        def wanted(event: "Recorded") -> bool:
            return (not kinds or event.type in kinds) and (customer is None or event.customer_id == customer)

        print_event = show_envelope if json else _show_line
        if follow:
            _follow(store.log, after, wanted, print_event)
        else:
            found = filter(wanted, _read(store.log, customer, after or 0))
            _print(islice(found, limit or None), print_event)


def _read(log: "EventLog", customer: str | None, after: int) -> "Iterator[Recorded]":
    if customer is None:
        return chain.from_iterable(log.read_after(after))
    return (event for event in log.read_customer(customer) if event.position > after)


def _print(found: "Iterable[Recorded]", print_event: "Callable[[Recorded], None]") -> None:
    for event in found:
        print_event(event)
    flush()


def _follow(
    log: "EventLog",
    after: int | None,
    wanted: "Callable[[Recorded], bool]",
    print_event: "Callable[[Recorded], None]",
) -> None:
    from raceline.domain.errors import LogUnavailable
    from raceline.domain.recorder import CHANNEL, listen

    last = log.head() if after is None else after

    def heard() -> None:
        nonlocal last
        try:
            for page in log.read_after(last):
                _print(filter(wanted, page), print_event)
                last = page[-1].position
        except LogUnavailable as error:
            say(str(error))

    # Ctrl-C is how one stops following. As an exception it could be raised where the driver waits, and be lost there.
    stop = Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        listen(log.url, CHANNEL, heard, stop.is_set)
    finally:
        signal.signal(signal.SIGINT, before)


def show_envelope(event: "Recorded") -> None:
    """The event as JSON, with its position; what is null is left out."""
    import msgspec

    fields: dict[str, Any] = msgspec.structs.asdict(event) | {"data": msgspec.Raw(event.data.encode())}
    show_json({name: value for name, value in fields.items() if value is not None})


def _show_line(event: "Recorded") -> None:
    line = (
        f"{event.position:>8}  {event.occurred_at:%Y-%m-%d %H:%M:%S}  {event.customer_id}  {event.type}  {event.data}"
    )
    show(line[: shutil.get_terminal_size().columns] if sys.stdout.isatty() else line)


@quarantine.command("list")
def list_quarantine(
    after: Annotated[int, typer.Option(min=0, help="Only with a higher id.")] = 0,
    limit: Limit = 50,
    all: Annotated[bool, typer.Option("--all", help="Also what was taken when it was offered again.")] = False,  # noqa: A002
    json: Json = False,
) -> None:
    """List rejected input, oldest first."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    with runtime(read_settings()) as store:
        # One more than is shown says whether there are others.
        found = store.log.quarantined(after=after, limit=limit + 1 if limit else 2**31, with_requeued=all)
    shown = found[: limit or None]
    if json:
        for one in shown:
            show_json(one)
    elif shown:
        rows = [(one.quarantine_id, one.reason, one.place, one.source, one.detail) for one in shown]
        show_table("", ("id", "reason", "place", "source", "detail"), rows)
    else:
        say("There is nothing.")
    if len(found) > len(shown):
        say(f"There are more: --after {shown[-1].quarantine_id}")


@quarantine.command("show")
def show_quarantined(quarantine_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Print one entry. Its facts go to standard error, the input itself, byte for byte, to standard output."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.domain.errors import NotQuarantined

    with runtime(read_settings()) as store:
        entry = store.log.quarantined_one(quarantine_id)
    if entry is None:
        raise NotQuarantined(quarantine_id=quarantine_id)
    for name in ("place", "source", "reason", "detail", "received_at", "requeued_at", "requeued_as"):
        if (value := getattr(entry, name)) is not None:
            say(f"{name:<12} {value}")
    flush()
    sys.stdout.buffer.write(entry.raw + b"\n")


@quarantine.command("requeue")
def requeue_quarantined(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID", show_default=False)] = None,
    corrected: Annotated[
        Path | None, typer.Option(help="A file with the corrected envelope as JSON, for a single ID.", exists=True)
    ] = None,
    all: Annotated[  # noqa: A002
        bool, typer.Option("--all", help="Offer everything again, after the catalogue was extended, say.")
    ] = False,
) -> None:
    """Offer entries again. As they came in or corrected; exit status 3 when one of them is still not taken."""
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings
    from raceline.domain.requeue import requeue

    if bool(ids) == all or (corrected is not None and (all or len(ids or ()) != 1)):
        raise typer.BadParameter("Name entries by their ID, or all of them by --all; --corrected goes with one ID.")
    left = False
    with runtime(read_settings()) as store:
        for number in ids or _every_id(store.log):
            outcome = requeue(store.ingest, number, corrected.read_bytes() if corrected else None)
            at = f" at position {outcome.position}" if outcome.position else f": {outcome.reason}: {outcome.detail}"
            show(f"{number}: {outcome.outcome}{at}")
            left |= outcome.outcome == "quarantined"
    if left:
        raise typer.Exit(3)


def _every_id(log: "EventLog") -> Iterator[int]:
    last = 0
    while page := log.quarantined(after=last):
        yield from (entry.quarantine_id for entry in page)
        last = page[-1].quarantine_id
