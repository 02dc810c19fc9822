"""Tables about models that a statement is given: what they are, how they did, and what is derived with a prediction.
See injected.py; ModelApi of context.py gives the rows."""

from collections.abc import Mapping

# Derived for the customers of a question, and never stored: why a prediction is as it is, how sure, and what if.
# n: of the group of features, from 1. horizon: days. A change that is refused leaves the figures of its answer null.
EXPLAINED: Mapping[str, str] = {
    "factors": (
        'customer_id text COLLATE "C", racetrack text, horizon bigint, n bigint, "group" text, title text,'
        " contribution float8, base float8, score float8, events bigint"
    ),
    "factor_features": (
        'customer_id text COLLATE "C", racetrack text, n bigint, m bigint, feature text, title text, value float8,'
        " typical float8, said text"
    ),
    "factor_events": 'customer_id text COLLATE "C", racetrack text, n bigint, m bigint, position bigint',
    "prediction_intervals": 'customer_id text COLLATE "C", racetrack text, name text, low float8, high float8',
    "what_ifs": (
        'key bigint, customer_id text COLLATE "C", racetrack text, within_day float8, within_week float8,'
        " within_month float8, expected_days float8, incidence float8[], basis text, note text"
    ),
    "what_if_refusals": (
        'key bigint, customer_id text COLLATE "C", racetrack text, m bigint, feature text, reason text'
    ),
}

# Of an Evaluation (analytics/evaluation.py).
_EVALUATED: str = "customers bigint, rows bigint, moves bigint, " + ", ".join(
    f"{name} float8"
    for name in (
        "brier", "baseline_brier", "log_loss", "baseline_log_loss", "skill", "skill_low",
        "skill_high", "slope", "slope_low", "slope_high", "intercept", "observed", "expected", "ratio", "ratio_low",
        "ratio_high", "auc", "c_index",
    )
)  # fmt: skip
_BIN = "n bigint, predicted float8, observed float8, rows bigint, low float8, high float8"
_LEFT_OUT = "revised bigint, other_version bigint, pending bigint"
_FORECAST = (
    "racetrack text, stage text, day date, predicted bigint, revised bigint, other_version bigint, mean_day float8,"
    " mean_week float8, mean_month float8, mean_left_month float8, expected_day float8, expected_week float8,"
    " expected_month float8, expected_left_month float8, moved_day bigint, moved_week bigint, moved_month bigint,"
    " left_month bigint"
)

# Every registered model. model: its version; stage '': all stages together.
MODELS: Mapping[str, str] = {
    "models": (
        "racetrack text, version bigint, racetrack_version bigint, status text, hash text, registered_at timestamptz,"
        " registered_by text, position bigint, promoted_at timestamptz, promoted_by text, forced boolean,"
        " cut_off bigint, cut_off_at timestamptz, first_position bigint, held_out_from timestamptz,"
        " live_since timestamptz, seed bigint, landmarks bigint, customers bigint, code_version text, features text[],"
        " parameters text, unreadable text"
    ),
    "model_stages": "racetrack text, model bigint, n bigint, stage text, title text, tier text, moves bigint,"
    " landmarks bigint",
    "model_checks": "racetrack text, model bigint, n bigint, rule text, needed text, observed float8, passed boolean",
    # in_force: the version after this decision; null: none.
    "model_decisions": (
        "racetrack text, model bigint, n bigint, kind text, decided_at timestamptz, position bigint, decided_by text,"
        " forced boolean, failed text[], reason text, in_force bigint"
    ),
    "model_metrics": f"racetrack text, model bigint, horizon bigint, stage text, {_EVALUATED},"
    " exits_log_loss float8, baseline_exits_log_loss float8",
    "model_calibration": f"racetrack text, model bigint, horizon bigint, stage text, {_BIN}",
}

# Predictions that were made, beside what came true; key: of the question (projections/ledger_asked.py).
LEDGER: Mapping[str, str] = {
    "ledger_position": "position bigint, clock timestamptz, first_day date, left_out bigint",
    "ledger_calibration": (f"key bigint, racetrack text, model bigint, horizon bigint, {_EVALUATED}, {_LEFT_OUT}"),
    "ledger_bins": f"key bigint, racetrack text, model bigint, {_BIN}",
    "ledger_weeks": (f"key bigint, racetrack text, model bigint, n bigint, week date, {_EVALUATED}, {_LEFT_OUT}"),
    "drift": (
        "key bigint, racetrack text, model bigint, n bigint, stage text, feature text, title text, from_day date,"
        " to_day date, rows bigint, stability float8, verdict text"
    ),
    "ledger_days": _FORECAST,
    "ledger_stages": _FORECAST,
}
