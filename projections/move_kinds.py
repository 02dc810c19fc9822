"""What kind of move it is from one state of a racetrack to another, and by which exit it ends a stay."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from raceline.analytics.incidence import EXITS
from raceline.projections.race_rules import Track

KINDS: Final = ("started", "entered", "returned", "left", "forward", "skip", "backward", "edge", "lap")
STARTED, ENTERED, RETURNED, LEFT, FORWARD, SKIP, BACKWARD, EDGE, LAP = range(len(KINDS))
_EXIT_OF = {LEFT: "OUT", FORWARD: "NEXT", SKIP: "FURTHER", BACKWARD: "BACKWARD", EDGE: "EDGE", LAP: "EDGE"}
# (len(KINDS),) by which of EXITS a move of each kind ends a stay; -1: it ends none.
EXIT_OF: Final = np.array([EXITS.index(_EXIT_OF[kind]) if kind in _EXIT_OF else -1 for kind in range(len(KINDS))], "i1")


def kinds(track: Track, origin: Any, to: Any, started: Any, first: Any) -> NDArray[np.int64]:
    """Numbers of KINDS of moves between states. started: those that the racetrack itself made at its start; first:
    those of a customer who was never in a stage before."""
    outside = track.program.stages
    edge = edge_codes(track)[origin, to]
    laps = np.array([one.new_lap for one in track.racetrack.edges.values()] + [False])[edge]
    cases = {
        STARTED: started,
        LEFT: to == outside,
        ENTERED: (origin == outside) & first,
        RETURNED: origin == outside,
        FORWARD: to == origin + 1,
        SKIP: to > origin,
        LAP: (edge >= 0) & laps,
        EDGE: edge >= 0,
    }
    found: NDArray[np.int64] = np.select(list(cases.values()), list(cases), BACKWARD)
    return found


def exit_codes(track: Track) -> NDArray[np.int8]:
    """(S + 1, S + 1) the place in EXITS of a move from one state to another; of those from outside, nothing of use."""
    origin, to = np.indices((track.program.stages + 1,) * 2)
    never = np.zeros(origin.shape, np.bool_)
    codes: NDArray[np.int8] = EXIT_OF[kinds(track, origin, to, never, never)]
    return codes


def edge_codes(track: Track) -> NDArray[np.int64]:
    """(S + 1, S + 1) the edge from one state to another; -1 where there is none."""
    names = list(track.racetrack.stages)
    codes = np.full((len(names) + 1, len(names) + 1), -1, np.int64)
    for n, edge in reversed(list(enumerate(track.racetrack.edges.values()))):  # the first in the file counts
        for origin in edge.from_:
            codes[names.index(origin), names.index(edge.to)] = n
    return codes
