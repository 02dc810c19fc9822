"""What commands ask the API about predictions: what is said of a customer, and how a model's predictions turn out."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from raceline.app.asking import Ask
from raceline.app.stage_day_tables import Row, as_reference
from raceline.domain.errors import NothingToDraw, UnknownModel

HORIZONS = {1: "DAY", 7: "WEEK", 30: "MONTH"}
_FIGURES = "rows customers moves slope slopeLow slopeHigh ratio auc"
_BINS = "bins { predicted observed rows low high }"
_MODELS = """
query($racetrack: String, $horizon: PredictionHorizon!) {
  models(racetrack: $racetrack) {
    name racetrack version racetrackVersion status stages { stage title tier }
    evaluation { horizon stage %s %s }
    calibration(horizon: $horizon) { position revised otherVersion pending %s %s }
  }
}"""
_OF_STAGE = "s%d: calibration(horizon: $horizon, stage: $stage%d) { %s %s }"
_STAGES = """
query($racetrack: String!, $version: Int!, $horizon: PredictionHorizon!, %s) {
  modelVersion(racetrack: $racetrack, version: $version) { %s }
}"""
_AT_ONCE = 10  # stages of one question, so that it stays far from the limit of aliases
_PREDICTION = """
query($customer: String!, $racetrack: RacetrackRef) {
  customer(id: $customer, racetrack: $racetrack) {
    position
    journey {
      racetrack stageTitle predictionNote
      prediction {
        stage tier withinDay withinWeek withinMonth expectedDays daysInStage computedAt racetrackVersion
        interval { withinDay { low high } withinWeek { low high } withinMonth { low high } }
        baseRate factors { title contribution }
        modelVersion { name }
        curve { days next further edge backward out }
      }
    }
  }
}"""


class Calibrated(NamedTuple):
    """How the predictions of a model turn out. model: its row; stages: None is all together, else name and title; live
    and held_out: by stage the figures and the bins, None where there are none."""

    model: Row
    position: int | None
    stages: list[tuple[str | None, str]]
    live: dict[str | None, Row | None]
    held_out: dict[str | None, Row | None]


def calibrated(ask: Ask, model: tuple[str, int | None] | None, horizon: int) -> Calibrated:
    """The calibration of a model, by racetrack and version; by default of the one in force, or else of the newest.

    Raises UnknownModel, UnknownRacetrack, NothingToDraw.
    """
    asked = {"racetrack": model and model[0], "horizon": HORIZONS[horizon]}
    figures = (_FIGURES, _BINS)
    found = _chosen(ask(_MODELS % (figures * 2), **asked)["models"], model)
    stages = [(one["stage"], one["title"]) for one in found["stages"]]
    # Of a model for another version of the racetrack nothing can be judged, and its stages may be unknown by now.
    judged = found["calibration"] is not None and found["calibration"]["rows"] > 0
    asked_of = [stage for stage, _ in stages] if judged else []
    live: dict[str | None, Row | None] = dict.fromkeys(stage for stage, _ in stages) | {None: found["calibration"]}
    live |= dict(_of_stages(ask, found, asked_of, horizon))
    held_out = {one["stage"]: one for one in found["evaluation"] if one["horizon"] == HORIZONS[horizon]}
    position = None if found["calibration"] is None else int(found["calibration"]["position"])
    return Calibrated(found, position, [(None, "All stages"), *stages], live, held_out)


def _chosen(models: Sequence[Row], wanted: tuple[str, int | None] | None) -> Row:
    number = None if wanted is None else wanted[1]
    if number is not None:
        found = next((one for one in models if one["version"] == number), None)
        if found is None:
            known = ", ".join(str(one["name"]) for one in models) or "none"
            raise UnknownModel(f"its models are {known}", racetrack=wanted and wanted[0], version=number)
        return found
    in_force = [one for one in models if one["status"] == "PROMOTED"]
    if not in_force and not models:
        raise NothingToDraw("There is no model yet; `raceline train` learns one.")
    return (in_force or list(models[-1:]))[0]


def _of_stages(ask: Ask, model: Row, stages: Sequence[str], horizon: int) -> Iterator[tuple[str, Row | None]]:
    for first in range(0, len(stages), _AT_ONCE):
        part = dict(enumerate(stages[first : first + _AT_ONCE]))
        fields = " ".join(_OF_STAGE % (n, n, _FIGURES, _BINS) for n in part)
        question = _STAGES % (" ".join(f"$stage{n}: String" for n in part), fields)
        given: dict[str, Any] = {f"stage{n}": stage for n, stage in part.items()}
        which = {"racetrack": model["racetrack"], "version": model["version"], "horizon": HORIZONS[horizon]}
        found = ask(question, **which, **given)["modelVersion"]
        yield from ((stage, found[f"s{n}"]) for n, stage in part.items())


def prediction(ask: Ask, customer: str, racetrack: tuple[str, int | None] | None) -> Row:
    """What is predicted of a customer: the journey with its prediction, and the position. Raises NothingToDraw, which
    says why there is no prediction, and UnknownRacetrack."""
    found = ask(_PREDICTION, customer=customer, racetrack=as_reference(racetrack))["customer"]
    if found is None or found["journey"] is None:
        raise NothingToDraw("No event of this customer is known.", customer=customer)
    journey = found["journey"]
    if journey["prediction"] is None:
        raise NothingToDraw(journey["predictionNote"] or "Nothing is predicted of this customer.", customer=customer)
    return {**journey, "position": found["position"]}
