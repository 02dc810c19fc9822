"""An explanation as a tree that people read: stays, what moved the customer, why not yet, what was revised."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import takewhile

from rich.text import Text
from rich.tree import Tree

from raceline.app.explain import Condition, Explanation, Move, Prospect, Revision, Rule, Stay
from raceline.app.explain_cases import OpenCase
from raceline.app.explain_prediction_tree import add_prediction
from raceline.app.explain_words import add_events, many, plural, time_text
from raceline.app.terminal import printable

_OUTSIDE = "outside"
_KINDS = {
    "started": "start",
    "entered": "entered",
    "returned": "came back",
    "left": "left the racetrack",
    "forward": "forward",
    "skip": "skip",
    "backward": "REGRESSION",
    "edge": "edge",
    "lap": "new lap",
}
_STYLES = {"backward": "bold red", "left": "red", "skip": "magenta", "edge": "cyan", "lap": "bold cyan"}
_UNITS = {"events": "event", "days": "day", "values": "value"}
_LENGTHS = ((86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second"))
_DAY = 86_400_000_000


def explanation_tree(told: Explanation, events: int) -> Tree:
    """The whole story. events: the most that are shown under a condition, the newest; 0 for all."""
    root = Tree(_head(told))
    for move in told.moves:
        _add_move(root, told, move, events)
    if told.next_moves:
        why = root.add(Text("why not yet (the first that holds moves)", "bold"))
        for prospect in told.next_moves:
            _add_prospect(why, told, prospect, events)
    if told.prediction:
        add_prediction(root, told.prediction, told.stage, told.stages, events)
    elif told.prediction_note:
        root.add(Text.assemble(("nothing is predicted", "bold"), f": {printable(told.prediction_note)}"))
    if told.open_cases:
        cases = root.add(Text("open support cases", "bold"))
        for case in told.open_cases:
            cases.add(_case(case))
    if told.revisions or told.revisions_left_out:
        late = root.add(Text("revisions: late events that changed the past", "bold"))
        for revision in told.revisions:
            _add_revision(late, told, revision, events)
        if told.revisions_left_out:
            steps = many(told.revisions_left_out, "earlier step")
            late.add(f"{steps} of what was known were not looked at: too many events")
    return root


def _case(case: OpenCase) -> Text:
    said = [f"severity {case.severity}" if case.severity else "", case.problem or ""]
    said.append("" if case.sentiment is None else f"sentiment {case.sentiment:+.2f}")
    words = printable(", ".join(one for one in said if one))
    since = f"  since {time_text(case.open_since)}, open {_days(case.days)} in all  "
    return Text.assemble((printable(case.case_id), "bold"), since, words, (f"  ({case.event})", "dim"))


def _head(told: Explanation) -> Text:
    account = f" of {printable(told.account_id)}" if told.account_id else ""
    lines = [
        Text.assemble("customer ", (printable(told.customer_id), "bold"), account),
        Text(f"{printable(told.title)} ({told.racetrack}, version {told.version})"),
        _standing(told),
        Text(f"true up to position {told.position:,}, clock {time_text(told.clock)} (all times UTC)", "dim"),
    ]
    if told.next_timer:
        lines.append(Text(f"the clock alone is looked at next at {time_text(told.next_timer)}", "dim"))
    if told.others:
        lines.append(Text(f"also on: {', '.join(told.others)} (--racetrack)", "dim"))
    return Text("\n").join(lines)


def _standing(told: Explanation) -> Text:
    counted = [("backward", "regression"), ("skip", "skip"), ("lap", "lap"), ("left", "exit")]
    counts = [many(told.count(kind), word) for kind, word in counted if told.count(kind)]
    if told.status == "out_of_scope":
        return Text("no event of this customer is what this racetrack is about")
    if told.since is None:
        return Text("in no stage yet")
    days = _days(told.moves[-1].days)
    where = f"in {_stage(told, told.stage)}" if told.status == "in_stage" else "left the racetrack"
    return Text.assemble((where, "bold"), f" since {time_text(told.since)}, {days}", *(f"; {one}" for one in counts))


def _add_move(root: Tree, told: Explanation, move: Move, events: int) -> None:
    came = "" if move.origin is None else f" from {_stage(told, move.origin)}"
    kind = _KINDS[move.kind] + (f" ({move.edge})" if move.edge else "")
    branch = root.add(
        Text.assemble(
            (_stage(told, move.to), "bold"),
            f"  {_span(move.entered_at, move.left_at)}  {_days(move.days)}  ",
            (kind, _STYLES.get(move.kind, "")),
            came if move.kind not in ("forward", "started") else "",
        )
    )
    branch.add(_cause(move))
    if move.rule is not None and move.condition is not None:
        _add_rule(branch, move.rule)
        _add_condition(branch, move.condition, events)


def _cause(move: Move) -> Text:
    """What moved the customer: the rule, at which event, or at no event but the clock."""
    rule = "by being seen for the first time"
    if move.rule is not None:
        rule = f"by {printable(move.rule.title)} ({move.rule.name})"
    at = f"at the event {move.trigger.position}" if move.trigger else "by the clock alone, at no event"
    late = f", known since {time_text(move.known_at)}" if move.known_at > move.entered_at else ""
    return Text(f"{rule}, {at}{late}")


def _add_rule(branch: Tree, rule: Rule) -> None:
    attributes = f" ({', '.join(map(printable, rule.attributes))})" if rule.attributes else ""
    shares = (("confidence", rule.confidence), ("coverage", rule.coverage))
    parts = [
        f"source {printable(rule.source)}{attributes}" if rule.source else "",
        f"owner {printable(rule.owner)}" if rule.owner else "",
        *(f"{name} {share * 100:g} %" for name, share in shares if share is not None),
    ]
    if any(parts):
        branch.add(Text("; ".join(filter(None, parts)), "dim"))


def _add_condition(branch: Tree, condition: Condition, events: int) -> None:
    mark = ("✓ ", "green") if condition.satisfied else ("✗ ", "red")
    below = branch.add(Text.assemble(mark, printable(condition.says), how_far(condition)))
    add_events(below, condition.evidence, events)
    for one in condition.conditions:
        _add_condition(below, one, events)


def how_far(condition: Condition) -> str:
    """`: 2 of 3 events`, `: 40 of 60 days`; nothing for conditions that join others."""
    observed, needed = condition.observed, condition.needed
    if observed is None or needed is None:
        return ""
    if condition.unit == "microseconds":
        length, word = next((one for one in _LENGTHS if needed >= one[0]), _LENGTHS[-1])
        # Rounded down: 59.99 days are not 60.
        seen, unit = f"{observed * 10 // length / 10:,g}", plural(needed / length, word)
        return f": {seen} of {needed / length:g} {unit}"
    if condition.unit == "millionths":
        return f": {_number(observed)} of {_number(needed)}"
    return f": {observed:,} of {needed:,} {plural(needed, _UNITS[condition.unit or 'events'])}"


def _add_prospect(branch: Tree, told: Explanation, prospect: Prospect, events: int) -> None:
    kind = "exit" if prospect.to is None else _KINDS[prospect.kind]
    to = "out of the racetrack" if prospect.to is None else f"to {_stage(told, prospect.to)}"
    when = f", {time_text(prospect.fires_at)} if no event comes" if prospect.fires_at else ""
    if prospect.condition.satisfied:  # a new stage is looked at only then
        when = f", holds already: moves at the next event {f'or timer{when}' if when else _without_timer(told)}"
    rule = prospect.rule
    label = Text.assemble((to, "bold"), "  ", (kind, _STYLES.get(prospect.kind, "")))
    below = branch.add(label.append(f"  by {printable(rule.title)} ({rule.name}){when}"))
    _add_condition(below, prospect.condition, events)


def _without_timer(told: Explanation) -> str:
    """Of a rule that holds now, and at no timer to come: there is none, or what was counted is too old by then."""
    return "(no timer will come while it holds)" if told.next_timer else "(no timer will come)"


def _add_revision(branch: Tree, told: Explanation, revision: Revision, events: int) -> None:
    below = branch.add(
        Text(f"known since {time_text(revision.known_at)}, by {many(len(revision.causes), 'late event')}")
    )
    add_events(below, revision.causes, events)
    same = _equal_at_the_end(revision.before, revision.after)
    for word, stays in (("before", revision.before), ("after", revision.after)):
        side = below.add(Text(f"{word}:" if stays else f"{word}: nothing from there on"))
        for stay in stays[: len(stays) - same]:
            side.add(_stay(told, stay))
    if same:
        below.add(Text(f"from {time_text(revision.after[-same].entered_at)} on nothing changed", "dim"))


def _equal_at_the_end(before: Sequence[Stay], after: Sequence[Stay]) -> int:
    """How many stays are the same in both, counted from the last; the first stays differ."""
    pairs = zip(reversed(before[1:]), reversed(after[1:]), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _stay(told: Explanation, stay: Stay) -> Text:
    return Text.assemble((_stage(told, stay.stage), "bold"), f"  {_span(stay.entered_at, stay.left_at)}")


def _stage(told: Explanation, name: str | None) -> str:
    return _OUTSIDE if name is None else printable(told.stages[name])


def _span(entered_at: datetime, left_at: datetime | None) -> str:
    return f"{time_text(entered_at)} {f'to {time_text(left_at)}' if left_at else 'and on'}"


def _days(days: float) -> str:
    return f"{days:,.1f} days"


def _number(millionths: int) -> str:
    return f"{Decimal(millionths).scaleb(-6).normalize():,f}"
