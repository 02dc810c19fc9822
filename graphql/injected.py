"""Tables that a statement is given instead of reading them: rows derived for one question, sent along as JSON.

Those that the read models have as well have the columns of the views of the schema `live`, so that a statement reads
either in the same words.
"""

from collections.abc import Mapping

# By table, what PostgreSQL makes of the rows.
INJECTED: Mapping[str, str] = {
    "customers": (
        'customer_id text COLLATE "C", account_id text, first_occurred_at timestamptz, last_occurred_at timestamptz,'
        " events bigint, paths bigint"
    ),
    "timeline": (
        'customer_id text COLLATE "C", n bigint, position bigint, occurred_at timestamptz, type text, title text,'
        " path_id bigint"
    ),
    "paths": (
        'path_id bigint, customer_id text COLLATE "C", n bigint, started_at timestamptz, ended_at timestamptz,'
        " resolved boolean, length bigint, turnarounds bigint, pages text[], step_events bigint[], step_at bigint[],"
        " implied boolean[], events bigint[], turn_index bigint[], turn_depth bigint[], ping_pong_index bigint[],"
        " ping_pong_bounces bigint[], loop_index bigint[], loop_distance bigint[], stages text[], variants text[]"
    ),
    "racetracks": (
        "racetrack text, place bigint, version bigint, hash text, title text, documentation text, time_zone text,"
        " start text"
    ),
    "racetrack_stages": ("racetrack text, n bigint, stage text, title text, documentation text, revenue boolean"),
    "racetrack_rules": (
        "racetrack text, n bigint, rule text, title text, stage text, origins text[], documentation text,"
        " source_system text, source_database text, source_table text, source_attributes text[], owner text,"
        " confidence float8, coverage float8, types text[]"
    ),
    "rule_conditions": (
        "racetrack text, rule text, node bigint, depth bigint, kind text, says text, needed bigint, unit text"
    ),
    "journeys": (
        'customer_id text COLLATE "C", racetrack text, version bigint, account_id text, status text, stage text,'
        " stage_n bigint, since timestamptz, first_at timestamptz, moves bigint, laps bigint, regressions bigint,"
        " skips bigint, next_timer timestamptz, revisions bigint, revisions_left_out bigint"
    ),
    "moves": (
        'customer_id text COLLATE "C", racetrack text, version bigint, n bigint, kind text, edge text,'
        " from_stage text, to_stage text, entered_at timestamptz, left_at timestamptz, known_at timestamptz,"
        " rule text, trigger bigint, satisfied boolean[], observed bigint[], evidence bigint[], evidence_node bigint[]"
    ),
    "revisions": (
        'customer_id text COLLATE "C", racetrack text, n bigint, known_at timestamptz, causes bigint[],'
        " before_stages text[], before_at bigint[], after_stages text[], after_at bigint[]"
    ),
    # The event_ arrays are parallel: what each event of the case did, and what was known of the case after it.
    # event_language: of the text of the customer that counts; null where the event has none.
    "cases": (
        'customer_id text COLLATE "C", n bigint, case_id text COLLATE "C", status text, opened_at timestamptz,'
        " closed_at timestamptz, reopened bigint, reassigned bigint, severity text, problem text, cause text,"
        " assignment_group text, assigned_to text, sentiment bigint, texts bigint, surveys bigint, survey_score bigint,"
        " open_microseconds bigint, open_since timestamptz, events bigint[], event_at bigint[], event_does text[],"
        " event_open boolean[], event_severity text[], event_problem text[], event_cause text[], event_group text[],"
        " event_engineer text[], event_score bigint[], event_language text[], event_sentiment bigint[],"
        " event_survey bigint[]"
    ),
    "case_spells": (
        'customer_id text COLLATE "C", racetrack text, n bigint, case_n bigint, case_id text COLLATE "C", side text,'
        " stage text, from_day date, to_day date, severity text, problem text, cause text, sentiment bigint,"
        " event bigint, surveys bigint, survey_score bigint"
    ),
    "racetrack_severities": "racetrack text, n bigint, severity text",
    "racetrack_overlays": (
        "racetrack text, n bigint, overlay text, title text, documentation text, aggregate text, attribute text,"
        " types text[]"
    ),
    # incidence: chances to have left, 5 exits by the end of each of 7 bins (predictions.sql). model: its version.
    "predictions": (
        'customer_id text COLLATE "C", racetrack text, version bigint, model bigint, stage text, tier text,'
        " entered_at timestamptz, computed_at timestamptz, day date, position bigint, days_in_stage float8,"
        " incidence float8[], expected_days float8, median_days float8, expected_days_if_next float8"
    ),
    # What could move a customer on, and how far it is. n: from 1, in order of preference.
    "prospects": (
        'customer_id text COLLATE "C", racetrack text, n bigint, rule text, to_stage text, kind text,'
        " fires_at timestamptz, satisfied boolean[], observed bigint[], evidence bigint[], evidence_node bigint[]"
    ),
}

