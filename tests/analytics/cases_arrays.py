"""Between dictionaries, in which tests and the naive twin speak of cases, and the arrays of the kernels."""

from itertools import accumulate

import numpy as np
from naive_cases import SAID

from raceline.analytics import case_extremes, case_history, case_spells
from raceline.analytics.cases import CLOSED, NONE, OPENED, REOPENED, SURVEYED, UPDATED, CaseEvents

DOES = {"opened": OPENED, "updated": UPDATED, "closed": CLOSED, "reopened": REOPENED, "surveyed": SURVEYED}
MODULES = (case_extremes, case_history, case_spells)


def column(dicts, name, dtype, missing=-1):
    """What each dictionary says under the name, `missing` where that is nothing."""
    return np.array([missing if one.get(name) is None else one[name] for one in dicts], dtype)


def starts(lists):
    return np.array([0, *accumulate(map(len, lists))], np.int64)


def case_events(events):
    return CaseEvents(
        case=column(events, "case", np.int32),
        does=np.array([DOES[event["does"]] for event in events], np.int8),
        active=column(events, "active", np.int8),
        **{name: column(events, name, np.int32) for name in SAID},
        score=column(events, "score", np.int64, NONE),
        survey=column(events, "survey", np.int64, NONE),
    )


def case_starts(events):
    """Where each case starts, and where the last one ends."""
    case = column(events, "case", np.int32)
    return np.searchsorted(case, np.arange(case.max(initial=-1) + 2)).astype(np.int64)


def dicts(told):
    """Histories as the naive twin tells them: None for what is not known."""
    rows = zip(*(values.tolist() for values in told), strict=True)
    return [{name: _word(name, value) for name, value in zip(told._fields, row, strict=True)} for row in rows]


def _word(name, value):
    if value == NONE or (value == -1 and name in {*SAID, "open", "closing_of"}):
        return None
    return bool(value) if name == "open" else value


def spell_dicts(spells):
    """Spells as the naive twin tells them."""
    names = ("case", "event", "stage", "from", "to")
    return [dict(zip(names, row, strict=True)) for row in zip(*(values.tolist() for values in spells), strict=True)]


def run_plain(patch):
    """Let the interpreter run the kernels: coverage sees them, and numpy warns of what overflows."""
    for module in MODULES:
        for name, function in list(vars(module).items()):
            if hasattr(function, "py_func"):
                patch.setattr(module, name, function.py_func)
