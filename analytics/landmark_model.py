"""Landmark models (design, section 8): learn one, score rows with it, and have it as plain arrays."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from raceline.analytics.basis import Basis
from raceline.analytics.landmark_model_fit import fit
from raceline.analytics.landmark_model_score import Linear, hazards, linear, score, score_replicates
from raceline.analytics.landmark_model_types import (
    BASELINE,
    BORDERS,
    GROUPS,
    POOLED,
    SHARED,
    STAGE,
    TIERS,
    Baseline,
    LandmarkModel,
    TrainingSet,
)

__all__ = [
    "BASELINE",
    "BORDERS",
    "GROUPS",
    "POOLED",
    "SHARED",
    "STAGE",
    "TIERS",
    "Baseline",
    "LandmarkModel",
    "Linear",
    "TrainingSet",
    "arrays",
    "fit",
    "from_arrays",
    "hazards",
    "linear",
    "score",
    "score_replicates",
]

_PARTS: dict[str, type[Any]] = {"basis": Basis, "baseline": Baseline}
_PLAIN = tuple(field.name for field in fields(LandmarkModel) if field.name not in ("names", *_PARTS))


def arrays(model: LandmarkModel) -> dict[str, Any]:
    """The model as arrays and lists of names, for to_bytes; the parts of its basis are basis_first and so on."""
    found: dict[str, Any] = {"names": list(model.names)}
    for name in _PARTS:
        found |= {f"{name}_{k}": v for k, v in getattr(model, name)._asdict().items()}
    return found | {name: getattr(model, name) for name in _PLAIN}


def from_arrays(found: Mapping[str, Any]) -> LandmarkModel:
    """The model whose arrays these are. Raises KeyError when one is not there."""
    parts: dict[str, Any] = {
        name: kind(*(np.asarray(found[f"{name}_{field}"]) for field in kind._fields)) for name, kind in _PARTS.items()
    }
    return LandmarkModel(names=tuple(found["names"]), **parts, **{name: found[name] for name in _PLAIN})
