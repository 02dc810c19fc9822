"""The tables of paths' figures, with what each column means. README.md is made from this."""

from raceline.app.path_tables import COUNT, DAY, REAL, TEXT, TEXTS, WORD, YES, Figure, PathTable

_OF_PAGE = (
    Figure("page", "the page", TEXT),
    Figure("title", "its title in the page table", TEXT),
    Figure("page_type", "its type in the page table", TEXT),
)
PAGES = PathTable(
    "pages",
    "One row per page that a path of the question visits, the most excess turnarounds first.",
    (
        *_OF_PAGE,
        Figure("stratum", "the pages that it is compared with", TEXT),
        Figure("links", "its outgoing links in the page table", COUNT),
        Figure("visits", "steps of paths at it", COUNT),
        Figure("customers", "different customers who were there", COUNT),
        Figure("entries", "paths that start there", COUNT),
        Figure("exits", "paths that end there", COUNT),
        Figure("resolved_here", "those of them that end resolved", COUNT),
        Figure("opportunities", "visits that could have been turns", COUNT),
        Figure("turnarounds", "visits that were turns", COUNT),
        Figure("rate", "turnarounds per opportunity", REAL),
        Figure("depth", "the mean depth of its turnarounds", REAL),
        Figure("ping_pongs", "ping-pongs that begin there", COUNT),
        Figure("loops", "returns to it at a distance of more than two steps", COUNT),
        Figure("dwell_median", "seconds until the next step, the median", REAL),
        Figure("dwell_p95", "the same, the 95th percentile", REAL),
        Figure("expected_rate", "the rate of the others of its stratum", REAL),
        Figure("expected_from", "stratum, or all: there are too few others in it", WORD),
        Figure("first_order_rate", "the rate that the steps to and from it let expect", REAL, "firstOrder.rate"),
        Figure("first_order_z", "how far its rate is above that, in standard errors", REAL, "firstOrder.z"),
        Figure("first_order_p", "the chance of such a rate, one-sided", REAL, "firstOrder.p"),
        Figure("first_order_q", "p after Benjamini and Hochberg", REAL, "firstOrder.q"),
        Figure("design_effect", "opportunities that count as one, because customers return", REAL),
        Figure("effective_opportunities", "opportunities by the design effect", REAL),
        Figure("standard_error", "of the rate, if nothing were special about the page", REAL),
        Figure("z", "how far the rate is above the expected one, in standard errors; empty: not tested", REAL),
        Figure("p", "the chance of such a rate, one-sided; empty: not tested", REAL),
        Figure("q", "p after Benjamini and Hochberg, over all pages tested", REAL),
        Figure("shrunken_rate", "the rate, drawn to the expected one the more, the less is known", REAL),
        Figure("excess", "turnarounds beyond those expected", REAL),
        Figure("flag", "unexpected: to be inspected first; expected; too_few opportunities to tell", WORD),
        Figure("past_opportunities", "opportunities in the period before", COUNT, "past.opportunities"),
        Figure("past_turnarounds", "turnarounds then", COUNT, "past.turnarounds"),
        Figure("past_rate", "the rate then", REAL, "past.rate"),
        Figure("past_change", "the rate now less the rate then", REAL, "past.change"),
        Figure("past_z", "the change in standard errors", REAL, "past.z"),
        Figure("past_p", "the chance of such a change, two-sided", REAL, "past.p"),
        Figure("past_q", "past_p after Benjamini and Hochberg", REAL, "past.q"),
        Figure("past_flag", "as flag, of the change in either direction", WORD, "past.flag"),
    ),
)
NODES = PathTable(
    "graph --of nodes",
    "One row per node: the start, both ends, and the pages, the most visited first.",
    (
        Figure("n", "its number, by which edges name it", COUNT),
        Figure("kind", "page, start, resolved or open", WORD),
        Figure("page", "the page; empty unless it is one", TEXT),
        Figure("step", "its place in the paths, from 1; empty unless asked for by --steps", COUNT),
        Figure("title", "its title in the page table", TEXT),
        Figure("page_type", "its type in the page table", TEXT),
        Figure("visits", "steps at it; of the start and the ends, paths", COUNT),
        Figure("customers", "different customers who were there", COUNT),
        Figure("entries", "paths that start there", COUNT),
        Figure("exits", "paths that end there", COUNT),
        Figure("dwell_median", "seconds until the next step, the median", REAL),
        Figure("dwell_p95", "the same, the 95th percentile", REAL),
    ),
)
EDGES = PathTable(
    "graph",
    "One row per edge, steps from one node to another; the most frequent first.",
    (
        Figure("n", "its number", COUNT),
        Figure("source_kind", "page, or start", WORD),
        Figure("source", "the page that the steps go out from; empty: the start", TEXT),
        Figure("source_n", "the number of its node", COUNT),
        Figure("target_kind", "page, resolved or open", WORD),
        Figure("target", "the page that they lead to; empty: the end", TEXT),
        Figure("target_n", "the number of its node", COUNT),
        Figure("step", "which step of the paths it is, from 0; empty unless asked for by --steps", COUNT),
        Figure("transitions", "how often it was made", COUNT),
        Figure("customers", "different customers who made it", COUNT),
        Figure("share", "of all steps that leave its source", REAL),
        Figure("median_seconds", "from the one page to the other, the median", REAL),
        Figure("p95_seconds", "the same, the 95th percentile", REAL),
        Figure(
            "is_link",
            "whether the page table has this link; empty: it has no links or not the source, or the start or an end",
            YES,
        ),
    ),
)
NEVER_TAKEN = PathTable(
    "graph --of never-taken",
    "One row per link of the page table that no path took; those from the most visited pages first.",
    (
        Figure("source", "the page that has the link", TEXT),
        Figure("target", "the page that it leads to", TEXT),
    ),
)
VARIANTS = PathTable(
    "variants",
    "One row per variant, paths of identical steps; the most frequent first.",
    (
        Figure("n", "its place, from 1", COUNT),
        Figure("pages", "the page of each step", TEXTS),
        Figure("length", "how many steps", COUNT),
        Figure("paths", "how many paths", COUNT, "pathCount"),
        Figure("customers", "different customers who went this way", COUNT),
        Figure("share", "of all paths", REAL),
        Figure("cumulative_share", "with all variants before it", REAL),
        Figure("resolved", "how many of its paths ended resolved", COUNT),
        Figure("share_resolved", "their share", REAL),
        Figure("median_seconds", "from the first step to the last, the median", REAL),
    ),
)
_LENGTHS = tuple(
    Figure(f"{of}_{name}", says.format(which), kind, f"{of}.{field}")
    for of, which in (("all", "all paths"), ("resolved", "paths that ended resolved"), ("open", "the other paths"))
    for name, field, says, kind in (
        ("paths", "paths", "how many there are of {}", COUNT),
        ("mean_length", "meanLength", "the mean length of {}, in steps", REAL),
        ("variance_length", "varianceLength", "the population variance of these lengths", REAL),
    )
)
PERCOLATION = PathTable(
    "percolation",
    "One row per period and group of paths; a path belongs to the period in which it started, in UTC.",
    (
        Figure("period", "its first day; empty unless asked for by --over", DAY),
        Figure("stage", "the customers' stage at the start; empty: none, or not asked for by --by", TEXT),
        Figure("entry_page", "the first page; empty unless asked for", TEXT),
        Figure("variant", "the variant of an experiment; empty: none, or not asked for", TEXT),
        Figure("customers", "different customers whose paths these are", COUNT),
        Figure("share_resolved", "the share of paths that ended resolved", REAL),
        Figure("share_with_turnaround", "the share with a turnaround", REAL),
        *_LENGTHS,
    ),
)
FUNNEL = PathTable(
    "funnel",
    "One row per named step of the pattern.",
    (
        Figure("n", "its place, from 1", COUNT),
        Figure("name", "its name", TEXT),
        Figure("pattern", "the pattern up to it, which finds the paths of the row", TEXT),
        Figure("paths", "paths that came so far", COUNT, "pathCount"),
        Figure("customers", "different customers who came so far", COUNT),
        Figure("of_previous", "how many came to the step before; of the first step, all", COUNT),
        Figure("of_first", "how many came to the first step", COUNT),
        Figure("conversion", "the share of of_previous that came here", REAL),
        Figure("conversion_low", "the lower end of its 95 % interval", REAL),
        Figure("conversion_high", "the upper end", REAL),
        Figure("overall_conversion", "the share of of_first that came here", REAL),
        Figure("median_seconds", "from the step before to this one, the median", REAL),
        Figure("p95_seconds", "the same, the 95th percentile", REAL),
        Figure("base_rate", "of all that are asked about, the share that does what this step asks for, anywhere", REAL),
        Figure("lift", "conversion by base rate; above 1: those who were at the step before do it more often", REAL),
    ),
)
COMPARISON = PathTable(
    "comparison",
    "One row per metric of two groups of paths.",
    (
        Figure(
            "metric",
            "mean_length, of all paths, of the resolved and of the open ones; share_resolved; share_with_turnaround; "
            "variance_length, of all and of the resolved ones",
            WORD,
        ),
        Figure("a", "of the paths of --a; empty: there are none", REAL),
        Figure("b", "of the paths of --b", REAL),
        Figure("difference", "b less a", REAL),
        Figure("low", "the lower end of its 95 % interval; customers are the unit", REAL),
        Figure("high", "the upper end", REAL),
        Figure("p", "the chance of such a difference, if there were none; two-sided", REAL),
        Figure("q", "p after Benjamini and Hochberg, over all metrics", REAL),
    ),
)
BEFORE_MOVES = PathTable(
    "before-moves",
    "One row per page that customers in the stage viewed, the surest difference first.",
    (
        Figure("n", "its place, from 1", COUNT),
        *_OF_PAGE,
        Figure("moves_after", "moves onward within the window after a view of it", COUNT),
        Figure("moves", "all moves onward", COUNT),
        Figure("exposed_days", "days in the stage within the window after a view, also of those who stayed", REAL),
        Figure("unexposed_days", "all other days in the stage", REAL),
        Figure(
            "rate_ratio",
            "moves per exposed day by moves per other day, of customers as long in the stage and with as many views of"
            " late",
            REAL,
        ),
        Figure("low", "the lower end of its 95 % interval", REAL),
        Figure("high", "the upper end", REAL),
        Figure("p", "the chance of such a ratio if the page did not matter, two-sided; empty: not tested", REAL),
        Figure("q", "p after Benjamini and Hochberg", REAL),
        Figure("movers_share", "of the moves onward, the share within the window after a view of it", REAL),
        Figure(
            "stayers_share",
            "the same share of the customers who were as long in the stage then, had as many views of late, and stayed",
            REAL,
        ),
        Figure("flag", "more or fewer moves after it, as_expected, or too_few to tell", WORD),
    ),
)
PATH_TABLES = (PAGES, EDGES, NODES, NEVER_TAKEN, VARIANTS, PERCOLATION, FUNNEL, COMPARISON, BEFORE_MOVES)
