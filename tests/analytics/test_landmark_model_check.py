"""Arrays of a model that do not fit together are found before a kernel reads them."""

from dataclasses import replace

import numpy as np
import pytest
from small_model import small_model

from raceline.analytics.landmark_model_check import SHAPES, arrays_of, checked

MODEL = small_model(3)


def with_array(name, value):
    """The model with another array in this place."""
    whole, _, part = name.partition(".")
    return replace(MODEL, **{whole: getattr(MODEL, whole)._replace(**{part: value}) if part else value})


def test_a_model_that_fits_is_let_pass_and_every_array_of_it_is_known():
    checked(MODEL)
    assert {name for name, _ in arrays_of(MODEL)} == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_an_array_of_another_length_or_type_is_named(name):
    array = dict(arrays_of(MODEL))[name]
    for axis, symbol in enumerate(SHAPES[name][1].split()):
        if symbol == "M":
            continue  # rows for comparison, as many as there are
        with pytest.raises(ValueError, match=r"fit|columns"):
            checked(with_array(name, np.repeat(array, 2, axis=axis)))
        with pytest.raises(ValueError, match=r"fit|columns"):
            checked(with_array(name, np.take(array, range(array.shape[axis] - 1), axis=axis)))
    with pytest.raises(ValueError, match=name):
        checked(with_array(name, array.astype("complex64")))
    with pytest.raises(ValueError, match=name):
        checked(with_array(name, array[None]))


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("basis.first", lambda first: first + 10_000_000),
        ("basis.first", lambda first: first[::-1].copy()),
        ("tier", lambda tier: tier + np.int8(99)),
        ("groups", lambda groups: groups - np.int8(1)),
        ("weight", lambda weight: np.where(weight > 0, np.nan, weight)),
        ("replicate_weight", lambda weight: weight * np.float32("inf")),
        ("intercept", lambda intercept: intercept + np.inf),
        ("low", lambda low: low + 100.0),
        ("drift_counts", lambda counts: counts - 1),
    ],
)
def test_values_that_no_model_has_are_refused(name, changed):
    with pytest.raises(ValueError, match=r"columns|stand for|numbers|below zero"):
        checked(with_array(name, changed(dict(arrays_of(MODEL))[name])))


def test_features_of_the_same_name_are_refused():
    with pytest.raises(ValueError, match="different"):
        checked(replace(MODEL, names=("days_in_stage", *MODEL.names[1:-1], "days_in_stage")))