# Rows of the whole store and not of a customer.
FIGURES: Mapping[str, str] = {
    # Every published version. status: published, active or retired. is_default: the one meant when none is named.
    "registry": (
        "racetrack text, version bigint, hash text, title text, documentation text, time_zone text, start text,"
        " status text, is_default boolean, text text, published_at timestamptz, position bigint"
    ),
    # Kaplan-Meier of the stays in a stage, in days; open: stays that have not ended. null: the curve does not reach it.
    # stalled_after_days: an open stay longer than this is stalled; null when nobody can be called that; stalled: how
    # many are. curve_left_out: steps of the curve that are no point of their own.
    "stage_lengths": (
        "racetrack text, stage text, stays bigint, open bigint, horizon_days float8,"
        " mean_days float8, mean_lower float8, mean_upper float8,"
        " median_days float8, median_lower float8, median_upper float8,"
        " q25_days float8, q25_lower float8, q25_upper float8, q75_days float8, q75_lower float8, q75_upper float8,"
        " p90_days float8, p90_lower float8, p90_upper float8,"
        " stalled_after_days float8, stalled bigint, curve_days float8[], curve_survival float8[],"
        " curve_lower float8[], curve_upper float8[], curve_left_out bigint"
    ),
    # against: the active version, null when there is none. moved: customers whose stage differs.
    "dry_run": ("racetrack text, version bigint, against bigint, position bigint, customers bigint, moved bigint"),
    # Customers in a stage under the active version (now) and under the other (then), in order; stage null: outside.
    "dry_run_stages": 'stage text, now bigint, "then" bigint',
    # rule: the title of the rule of the other version by which they came to where they would be.
    "dry_run_transitions": "from_stage text, to_stage text, customers bigint, rule text",
    "dry_run_examples": ('n bigint, customer_id text COLLATE "C", from_stage text, to_stage text, rule text'),
    # furthest, earliest: stages of those of its customers who were in one; n: from 1.
    "account_history": (
        "account_id text, racetrack text, n bigint, entered_at timestamptz, left_at timestamptz, furthest text,"
        " earliest text, customers bigint"
    ),
}

