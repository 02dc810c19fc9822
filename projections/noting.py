"""What is noted of predictions when they are made: the ledger, and counts by which drift is seen. Facts, outside of the
generations: a replay derives predictions anew, and notes nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raceline.analytics.drift import counts
from raceline.analytics.incidence import EXITS, at
from raceline.domain import arrow
from raceline.projections.drift import THE_WEEK
from raceline.projections.predictions import Predicted
from raceline.projections.rows import dates

if TYPE_CHECKING:
    from raceline.projections.generation import Session

_NEXT, _WEEK = EXITS.index("NEXT"), 7.0


def note(session: "Session", generation: str, found: Sequence[Predicted]) -> None:
    """Keep, of the predictions of the customers touched, those that are the first of a customer, stay and day."""
    if not any(one.table.num_rows for one in found):
        return
    first = session.rows("note_predictions", generation)
    if first.num_rows == 0:
        return
    noted = set(zip(first["racetrack"].to_pylist(), first["customer_id"].to_pylist(), strict=True))
    for one in found:
        names = one.table["customer_id"].to_pylist()
        kept = np.array([(one.track.name, name) in noted for name in names], np.bool_)
        if kept.any():
            arrow.write(session.connection, "new_drift", drift_counts(one, kept))
    session.run("add_drift")


def drift_counts(found: Predicted, kept: NDArray[np.bool_]) -> pa.Table:
    """How many of the predictions that are marked, (n,), had each feature in each bin of the model, by stage."""
    model, standing = found.scoring.model, found.standing
    week = at(found.incidence, _WEEK)[:, _NEXT]
    values = np.column_stack([standing.features, week])
    names = [*model.names, THE_WEEK]
    stage_of, feature_of, bin_of, rows_of = [], [], [], []
    for stage in np.unique(standing.stage[kept]).tolist():
        mine = values[kept & (standing.stage == stage)]
        for feature, edges in enumerate(model.drift_edges[stage]):
            counted = counts(mine[:, feature], edges[~np.isnan(edges)])
            bins = np.flatnonzero(counted)
            stage_of += [stage] * len(bins)
            feature_of += [feature] * len(bins)
            bin_of.append(bins)
            rows_of.append(counted[bins])
    count = len(stage_of)
    return pa.table(
        {
            "racetrack": pa.repeat(found.track.name, count),
            "model": np.full(count, found.scoring.version, np.int64),
            "day": dates(np.full(count, standing.day)),
            "stage": pa.array(found.track.stages).take(pa.array(stage_of, pa.int64())),
            "feature": pa.array(names).take(pa.array(feature_of, pa.int64())),
            "bin": np.concatenate([np.empty(0, np.int64), *bin_of]).astype(np.int64),
            "rows": np.concatenate([np.empty(0, np.int64), *rows_of]).astype(np.int64),
        }
    )
