"""A prediction as a branch of the tree that people read: chances in words, how sure they are, and what matters most."""

from collections.abc import Mapping

from rich.text import Text
from rich.tree import Tree

from raceline.app.explain_prediction import Chance, Exit, Factor, Prediction
from raceline.app.explain_words import add_events, many, time_text
from raceline.app.terminal import printable

_WITHIN = {1: "a day", 7: "a week", 30: "a month"}
_LIKELY = ((0.2, "low"), (0.5, "medium"))  # below; from there on a chance is high
_STYLES = {"low": "red", "medium": "yellow", "high": "green"}
_EXITS = {"FURTHER": "further forward", "EDGE": "back by an edge", "BACKWARD": "regression", "OUT": "out of it"}
_LEAST = 0.0005  # what is less is not told: no tenth of a point, no tenth of a percent
_FEATURES = 6  # of a factor; JSON has all


def add_prediction(root: Tree, found: Prediction, stage: str | None, stages: Mapping[str, str], events: int) -> None:
    """stage: where the customer is; stages: titles by name, in order; events: the most under a factor, 0 for all."""
    branch = root.add(Text.assemble(("prediction", "bold"), f" by {found.model}, as of {time_text(found.computed_at)}"))
    names = list(stages)
    after = names[names.index(stage) + 1 :] if stage is not None else []
    for chance in found.chances if after else ():
        branch.add(_chance(chance, f"to {printable(stages[after[0]])}"))
    if not after:
        branch.add("there is no next stage: this is the last one")
    if others := [_exit(one) for one in found.exits if one.within_month >= _LEAST]:
        branch.add(f"other exits within a month: {', '.join(others)}")
    branch.add(_days(found))
    if found.tier == "BASELINE":
        branch.add(Text("too few have left this stage for a claim about this customer: its curve alone", "dim"))
    if not after:
        return
    why = branch.add(Text("what matters, within a week (points of a hundred)", "bold"))
    told = [one for one in found.factors if abs(one.within_week) >= _LEAST]
    for factor in told:
        _add_factor(why, factor, events)
    if len(told) < len(found.factors):
        why.add(Text("next to nothing: " + ", ".join(one.title for one in found.factors if one not in told), "dim"))


def _chance(chance: Chance, to: str) -> Text:
    word = next((word for below, word in _LIKELY if chance.chance < below), "high")
    known = chance.low is not None and chance.high is not None
    sure = f"90 %: {_percent(chance.low or 0)} to {_percent(chance.high or 0)}" if known else ""
    usual = "" if chance.usual is None else f"usual here {_percent(chance.usual)}"
    more = "; ".join(filter(None, (sure, usual)))
    said = (_percent(chance.chance), "bold")
    return Text.assemble(
        f"{to} within {_WITHIN[chance.days]}: ", said, " ", (word, _STYLES[word]), f" ({more})" if more else ""
    )


def _exit(one: Exit) -> str:
    return f"{_EXITS[one.exit]} {_percent(one.within_month)}"


def _days(found: Prediction) -> str:
    sure = ""
    if found.expected_low is not None and found.expected_high is not None:
        sure = f" ({found.expected_low:,.1f} to {found.expected_high:,.1f})"
    half = f"half have left after {found.median_days:,.1f}" if found.median_days is not None else "half stay longer"
    return f"{found.expected_days:,.1f} more days expected{sure}, up to {found.horizon_days:g}; {half}"


def _add_factor(why: Tree, factor: Factor, events: int) -> None:
    style = "green" if factor.within_week > 0 else "red"
    behind = f", by {many(factor.event_count, 'event')}" if factor.event_count else ""
    points = (f"{factor.within_week * 100:+.1f}", style)
    branch = why.add(Text.assemble(points, "  ", (printable(factor.title), "bold"), behind))
    for feature in factor.features[:_FEATURES]:
        branch.add(f"{printable(feature.title)}: {printable(feature.said)}")
    if len(factor.features) > _FEATURES:
        branch.add(Text(f"{many(len(factor.features) - _FEATURES, 'more feature')} (--json shows all)", "dim"))
    add_events(branch, factor.events[::-1], events, factor.event_count)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
