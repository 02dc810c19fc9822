"""Models at work: a registered model's file, opened for the racetrack that it was trained for."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from raceline.analytics.landmark_model import LandmarkModel, arrays, from_arrays, score
from raceline.analytics.landmark_model_check import checked
from raceline.analytics.model_file import from_bytes, header_of, to_bytes
from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import UnknownModel, UnreadableModel
from raceline.domain.model_registry import ModelRegistry, ModelVersion
from raceline.domain.models import Head
from raceline.domain.racetrack import Racetrack
from raceline.projections.experiments import Experiment, experiments_of
from raceline.projections.feature_list import FeatureList, feature_list
from raceline.projections.race_rules import Track

Pages = Mapping[str, tuple[str, ...]]
_BETWEEN = "\t"  # of a stage and its page; no name of a stage has one
_KEPT = 32  # models that stay open
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Scoring:
    """A model that is open. version: of the model; hash: of its file. pages: by stage, those that it looks for;
    experiments: with them, as far as there were any when the model was trained."""

    racetrack: str
    version: int
    racetrack_version: int
    racetrack_hash: str
    hash: str
    model: LandmarkModel
    features: FeatureList
    pages: Pages
    experiments: tuple[Experiment, ...]


def written_model(model: LandmarkModel, pages: Pages) -> bytes:
    """A model as its file: the same model and pages are the same bytes."""
    told = [f"{stage}{_BETWEEN}{page}" for stage, several in pages.items() for page in several]
    return to_bytes(arrays(model) | {"pages": told})


def read_model(content: bytes) -> tuple[LandmarkModel, dict[str, tuple[str, ...]]]:
    """The model of a file, and its pages by stage. Raises UnreadableModel."""
    try:
        found = from_bytes(content)
        model = from_arrays(found)
        checked(model)
        pages = _pages(found["pages"])
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as problem:
        detail = f"it lacks {problem}" if isinstance(problem, KeyError) else str(problem)
        raise UnreadableModel(detail) from problem
    return model, pages


def _pages(told: Sequence[str]) -> dict[str, tuple[str, ...]]:
    pages: dict[str, tuple[str, ...]] = {}
    for one in told:
        stage, _, page = one.partition(_BETWEEN)
        pages[stage] = (*pages.get(stage, ()), page)
    return pages


def checked_head(head: Head, catalogue: Catalogue, racetrack: Racetrack) -> None:
    """Look at the beginning of a registered model's file (its first HEAD bytes), without opening it: whether it is what
    was registered, and fits the racetrack. Raises UnreadableModel; `scoring_of` may find more."""
    try:
        found = header_of(head.begin, head.length)
        names, stages, features = found["names"], found["tier"]["shape"][0], _pages(found["pages"])
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as problem:
        raise UnreadableModel(str(problem)) from problem
    if not head.whole:
        raise UnreadableModel("its file is damaged")
    _fit(tuple(names), stages, feature_list(catalogue, racetrack, features), len(racetrack.stages))


def scoring_of(version: ModelVersion, content: bytes, catalogue: Catalogue, racetrack: Racetrack) -> Scoring:
    """A registered model, open. racetrack: the definition that it was trained for. Raises UnreadableModel."""
    try:
        model, pages = read_model(content)
        features = feature_list(catalogue, racetrack, pages)
        _try(model, features, len(racetrack.stages))
    except UnreadableModel as problem:
        raise UnreadableModel(problem.detail, racetrack=version.racetrack, version=version.version) from problem
    return Scoring(
        racetrack=version.racetrack,
        version=version.version,
        racetrack_version=version.racetrack_version,
        racetrack_hash=version.racetrack_hash,
        hash=version.hash,
        model=model,
        features=features,
        pages=pages,
        experiments=experiments_of(version.parameters_read),
    )


def _try(model: LandmarkModel, features: FeatureList, stages: int) -> None:
    """See to it that the model fits what it will be asked, so that nothing has to be caught while customers wait."""
    _fit(model.names, model.stages, features, stages)
    try:
        found = score(model, np.arange(stages, dtype=np.int32), np.full((stages, len(model.names)), np.nan))
    except (ValueError, TypeError, IndexError, AttributeError) as problem:
        raise UnreadableModel(f"its arrays do not fit together: {problem}") from problem
    if not np.isfinite(found).all():
        raise UnreadableModel("it gives chances that are no numbers")


def _fit(names: tuple[str, ...], known: int, features: FeatureList, stages: int) -> None:
    if known != stages:
        raise UnreadableModel(f"it knows {known} stages, and the racetrack has {stages}")
    if names != tuple(features.names):
        other = sorted(set(names) ^ set(features.names))
        told = f"such as {other[0]}" if other else "in another order"
        raise UnreadableModel(f"it goes by other features than this raceline has, {told}: train it again")


class _Files(Protocol):
    """Where the registry and the files of models are: raceline.domain.models.Models."""

    def registry(self, up_to: int | None = None) -> ModelRegistry: ...
    def file(self, hash: str) -> bytes: ...  # noqa: A002


class Scorings:
    """The models of a log, opened once each. One that cannot be read is told of in the process's log, once, and does
    not predict."""

    def __init__(self, models: _Files, catalogue: Catalogue) -> None:
        self._models, self._catalogue = models, catalogue
        self._open: dict[tuple[str, int, str], Scoring | None] = {}

    def of(self, tracks: tuple[Track, ...], up_to: int | None = None) -> dict[str, Scoring]:
        """By name of the racetrack, the model in force at a position; by default now. Racetracks of which no model was
        trained for this very definition have none."""
        found = {}
        registry = self._models.registry(up_to)
        for track in tracks:
            version = registry.in_force(track.name)
            if version is not None and version.racetrack_hash == track.hash:
                scoring = self._opened(version, track)
                if scoring is not None:
                    found[track.name] = scoring
        return found

    def _opened(self, version: ModelVersion, track: Track) -> Scoring | None:
        key = (version.racetrack, version.version, version.hash)
        if key not in self._open:
            if len(self._open) >= _KEPT:
                self._open.clear()
            self._open[key] = self._read(version, track)
        return self._open[key]

    def _read(self, version: ModelVersion, track: Track) -> Scoring | None:
        try:
            return scoring_of(version, self._models.file(version.hash), self._catalogue, track.racetrack)
        except (UnreadableModel, UnknownModel) as problem:
            _log.error("the model %s predicts nothing: %s", version.name, problem)
            return None
