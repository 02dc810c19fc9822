"""What predicts and says why is compiled before somebody asks."""

from raceline.analytics.landmark_model_check import arrays_of
from raceline.domain.catalogue import load
from raceline.projections import model_kernels
from raceline.projections.explained import EXPLAINED
from raceline.projections.explained import explain as real


def test_the_kernels_of_predictions_and_of_every_reason_are_loaded_before_somebody_asks(monkeypatch):
    told, counted, counts = [], [], model_kernels.drift_counts
    monkeypatch.setattr(model_kernels, "explain", lambda *given: told.append(real(*given)) or told[0])
    monkeypatch.setattr(model_kernels, "drift_counts", lambda *given: counted.append(given) or counts(*given))
    model_kernels.load_kernels(load())
    (answer,) = told
    assert {name for name in EXPLAINED if answer[name]} >= {"factors", "prediction_intervals", "what_ifs"}
    assert {one["name"] for one in answer["prediction_intervals"]} >= {"withinWeek", "expectedDays"}
    assert answer["what_ifs"][0]["within_week"] is not None, "it was not refused"
    assert any(one["events"] for one in answer["factors"]), "the events behind a factor are looked for"
    ((found, _),) = counted
    arrays = [array for name, array in arrays_of(found.scoring.model) if array.size]
    assert not any(array.flags.writeable for array in arrays), "as those of a file: else they are other kernels"
