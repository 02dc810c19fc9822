"""Values of features in words."""

from math import isnan

from raceline.analytics.landmark_model import LandmarkModel
from raceline.projections.feature_table import Unit


def in_words(model: LandmarkModel, stage: int, feature: int, unit: Unit, value: float) -> str:
    """`3, typically 1`; `12.5 days, typically 4 days; more than was ever seen here in training: it counts as 9 days`.

    value: nan where nothing is known.
    """
    low, high, typical = (float(of[stage, feature]) for of in (model.low, model.high, model.typical))
    is_ = _said(unit, value) if not isnan(value) else "never" if unit == "days" else "nothing known"
    if isnan(low):
        return is_ if isnan(value) else f"{is_}; never seen in this stage in training: it counts for nothing"
    usual = f"{is_}, typically {_said(unit, typical)}"
    if isnan(value) or low <= value <= high:
        return usual
    side, end = ("less", low) if value < low else ("more", high)
    return f"{usual}; {side} than was ever seen in this stage in training: it counts as {_said(unit, end)}"


def _said(unit: Unit, value: float) -> str:
    if unit == "yes" and value in (0, 1):
        return "yes" if value else "no"
    number = f"{round(value, 2) + 0.0:{'+' if unit == 'score' else ''},.2f}".rstrip("0").rstrip(".")
    return number if unit != "days" else f"{number} day" if number == "1" else f"{number} days"
