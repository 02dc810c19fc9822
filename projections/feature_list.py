"""Which features a model goes by: those that are built in, and those that the racetrack's definition adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.features import COUNT, DAY, DAYS_SINCE, DISTINCT, EVER, LAST, MEAN, SINCE_ENTRY, SUM, Plan
from raceline.analytics.landmark_model_types import GROUPS
from raceline.domain.catalogue import Catalogue
from raceline.domain.condition import matching_types
from raceline.domain.feature import Feature, FeatureAggregate
from raceline.domain.racetrack import Racetrack
from raceline.projections.feature_table import HAS_PAGE, LAST_PAGE, Source, Spec, Unit, built_in

# What is read of experiments with outreach: see experiments.py.
EXPERIMENT, ACTION = "experiment", "action"
ARMS = ("outreach.sent", "outreach.held_out")
_AGGREGATES: dict[FeatureAggregate, tuple[int, Unit]] = {
    "count": (COUNT, "number"),
    "sum": (SUM, "amount"),
    "mean": (MEAN, "amount"),
    "last": (LAST, "amount"),
    "distinct": (DISTINCT, "number"),
    "days_since": (DAYS_SINCE, "days"),
}


@dataclass(frozen=True)
class FeatureList:
    """The f features of a racetrack. pages: by number of the stage, those that have a slot, the first slot first;
    kinds: by type, what the catalogue says of its attributes; families are spelled out in `sources`."""

    specs: tuple[Spec, ...]
    pages: tuple[tuple[str, ...], ...]
    kinds: Mapping[str, Mapping[str, str]]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """(f,) what features are called by commands and in questions."""
        return tuple(spec.name for spec in self.specs)

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """(f,) as people read them, of no stage in particular."""
        return tuple(spec.title for spec in self.specs)

    @cached_property
    def groups(self) -> NDArray[np.int8]:
        """(f,) places in GROUPS."""
        return np.array([GROUPS.index(spec.group) for spec in self.specs], np.int8)

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The pages of all stages; a page's code is its place."""
        return tuple(sorted({page for pages in self.pages for page in pages}))

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The streams, as the plan numbers them."""
        return tuple(dict.fromkeys(spec.source for spec in self.specs if spec.source is not None))

    @cached_property
    def plan(self) -> Plan:
        """What analytics has to make of the streams; `wanted` has a row for each stage."""
        place = {source: n for n, source in enumerate(self.sources)}
        return Plan(
            stream=np.array([place[spec.source] if spec.source else -1 for spec in self.specs], np.int32),
            aggregate=np.array([spec.aggregate for spec in self.specs], np.int8),
            window=np.array([spec.window for spec in self.specs], np.int64),
            wanted=np.array([[self._wanted(spec, n) for spec in self.specs] for n in range(len(self.pages))]),
        )

    def titles_of(self, stage: int) -> tuple[str, ...]:
        """(f,) the titles in a stage: slots with their pages, '' for a slot that the stage does not use."""
        return self._titles[stage]

    @cached_property
    def _titles(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(self._title(spec, stage) for spec in self.specs) for stage in range(len(self.pages)))

    def _wanted(self, spec: Spec, stage: int) -> float:
        if spec.by_stage:
            return float(stage)
        if spec.slot < 0:
            return spec.wanted
        page = self._page(spec, stage)
        return np.nan if page is None else float(self.vocabulary.index(page))

    def _title(self, spec: Spec, stage: int) -> str:
        if spec.slot < 0:
            return spec.title
        page = self._page(spec, stage)
        return "" if page is None else (HAS_PAGE if spec.name.startswith("page_") else LAST_PAGE).format(page=page)

    def _page(self, spec: Spec, stage: int) -> str | None:
        pages = self.pages[stage]
        return pages[spec.slot] if spec.slot < len(pages) else None


def feature_list(catalogue: Catalogue, racetrack: Racetrack, pages: Mapping[str, tuple[str, ...]]) -> FeatureList:
    """The features of a racetrack; pages: by name of the stage, those that have a slot. A feature of the definition
    takes the place of a built-in one of its name."""
    families = tuple(dict.fromkeys(kind.family for kind in catalogue.types.values()))
    specs = [spec for spec in built_in(families, racetrack.severities) if spec.name not in racetrack.features]
    specs += [_own(feature) for feature in racetrack.features.values()]
    known = {kind.name: {name: one.type for name, one in kind.attributes.items()} for kind in catalogue.types.values()}
    return FeatureList(
        specs=tuple(_spelled_out(spec, catalogue) for spec in specs),
        pages=tuple(tuple(pages.get(stage, ())) for stage in racetrack.stages),
        kinds=known,
    )


def attributes_read(racetrack: Racetrack, catalogue: Catalogue) -> dict[str, set[str]]:
    """By type, the attributes that the features of a racetrack look at, and those that say who was in an experiment."""
    both = {EXPERIMENT, ACTION}
    found = {
        kind: set(both) for kind in ARMS if kind in catalogue.types and both <= catalogue.types[kind].attributes.keys()
    }
    for source in feature_list(catalogue, racetrack, {}).sources:
        names = {name for name, _ in source.where} | ({source.attribute} if source.attribute else set())
        for kind in source.types:
            if read := names & catalogue.types[kind].attributes.keys():
                found.setdefault(kind, set()).update(read)
    return found


def _own(feature: Feature) -> Spec:
    aggregate, unit = _AGGREGATES[feature.aggregate]
    window = SINCE_ENTRY if feature.since == "stage" else EVER
    codes, where = aggregate == DISTINCT, tuple(feature.where.items())
    return Spec(
        name=feature.name,
        title=feature.title,
        group=feature.group.upper(),
        unit=unit,
        source=Source("events", feature.events, feature.attribute, codes=codes, where=where),
        aggregate=aggregate,
        window=window if feature.window_days is None else feature.window_days * DAY,
    )


def _spelled_out(spec: Spec, catalogue: Catalogue) -> Spec:
    """Families become their types; types that the catalogue does not have are left out."""
    source = spec.source
    if source is None or not source.types:
        return spec
    types = tuple(kind for kind in matching_types(source.types, catalogue.types) if kind in catalogue.types)
    amounts = tuple(amount for kind, amount in zip(source.types, source.amounts, strict=False) if kind in types)
    return spec._replace(source=source._replace(types=types, amounts=amounts))
