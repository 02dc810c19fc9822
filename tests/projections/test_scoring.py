"""Files of models: written and read in one place, and refused with a reason when they do not fit."""

from dataclasses import replace

import numpy as np
import pytest
from anything import TRACK
from predicting import model_file

from raceline.analytics.landmark_model import arrays
from raceline.analytics.model_file import from_bytes, to_bytes
from raceline.domain.catalogue import load
from raceline.domain.errors import UnreadableModel
from raceline.domain.model_registry import ModelVersion
from raceline.domain.racetrack_file import parse
from raceline.projections.scoring import read_model, scoring_of, written_model

PAGES = {"look": ("a", "b\tb", ""), "use": ("ä",)}
FILE = model_file(TRACK, 1, PAGES)
VERSION = ModelVersion("small", 3, 1, "h", "f", "{}", "{}", "ada", 5, None)


def opened(file, definition=TRACK):
    return scoring_of(VERSION, file, load(), parse(definition))


def test_a_model_is_read_as_it_was_written_with_its_pages():
    model, pages = read_model(FILE)
    assert pages == PAGES
    assert written_model(model, pages) == FILE
    scoring = opened(FILE)
    assert (scoring.racetrack, scoring.version, scoring.pages) == ("small", 3, PAGES)
    assert scoring.model.names == scoring.features.names


def test_a_model_of_other_features_says_which_and_what_to_do():
    more = TRACK + "features:\n  clicks: {title: Clicks, event: support.*, aggregate: count, group: content}\n"
    with pytest.raises(UnreadableModel, match=r"such as clicks: train it again .*racetrack=small, version=3"):
        opened(FILE, more)


def test_a_file_without_one_of_its_arrays_names_it():
    found = from_bytes(FILE)
    for name in ("pages", "weight", "basis_first", "names"):
        with pytest.raises(UnreadableModel, match=name):
            opened(to_bytes({key: value for key, value in found.items() if key != name}))


def test_arrays_that_do_not_fit_are_refused_before_they_are_computed_with():
    model, pages = read_model(FILE)
    damaged = arrays(replace(model, tier=model.tier + np.int8(50))) | {"pages": []}
    with pytest.raises(UnreadableModel, match="tier"):
        opened(to_bytes(damaged))
    far = replace(model, basis=model.basis._replace(first=model.basis.first + 10_000_000))
    with pytest.raises(UnreadableModel, match=r"basis\.first"):
        opened(written_model(far, pages))
