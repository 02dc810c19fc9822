"""The model of the sample: learned, judged and promoted by the rules that hold for everybody."""

import logging
from threading import Thread
from typing import TYPE_CHECKING

from raceline.domain.errors import PromotionRefused, RacelineError

if TYPE_CHECKING:
    from raceline.app.runtime import Runtime

BY = "raceline-sample"
# Of some 300,000 that there are: enough for the rules of promotion, and learned from in a quarter of a minute.
LANDMARKS = 100_000
_log = logging.getLogger(__name__)


def learn_sample(store: "Runtime") -> str | None:
    """Learn a model from the sample and put it in force, unless there was ever one; gives its name.

    Raises NothingToTrain, TrainingRunning, PromotionRefused, LogUnavailable.
    """
    from raceline.projections.training import train

    if store.models.registry().versions:
        return None
    version = store.racetracks.registry().meant(None)
    trained = train(store.url, store.catalogue, store.rules, version, landmarks=LANDMARKS)
    done = store.models.register(version, trained.content, trained.parameters_json, trained.metrics_json, BY)
    store.models.promote(done.racetrack, done.version, BY)
    return store.models.registry().get(done.racetrack, done.version).name


def learn_in_background(store: "Runtime") -> None:
    """As `learn_sample`, while the server answers everything else; ends with the process."""

    def learn() -> None:
        try:
            name = learn_sample(store)
        except PromotionRefused as refused:
            _log.warning("the sample's model is not in force: %s", refused)
        except RacelineError as error:  # the server was ended meanwhile, or somebody else trains
            _log.info("no model was learned from the sample: %s", error)
        else:
            if name is not None:
                _log.info("%s was learned from the sample and is in force: journeys have predictions", name)

    Thread(target=learn, name="raceline-learn", daemon=True).start()
