"""The command that says why a customer is where they are."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app.terminal import show_json, show_tree

if TYPE_CHECKING:
    from raceline.app.explain import Explanation
    from raceline.app.runtime import Runtime
    from raceline.app.settings import Settings
    from raceline.domain.log import EventLog
    from raceline.projections.asked import Asked


def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's identifier.")],
    at: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="As it was at this moment of the customer's life.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(metavar="MOMENT|POSITION", help="As the store knew it then, or at this position of the log."),
    ] = None,
    racetrack: Annotated[
        str | None,
        typer.Option(metavar="NAME[@VERSION]", help="On this racetrack; without a version the active one."),
    ] = None,
    events: Annotated[int, typer.Option(min=0, help="At most so many events under a condition; 0 for all.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts; always with all events.")] = False,
) -> None:
    """Say why a customer is where they are. Stays, rules, conditions, events; why not yet; what is
    predicted, and why; open cases; revisions.

    A MOMENT is 2026-03-01 or 2026-03-01T09:30:00+01:00; without an offset it is UTC. Without options: all that the log
    holds, now.
    """
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    lived = None if at is None else moment(at, "--at")
    known = None if known_at is None else _known(known_at)
    named = None if racetrack is None else name_and_version(racetrack, "--racetrack")
    with runtime(read_settings()) as store:
        told = answer(store, as_asked(store.log, customer, lived, known, named))
    if json:
        show_json(told)
    else:
        from raceline.app.explain_tree import explanation_tree

        show_tree(explanation_tree(told, events))


def answer(store: "Runtime", asked: "Asked") -> "Explanation":
    """What there is to tell of the one customer. Raises UnknownCustomer, UnknownRacetrack, NoRacetrack."""
    from dataclasses import replace

    from raceline.app.explain import explained
    from raceline.app.no_prediction import why_nothing
    from raceline.domain.errors import NoRacetrack, UnknownCustomer
    from raceline.projections.as_known import AsKnown

    (customer,) = asked.customers
    as_known = AsKnown(store.url, store.catalogue, store.rules, store.racetracks, store.models)
    try:
        rows = as_known(asked)
    finally:
        as_known.close()
    if not rows["racetracks"]:
        raise NoRacetrack(position=asked.position)
    told = explained(rows, customer, asked.racetracks[0][0] if asked.racetracks else None)
    if told is None:
        by_then = {} if asked.at is None else {"at": asked.at.isoformat()}
        raise UnknownCustomer(_where(store.settings), customer=customer, position=asked.position, **by_then)
    if told.prediction is not None:
        return told
    models = store.models.registry(told.position)
    return replace(told, prediction_note=why_nothing(models, told.racetrack, told.version, told.status))


def _where(settings: "Settings") -> str:
    """Whose log was asked: whoever set something else in another terminal looks for their customers in vain."""
    if settings.database_url is not None:  # it has a password
        return "This is the log of the database that RACELINE_DATABASE_URL names."
    return f"This is the log in {settings.home}; another is named by RACELINE_HOME or RACELINE_DATABASE_URL."


def as_asked(
    log: "EventLog",
    customer: str,
    at: datetime | None,
    known: datetime | int | None,
    racetrack: tuple[str, int | None] | None,
) -> "Asked":
    """The question in positions and clocks. Not the read models are asked but the log, up to now where nothing is said.

    Raises PositionAhead.
    """
    from raceline.app.explain import TABLES
    from raceline.domain.errors import PositionAhead, UnknownCustomer
    from raceline.projections.asked import Asked

    if any("\ud800" <= one <= "\udfff" for one in customer):  # an argument that is no UTF-8
        raise UnknownCustomer(customer=ascii(customer))
    now, head = datetime.now(UTC), log.head()
    match known:
        case int():
            if known > head:
                raise PositionAhead(position=known, head=head)
            position, clock = known, None  # timers had fired up to the moment when the position's event was recorded
        case datetime():
            position, clock = log.position_at(known), min(known, now)
        case None:
            position, clock = head, now
    return Asked((customer,), position, clock, at, () if racetrack is None else (racetrack,), TABLES)


def name_and_version(text: str, option: str) -> tuple[str, int | None]:
    """The parts of NAME[@VERSION]; wrong usage when it is anything else."""
    name, at, version = text.partition("@")
    if not name or (at and not (version.isascii() and version.isdecimal() and len(version) < 10)):
        raise typer.BadParameter(f"write NAME or NAME@VERSION, such as cisco-13@2, not {text!r}", param_hint=option)
    return name, int(version) if at else None


def _known(text: str) -> datetime | int:
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    return moment(text, "--known-at")


def moment(text: str, option: str) -> datetime:
    """A moment as people write it, in UTC without an offset; wrong usage when it is anything else."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "2026-03-01 or 2026-03-01T09:30:00+01:00"
        or_position = ", or a position" if option == "--known-at" else ""
        raise typer.BadParameter(
            f"write a moment such as {example}{or_position}, not {text!r}", param_hint=option
        ) from None
