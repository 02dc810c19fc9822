"""The kernels that predict and say why, loaded or compiled ahead: at the first question they would take a long time."""

import numpy as np
import pyarrow as pa

from raceline.analytics.incidence import E, K
from raceline.analytics.landmark_model import STAGE, LandmarkModel, from_arrays
from raceline.analytics.landmark_model_check import SHAPES
from raceline.domain.catalogue import Catalogue
from raceline.domain.columns import Columns, Wanted, attribute_columns
from raceline.domain.racetrack_file import parse
from raceline.projections.asked import Change, WhatIf
from raceline.projections.explained import explain
from raceline.projections.feature_list import feature_list
from raceline.projections.in_force import with_models
from raceline.projections.noting import drift_counts
from raceline.projections.predictions import predictions_for
from raceline.projections.race_rules import compiled, wanted
from raceline.projections.rules import Rules, rules_of
from raceline.projections.scoring import Scoring, read_model, written_model

_NAME = "kernels"
_RACETRACK = """\
name: kernels
title: Kernels
start: first
stages: {first: {title: First}, second: {title: Second}}
rules:
  moves: {title: Moves, stage: second, when: {event: %s, since: stage}}
"""
# What the reader gives of every event as text (domain/columns.py), beside the attributes that are wanted.
_TEXTS = ("type", "product", "account_id", "page", "from_page", "resolved", "variant", "slot1", "language")
_SIZES = {"K": K, "E": E}
_FEW = 2  # along every other axis: stages, replicates and so on
_HAPPENED = 1_600_000_000_000_000
_CLOCK = _HAPPENED + 7 * 86_400_000_000
_ASKED = WhatIf(1, (Change("days_in_stage", 0.0),))


def load_kernels(catalogue: Catalogue) -> None:
    """Predict one customer who did one thing, by a model that learned nothing, and ask for every reason."""
    kind = next(iter(catalogue.types))
    rules = _rules(catalogue, kind)
    columns = _columns(catalogue, kind, rules.wanted)
    found = list(predictions_for(columns, rules, _CLOCK))
    explain(columns, found, None, (_ASKED,))
    for one in found:
        drift_counts(one, np.ones(one.table.num_rows, np.bool_))


def _rules(catalogue: Catalogue, kind: str) -> Rules:
    racetrack = parse(_RACETRACK % kind)
    reads = wanted((racetrack,), catalogue)
    track = compiled(_NAME, 1, "", racetrack, catalogue, reads)
    features = feature_list(catalogue, racetrack, {})
    # As from its file: kernels are compiled once more for arrays that can be written to.
    model, pages = read_model(written_model(_model(tuple(features.names)), {}))
    scoring = Scoring(
        racetrack=_NAME,
        version=1,
        racetrack_version=1,
        racetrack_hash="",
        hash="",
        model=model,
        features=features,
        pages=pages,
        experiments=(),
    )
    rules = rules_of(catalogue)
    return with_models(Rules(rules.titles, rules.cases, rules.session_gap, (track,), reads), {_NAME: scoring})


def _model(names: tuple[str, ...]) -> LandmarkModel:
    """Of two stages; every feature has one weight, and that is 0."""
    sizes = {**_SIZES, "f": len(names), "d": len(names)}
    found = {}
    for name, (kind, axes) in SHAPES.items():
        parts = [axis.partition("+") for axis in axes.split()]
        found[name.replace(".", "_")] = np.zeros(
            [sizes.get(axis, _FEW) + int(more or 0) for axis, _, more in parts], kind
        )
    found |= {"basis_first": np.arange(len(names) + 1), "tier": np.full(_FEW, STAGE, np.int8)}
    return from_arrays({**found, "names": list(names)})


def _columns(catalogue: Catalogue, kind: str, reads: Wanted) -> Columns:
    slots = {
        slot for one in catalogue.types.values() for slot in attribute_columns(one, reads.get(one.name, ())).values()
    }
    texts = {name: pa.nulls(1, pa.string()) for name in sorted({*_TEXTS, *slots})}
    texts |= {"type": pa.array([kind]), "sentiment": pa.nulls(1, pa.int64())}
    at, first = np.array([_HAPPENED]), np.ones(1, np.int64)
    return Columns(pa.array(["one"]), np.zeros(1, np.int32), first, at, at, pa.table(texts))