# Figures over the paths of a question, counted in memory; a question is given those of its field. n: from 1, in the
# order of the answer. Times between steps are in seconds. all_, resolved_, open_: over the paths that ended so.
_LENGTHS: str = ", ".join(
    f"{kind}_paths bigint, {kind}_mean_length float8, {kind}_variance_length float8"
    for kind in ("all", "resolved", "open")
)
PATH_FIGURES: Mapping[str, str] = {
    # One row, always given. position: at which the whole answer is true; paths, customers: that the question is about.
    "path_totals": "position bigint, paths bigint, customers bigint",
    # The paths behind a list of the answer (projections/path_list.py), in the order in which they started: those of a
    # page and one more, and how many there are in all. row: n of the row that has the list, or 0.
    "path_lists": "list bigint, row bigint, path_ids bigint[], total bigint",
    # pathStatistics. key: all, resolved, open.
    "path_sums": "key text, paths bigint, mean_length float8, variance_length float8",
    "path_shares": "share_resolved float8, share_with_turnaround float8, customers bigint",
    # pages: those of the page of the list that is asked for, and one more. figure: by which they are ordered.
    "path_pages": (
        'n bigint, page text COLLATE "C", title text, page_type text, stratum text, links bigint, visits bigint,'
        " customers bigint, entries bigint, exits bigint, resolved_here bigint, opportunities bigint,"
        " turnarounds bigint, rate float8, depth float8, ping_pongs bigint, loops bigint, dwell_median float8,"
        " dwell_p95 float8, expected_rate float8, expected_from text, first_order_rate float8, first_order_z float8,"
        " first_order_p float8, first_order_q float8, design_effect float8, effective_opportunities float8,"
        " standard_error float8, z float8, p float8, q float8, shrunken_rate float8, excess float8, flag text,"
        " past_opportunities bigint, past_turnarounds bigint, past_rate float8, past_change float8,"
        " past_design_effect float8, past_z float8, past_p float8, past_q float8, past_flag text, figure float8"
    ),
    # One row. pages: all of them; past_: null without a past to compare with.
    "page_test": (
        "alpha float8, least_opportunities bigint, tested bigint, too_few bigint, unexpected bigint, tau float8,"
        " tau_all float8, spread float8, overall_rate float8, past_tau float8, past_from date, past_to date,"
        " site_loaded_at timestamptz, pages bigint"
    ),
    # siteGraph. step: null when steps are folded; source_n, target_n: n of the nodes, null where that is left out.
    "graph_nodes": (
        "n bigint, kind text, page text, step bigint, title text, page_type text, visits bigint, customers bigint,"
        " entries bigint, exits bigint, dwell_median float8, dwell_p95 float8"
    ),
    "graph_edges": (
        "n bigint, source_kind text, source text, target_kind text, target text, step bigint, transitions bigint,"
        " customers bigint, share float8, median_seconds float8, p95_seconds float8, is_link boolean, source_n bigint,"
        " target_n bigint"
    ),
    "never_taken": "n bigint, source text, target text",
    "graph_totals": (
        "nodes bigint, edges bigint, transitions bigint, nodes_left_out bigint, edges_left_out bigint,"
        " transitions_left_out bigint, links bigint, links_never_taken bigint, jumps bigint, site_loaded_at timestamptz"
    ),
    "path_variants": (
        "n bigint, pages text[], length bigint, paths bigint, customers bigint, share float8, cumulative_share float8,"
        " resolved bigint, share_resolved float8, median_seconds float8"
    ),
    "variant_totals": "variants bigint, paths bigint, variants_left_out bigint, paths_left_out bigint",
    # funnel. pattern: of the paths of this step; of_previous, of_first: what conversions are shares of.
    "funnel_steps": (
        "n bigint, name text, pattern text, paths bigint, customers bigint, of_previous bigint, of_first bigint,"
        " conversion float8, conversion_low float8, conversion_high float8, overall_conversion float8,"
        " median_seconds float8, p95_seconds float8, base_rate float8, lift float8"
    ),
    # What a question does not group by is null.
    "percolation": (
        "n bigint, period date, stage text, entry_page text, variant text, paths bigint, customers bigint,"
        f" share_resolved float8, share_with_turnaround float8, {_LENGTHS}"
    ),
    "percolation_totals": "groups_left_out bigint, paths_left_out bigint",
    # pathComparison. n of comparison_arms: 1 is a, 2 is b.
    "comparison": (
        "n bigint, metric text, a float8, b float8, difference float8, low float8, high float8, p float8, q float8"
    ),
    "comparison_arms": f"n bigint, paths bigint, customers bigint, {_LENGTHS}",
    "comparison_totals": "customers_in_both bigint, paths_in_both bigint",
    "before_moves": (
        "n bigint, page text, title text, page_type text, moves_after bigint, moves bigint, exposed_days float8,"
        " unexposed_days float8, rate_ratio float8, low float8, high float8, p float8, q float8, movers_share float8,"
        " stayers_share float8, flag text"
    ),
    "before_totals": (
        "stage text, racetrack text, stays bigint, moves bigint, open_stays bigint, days float8, tested bigint,"
        " pages_left_out bigint"
    ),
}

# Sums over all customers under a version that is not live; racers: how many of them the racetrack is about.
SUMS: Mapping[str, str] = {
    "stage_days": "racetrack text, stage text, day date, entered bigint, departed bigint",
    "transitions": "racetrack text, from_stage text, to_stage text, kind text, rule text, moves bigint",
    "rule_sources": "racetrack text, rule text, customers bigint",
    "racers": "racetrack text, customers bigint",
    "case_days": (
        "racetrack text, side text, stage text, day date, cases bigint, scored bigint, score bigint, negative bigint,"
        " neutral bigint, positive bigint, surveys bigint, survey_score bigint"
    ),
    "case_buckets": ("racetrack text, side text, stage text, day date, dimension text, value text, cases bigint"),
    "case_extremes": "racetrack text, side text, stage text, day date, minimum bigint, maximum bigint",
    "stage_views": "racetrack text, stage text, day date, kind text, page text, views bigint",
    "overlay_days": (
        "racetrack text, overlay text, stage text, day date, value text, events bigint, counted bigint, amount bigint"
    ),
}


def names(definition: str) -> list[str]:
    """The names of the columns of a table."""
    return [column.split()[0] for column in definition.split(", ")]
