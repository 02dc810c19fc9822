"""Which racetrack a question about paths means, and in which of its stages customers were."""

import numpy as np

from raceline.domain.errors import NoRacetrack, NotInForce
from raceline.projections.path_columns import Codes, PathColumns

_LATER = "A racetrack that was activated just now is known when the read models have been made anew."


def racetrack_of(columns: PathColumns, asked: str | None) -> str:
    """The racetrack that is meant: without a name the default one.

    Raises NotInForce for one that the paths were not told by, and NoRacetrack where they were told by none.
    """
    known = columns.racetracks
    if asked is None and known:
        return known[0]
    if asked is None:
        raise NoRacetrack(_LATER)
    if asked not in known:
        raise NotInForce(f"In the read models are: {', '.join(known) or 'none'}. {_LATER}", racetrack=asked)
    return asked


def stages_of(columns: PathColumns, asked: str | None) -> Codes:
    """(p,) the stage of each path's customer at its start, 0 for none. Without any racetrack nobody is in a stage.

    Raises NotInForce.
    """
    if asked is None and not columns.racetracks:
        return np.zeros(columns.paths, np.int32)
    stage: Codes = columns.stage[columns.racetracks.index(racetrack_of(columns, asked))]
    return stage
