"""Why nothing is predicted, in the words of the API (`predictionNote`), with what to do about it."""

from raceline.domain.model_registry import ModelRegistry


def why_nothing(models: ModelRegistry, racetrack: str, version: int, status: str = "in_stage") -> str:
    """Of a customer of this status on a version of a racetrack; models: as of the position of the answer."""
    if status in ("outside", "out_of_scope"):
        return "The customer is in no stage of this racetrack yet."
    if status == "left":
        return "The customer has left the racetrack."
    found, cure = models.in_force(racetrack), f"`raceline train --racetrack {racetrack} --promote` learns one."
    if found is None:
        return f"No model is in force for this racetrack. {cure}"
    if found.racetrack_version != version:
        return (
            f"The model in force, {found.name}, was trained for version {found.racetrack_version} of the racetrack, and"
            f" this answer is by version {version}. {cure}"
        )
    return f"The model in force, {found.name}, cannot be read, or has not been asked yet."
