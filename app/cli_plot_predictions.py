"""Commands that draw pictures of predictions: plot calibration, prediction."""

from typing import Annotated

import typer

from raceline.app import cli_plot_paths
from raceline.app.cli_export import AnyVersion, Force
from raceline.app.cli_plot import PictureFile, refuse_picture, save_picture

plot = cli_plot_paths.plot


@plot.command()
def calibration(
    output: PictureFile,
    model: Annotated[
        str | None, typer.Option(metavar="RACETRACK[#VERSION]", help="A model; without it the one in force.")
    ] = None,
    horizon: Annotated[int, typer.Option(metavar="1|7|30", help="Chances within so many days.")] = 7,
    force: Force = False,
) -> None:
    """Whether chances mean what they say. Predicted against what came true, by stage, beside the data held out."""
    from raceline.app.asking import asking
    from raceline.app.cli_model import model_name
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    if horizon not in (1, 7, 30):
        raise typer.BadParameter(f"predictions look 1, 7 or 30 days ahead, not {horizon}", param_hint="--horizon")
    named = None if model is None else model_name(model)
    refuse_picture(output, force=force)
    with runtime(read_settings()) as store, asking(store) as ask:
        from raceline.app import plot_calibration
        from raceline.app.plot_asked import true_at
        from raceline.app.prediction_questions import calibrated

        found = calibrated(ask, named, horizon)
        at = store.log.head() if found.position is None else found.position
        save_picture(plot_calibration.calibration(found, horizon, true_at("models", at)), output)


@plot.command()
def prediction(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer, by the identifier of the source.")],
    output: PictureFile,
    racetrack: AnyVersion = None,
    force: Force = False,
) -> None:
    """When a customer will move on, and why. Chances by exit over 90 days, and what each group of features does."""
    from raceline.app.asking import asking
    from raceline.app.cli_explain import name_and_version
    from raceline.app.runtime import runtime
    from raceline.app.settings import read_settings

    named = None if racetrack is None else name_and_version(racetrack, "--racetrack")
    refuse_picture(output, force=force)
    with runtime(read_settings()) as store, asking(store) as ask:
        from raceline.app import plot_prediction, prediction_questions
        from raceline.app.plot_asked import true_at

        found = prediction_questions.prediction(ask, customer, named)
        source = true_at("prediction", found["position"])
        save_picture(plot_prediction.prediction(customer, found, source), output)
