"""The options that choose paths, shared by every command that is about some of them."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from inspect import Parameter, get_annotations, signature
from typing import Annotated, Any

import typer

from raceline.app.cli_export import From, Racetrack, To, parse_day, span

Where = dict[str, Any]  # a PathFilter as the API takes it

Pattern = Annotated[
    str | None, typer.Option(metavar="PATTERN", help="Matching this pattern of steps, such as '11 -> .* -> 42'.")
]
Containing = Annotated[
    list[str] | None, typer.Option("--containing", metavar="PAGE", help="Holding this page; may be repeated.")
]
EntryPage = Annotated[str | None, typer.Option(metavar="PAGE", help="Starting at this page.")]
ExitPage = Annotated[str | None, typer.Option(metavar="PAGE", help="Ending at this page.")]
TurnaroundAt = Annotated[str | None, typer.Option(metavar="PAGE", help="With a turnaround at this page.")]
Transition = Annotated[
    tuple[str, str] | None, typer.Option(metavar="PAGE PAGE", help="With a step from the first page to the second.")
]
Stage = Annotated[
    str | None, typer.Option(metavar="STAGE", help="Whose customer was in this stage when the path started.")
]
Variant = Annotated[str | None, typer.Option(metavar="VARIANT", help="With an event of this experiment's variant.")]
Resolved = Annotated[bool | None, typer.Option("--resolved/--open", help="Only resolved paths, or only open ones.")]
Account = Annotated[str | None, typer.Option(metavar="ACCOUNT", help="Of customers who belong to this company now.")]
Customer = Annotated[str | None, typer.Option(metavar="CUSTOMER", help="Of this customer.")]

_OPTIONS: dict[str, Any] = {
    "first_day": From,
    "last_day": To,
    "pattern": Pattern,
    "containing": Containing,
    "entry_page": EntryPage,
    "exit_page": ExitPage,
    "turnaround_at": TurnaroundAt,
    "transition": Transition,
    "stage": Stage,
    "racetrack": Racetrack,
    "variant": Variant,
    "resolved": Resolved,
    "account": Account,
    "customer": Customer,
}


def of_paths(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, in the place of its parameter `where`, the options that choose paths."""

    @wraps(command)
    def chosen(**given: Any) -> None:
        where = as_filter(**{name: given.pop(name) for name in _OPTIONS})
        command(**given, where=where)

    parameters: list[Parameter] = []
    for one in signature(command, eval_str=True).parameters.values():
        keyword = one.replace(kind=Parameter.KEYWORD_ONLY)
        parameters.extend(_parameters() if one.name == "where" else [keyword])
    chosen.__signature__ = signature(chosen).replace(parameters=parameters)  # type: ignore[attr-defined]
    chosen.__annotations__ = {**get_annotations(command, eval_str=True), **_OPTIONS}
    del chosen.__annotations__["where"]
    return chosen


def _parameters() -> list[Parameter]:
    return [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=option) for name, option in _OPTIONS.items()
    ]


def as_filter(first_day: date | None, last_day: date | None, **given: Any) -> Where:
    """The options as the API takes them; wrong usage when the first day comes after the last."""
    span(first_day, last_day)
    found = {
        "from": first_day and first_day.isoformat(),
        "to": last_day and last_day.isoformat(),
        "pattern": given["pattern"],
        "containing": given["containing"] or None,
        "entryPage": given["entry_page"],
        "exitPage": given["exit_page"],
        "turnaroundAt": given["turnaround_at"],
        "transition": given["transition"] and dict(zip(("from", "to"), given["transition"], strict=True)),
        "stage": given["stage"],
        "racetrack": given["racetrack"],
        "variant": given["variant"],
        "resolved": given["resolved"],
        "account": given["account"],
        "customer": given["customer"],
    }
    return {name: value for name, value in found.items() if value is not None}


CONDITIONS = "an option that chooses paths, as in variant=layout-a, from=2026-03-01 or resolved; may be repeated"
_FLAGS = {"resolved": True, "open": False}
_DAYS = {"from": "first_day", "to": "last_day"}
_TEXTS = ("pattern", "containing", "entry-page", "exit-page", "turnaround-at", "stage", "racetrack", "variant",
          "account", "customer")  # fmt: skip


def group(conditions: list[str], where: Where, option: str) -> Where:
    """The paths of `where` for which these conditions hold too, as CONDITIONS says; wrong usage when they cannot be."""
    given: dict[str, Any] = dict.fromkeys(_OPTIONS)
    for condition in conditions:
        name, value = _condition(condition, option)
        if name == "containing":
            value = [*(given[name] or ()), value]
        elif given[name] is not None:
            raise typer.BadParameter(f"`{condition.partition('=')[0]}` is said twice", param_hint=option)
        given[name] = value
    chosen = as_filter(**given)
    if twice := chosen.keys() & where.keys():
        raise typer.BadParameter(f"{', '.join(sorted(twice))}: said twice, here and for both", param_hint=option)
    return where | chosen


def _condition(text: str, option: str) -> tuple[str, Any]:
    from raceline.domain.yaml_file import nearest

    name, sign, value = text.partition("=")
    known = [*_DAYS, *_TEXTS, *_FLAGS]
    if name not in known:
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else f"known are {', '.join(known)}"
        raise typer.BadParameter(f"`{name}` chooses no paths; {hint}", param_hint=option)
    if name in _FLAGS:
        if sign:
            raise typer.BadParameter(f"write `{name}`, without a value", param_hint=option)
        return "resolved", _FLAGS[name]
    if not value:
        raise typer.BadParameter(f"write `{name}=...`", param_hint=option)
    return (_DAYS[name], parse_day(value)) if name in _DAYS else (name.replace("-", "_"), value)


def described(where: Where) -> str:
    """Which paths a filter chooses, in words for a picture."""
    days = {name: where[name] for name in ("from", "to") if name in where}
    words = [f"{name} {day}" for name, day in days.items()]
    if "resolved" in where:
        words.append("resolved" if where["resolved"] else "open")
    for name, value in where.items():
        if name not in (*days, "resolved"):
            text = " -> ".join(value.values()) if isinstance(value, dict) else value
            words.append(f"{_WORDS.get(name, name)} {', '.join(text) if isinstance(text, list) else text}")
    return f"paths {', '.join(words)}" if words else "all paths"


_WORDS = {
    "pattern": "matching",
    "entryPage": "from page",
    "exitPage": "to page",
    "turnaroundAt": "with a turnaround at",
    "transition": "with",
    "stage": "in stage",
    "racetrack": "of",
    "variant": "of variant",
    "account": "of",
    "customer": "of",
}
