"""What a what-if answer rests on, in words."""

from collections.abc import Sequence

from raceline.projections.experiments import Experiment

ASSOCIATION, COMPARISON, EXPERIMENT = "ASSOCIATION", "COMPARISON", "EXPERIMENT"

# Of the interval of an experiment that can bear a model out: some 200 customers an arm at shares about one half.
WIDEST = 0.2

REFUSED = "Nothing is predicted, because a change was refused: each refusal says why."
_ASSOCIATION = (
    "Customers who are like that move on so often. Making a customer like that need not have this effect: what nobody"
    " recorded may be behind both."
)
_COMPARISON = "A comparison with customers who have been in the stage for so long; time cannot be changed."
_EXPERIMENT = (
    "In the experiment {0.experiment}, {1:.1f} % of {0.sent:,} customers in this stage who were offered this page moved"
    " on within a week, and {2:.1f} % of {0.held_out:,} who were not: {3:+.1f} points ({4:+.1f} to {5:+.1f})."
)
_BEARS_OUT = "That bears the model out, which says {:+.1f}."
_NOT_BORNE_OUT = "That does not bear the model out, which says {:+.1f}."
_TOO_WIDE = (
    f"That is too uncertain to bear the model out, which says {{:+.1f}}: the interval is wider than {100 * WIDEST:.0f}"
    " points."
)
_AS_WELL = "Changed along, because it counts the same events: {}."


def basis(
    *, times: bool, others: bool, also: Sequence[str], experiment: Experiment | None, gain: float
) -> dict[str, str]:
    """The columns `basis` and `note`. times, others: whether days in the stage are changed, and other features; also:
    what was changed along; experiment: with the one page that is changed; gain: of the chance within a week.

    An experiment bears a gain out when its interval has the gain in it, and not 0, and is at most WIDEST wide: the less
    an experiment knows, the more gains it has in its interval.
    """
    proven = experiment is not None and experiment.low <= gain <= experiment.high and _informs(experiment)
    said = [_COMPARISON] if times else []
    said += [_ASSOCIATION] if (others or not times) and not proven else []
    if experiment is not None:
        verdict = _BEARS_OUT if proven else _TOO_WIDE if _too_wide(experiment) else _NOT_BORNE_OUT
        said += [_told(experiment), verdict.format(gain * 100)]
    said += [_AS_WELL.format(", ".join(also))] if also else []
    return {"basis": COMPARISON if times else EXPERIMENT if proven else ASSOCIATION, "note": " ".join(said)}


def _informs(one: Experiment) -> bool:
    return not (one.low <= 0 <= one.high or _too_wide(one))


def _too_wide(one: Experiment) -> bool:
    return one.high - one.low > WIDEST


def _told(one: Experiment) -> str:
    shares = (one.sent_moved / one.sent, one.held_out_moved / one.held_out, one.effect, one.low, one.high)
    return _EXPERIMENT.format(one, *(100 * share for share in shares))
