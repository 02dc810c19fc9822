"""How long the stays in one stage last, by the product-limit curve: open stays count for as long as they have lasted.

The mean of finished stays alone is too short, because long stays are the ones that are still open. Curve and bounds are
those of Kaplan and Meier (1958) with Greenwood's exponential formula ("log-log"), as lifelines computes them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# The mean is restricted to the first year of a stay, or to the longest stay seen where that is shorter: beyond the
# longest stay nothing is known of the curve.
HORIZON = 365.0
# With fewer ended stays the 90th percentile hangs on one or two of them, and nobody is called stalled.
ENDED_TO_TELL_STALLED = 20
# A point of the curve is left out of the drawing when survival and bounds each stay within the same hundredth.
RESOLUTION = 0.01
_Z = 1.959963984540054  # of a confidence of 95 %
_ROUNDING = 1e-9  # the curve is an exponential of a sum of logarithms, and misses a half by less than this


class Estimate(NamedTuple):
    """Days with their 95 % confidence bounds; None where the curve, or that of the bound, never gets there."""

    days: float | None
    lower: float | None
    upper: float | None


class Curve(NamedTuple):
    """The share of stays that last longer than so many days, with 95 % confidence bounds; it falls in steps.

    left_out: how many steps of the curve are no point of their own; each is less than RESOLUTION away from the point
    before it.
    """

    days: Floats
    survival: Floats
    lower: Floats
    upper: Floats
    left_out: int


class LengthOfStay(NamedTuple):
    """Stays of one stage. A percentile is the shortest length by which at least that share of stays has ended.

    mean: within the first `horizon` days. stalled_after: an open stay longer than this is stalled; None when nobody can
    be called that. The bounds take every stay as independent of the others, also those of one customer.
    """

    stays: int
    open: int
    horizon: float
    mean: Estimate
    median: Estimate
    q25: Estimate
    q75: Estimate
    p90: Estimate
    stalled_after: float | None
    curve: Curve


class _Steps(NamedTuple):
    """The whole curve, a row for each length from 0 days on. at_risk: stays at least as long; ended: ending then."""

    days: Floats
    survival: Floats
    lower: Floats
    upper: Floats
    at_risk: Floats
    ended: Floats


def length_of_stay(
    days: Floats, ended: Bools, weights: NDArray[np.int64] | None = None, horizon: float = HORIZON
) -> LengthOfStay:
    """Figures of at least one stay: days (n,) >= 0, whether each ended (n,) or is open, for how many it stands (n,).

    Raises ValueError when there is none.
    """
    days, ended, weights = _distinct(days, ended, weights)
    steps = _curve(days, ended, weights)
    horizon = min(horizon, float(days[-1]))
    finished = int(weights[ended].sum())
    p90 = _percentile(steps, 0.9)
    return LengthOfStay(
        stays=int(weights.sum()),
        open=int(weights.sum()) - finished,
        horizon=horizon,
        mean=_restricted_mean(steps, horizon),
        median=_percentile(steps, 0.5),
        q25=_percentile(steps, 0.25),
        q75=_percentile(steps, 0.75),
        p90=p90,
        stalled_after=p90.days if finished >= ENDED_TO_TELL_STALLED else None,
        curve=_thinned(steps),
    )


def _distinct(days: Floats, ended: Bools, weights: NDArray[np.int64] | None) -> tuple[Floats, Bools, NDArray[np.int64]]:
    """Each length once, ascending, ended or open, with how many stays it stands for: there are far fewer of them."""
    if len(days) == 0:
        raise ValueError("there is no stay")
    # Ended stays are the real part, so that one sort of complex numbers orders both at once.
    key, place = np.unique(days + 1j * ended, return_inverse=True)
    counts = np.bincount(place, weights=weights).astype(np.int64)
    return key.real.copy(), key.imag.astype(np.bool_), counts


def _curve(days: Floats, ended: Bools, weights: NDArray[np.int64]) -> _Steps:
    from lifelines import KaplanMeierFitter  # takes seconds to import, and most processes never ask

    with np.errstate():  # lifelines changes numpy's treatment of errors and leaves it changed
        fitted = KaplanMeierFitter(alpha=0.05).fit(days, ended, weights=weights)
    bounds = fitted.confidence_interval_.to_numpy(np.float64)
    return _Steps(
        days=fitted.survival_function_.index.to_numpy(np.float64),
        survival=fitted.survival_function_.to_numpy(np.float64)[:, 0],
        lower=bounds[:, 0],
        upper=bounds[:, 1],
        at_risk=fitted.event_table["at_risk"].to_numpy(np.float64),
        ended=fitted.event_table["observed"].to_numpy(np.float64),
    )


def _percentile(steps: _Steps, share: float) -> Estimate:
    """Its bounds are where the bounds of the curve get there (Brookmeyer and Crowley, 1982)."""
    return Estimate(*(_first(steps.days, curve, 1 - share) for curve in (steps.survival, steps.lower, steps.upper)))


def _first(days: Floats, curve: Floats, height: float) -> float | None:
    there = curve <= height + _ROUNDING
    return float(days[np.argmax(there)]) if there.any() else None


def _restricted_mean(steps: _Steps, horizon: float) -> Estimate:
    """The area under the curve up to the horizon, in days, with the variance of Klein and Moeschberger (2003), 4.5.

    (The variance that lifelines gives is that of the stays and not that of their mean.)
    """
    here = steps.days <= horizon
    width = np.diff(steps.days[here], append=horizon)
    area_after = np.cumsum((steps.survival[here] * width)[::-1])[::-1]
    mean = float(area_after[0])
    at_risk, ended = steps.at_risk[here], steps.ended[here]
    rest = at_risk - ended
    # Where nobody is left the curve is 0, and so is the area that is still to come.
    per_area = np.divide(ended, at_risk * rest, out=np.zeros_like(rest), where=rest > 0)
    error = _Z * float(np.sqrt(np.sum(area_after**2 * per_area)))
    return Estimate(mean, max(mean - error, 0.0), min(mean + error, horizon))


def _thinned(steps: _Steps) -> Curve:
    """First, last, and every point at which one of the three curves enters another hundredth."""
    drawn = np.stack([steps.survival, steps.lower, steps.upper])
    keep = np.append(True, (np.diff(np.floor(drawn / RESOLUTION)) != 0).any(axis=0))
    keep[-1] = True
    left_out = int(np.sum((steps.ended > 0) & ~keep))
    survival, lower, upper = drawn[:, keep]
    return Curve(steps.days[keep], survival, lower, upper, left_out)
