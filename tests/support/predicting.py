"""Models that predict on a racetrack, drawn at random, as files; and the ledger as rows."""

from dataclasses import replace

import numpy as np
import psycopg
from psycopg.rows import dict_row
from small_model import small_model

from raceline.domain.catalogue import load
from raceline.domain.racetrack_file import parse
from raceline.projections.feature_list import feature_list
from raceline.projections.scoring import written_model


def model_file(definition, seed=0, pages=None, **changed):
    """The file of a model with all features of a racetrack, a YAML text, and weights that are drawn at random.

    changed: fields of the model that are others.
    """
    racetrack = parse(definition)
    features = feature_list(load(), racetrack, pages or {})
    model = small_model(len(racetrack.stages), features.names, tuple(features.groups.tolist()), seed)
    edges = np.full(model.drift_edges.shape, np.nan)
    edges[:, :, :2] = [0.05, 1.5]
    return written_model(replace(model, drift_edges=edges, **changed), pages or {})


def ledger(url):
    """The ledger, as rows in the order in which they were written."""
    return _rows(url, "SELECT p.* FROM raceline.prediction AS p ORDER BY p.id")


def drift(url):
    """The counts of drift, as rows."""
    return _rows(url, "SELECT d.* FROM raceline.prediction_drift AS d ORDER BY d.day, d.stage, d.feature, d.bin")


def days_pass(url, days):
    """What is recorded from now on is recorded so many days later, and timers are looked at as late."""
    with psycopg.connect(url) as conn:
        conn.execute(
            "UPDATE raceline.log_head AS h SET recorded_at = clock_timestamp() + %(days)s * interval '1 day'",
            {"days": days},
        )


def _rows(url, query):
    with psycopg.connect(url, row_factory=dict_row) as conn:
        return conn.execute(query).fetchall()
