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


def arrays(model: LandmarkModel) -> dict[str, Any]:
    """The model as arrays and lists of names, for to_bytes; the parts of its basis are basis_first and so on."""
    found = {field.name: getattr(model, field.name) for field in fields(model) if field.name not in ("basis", "names")}
    return {"names": list(model.names), **{f"basis_{k}": v for k, v in model.basis._asdict().items()}, **found}


def from_arrays(found: Mapping[str, Any]) -> LandmarkModel:
    """The model whose arrays these are. Raises KeyError when one is not there."""
    plain = {field.name: found[field.name] for field in fields(LandmarkModel) if field.name not in ("basis", "names")}
    basis = Basis(*(np.asarray(found[f"basis_{name}"]) for name in Basis._fields))
    return LandmarkModel(names=tuple(found["names"]), basis=basis, **plain)
