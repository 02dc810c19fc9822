"""Where the figures of pages and of their test come from; see columns.py and path_asked.py."""

from typing import Any

from raceline.domain.errors import InvalidArgument
from raceline.graphql.compiling import column, enum, moment, row_object
from raceline.graphql.connection import page
from raceline.graphql.listings import PAGES
from raceline.graphql.path_asked import ask, paths_of
from raceline.graphql.path_inputs import OrderDirection, PageOrderField
from raceline.graphql.pieces import Sql, piece
from raceline.graphql.plan import Columns, Selection
from raceline.graphql.scalars import parse_cursor


def pages(selection: Selection, row: Sql) -> Sql:
    """Pages by the order that was asked for, from the cursor on."""
    given = selection.arguments
    if not 0 < (alpha := given["alpha"]) < 1:
        raise InvalidArgument("A share between 0 and 1 was expected.", argument="alpha", found=alpha)
    order: dict[str, Any] = given.get("orderBy") or {}
    field = order.get("field", PageOrderField.EXCESS).value
    direction = order.get("direction", OrderDirection.DESC).value
    listing = PAGES.by(f"{field}.{direction}")
    more: dict[str, Any] = {"first": selection.size(), "orderBy": {"field": field, "direction": direction}}
    if (after := given.get("after")) is not None:
        more["after"] = parse_cursor(after, listing.name, listing.shape)
    ask(selection, "pages", **more)
    return page(selection, listing, [], row)


def _test(selection: Selection, _: Sql) -> Sql:
    row = selection.plan.row()
    source = Sql(f"given_page_test AS {row}")
    return piece("one", object=selection.object(row), source=source, filter=Sql("true"))


PAGE_COLUMNS: Columns = {
    "PageConnection": {"test": _test},
    "Page": {
        "page": column("page"),
        "title": column("title"),
        "pageType": column("page_type"),
        "stratum": column("stratum"),
        "links": column("links"),
        "visits": column("visits"),
        "customers": column("customers"),
        "entries": column("entries"),
        "exits": column("exits"),
        "resolvedHere": column("resolved_here"),
        "opportunities": column("opportunities"),
        "turnarounds": column("turnarounds"),
        "rate": column("rate"),
        "depth": column("depth"),
        "pingPongs": column("ping_pongs"),
        "loops": column("loops"),
        "dwellMedian": column("dwell_median"),
        "dwellP95": column("dwell_p95"),
        "expectedRate": column("expected_rate"),
        "expectedFrom": enum("expected_from"),
        "firstOrder": row_object("first_order"),
        "designEffect": column("design_effect"),
        "effectiveOpportunities": column("effective_opportunities"),
        "standardError": column("standard_error"),
        "z": column("z"),
        "p": column("p"),
        "q": column("q"),
        "shrunkenRate": column("shrunken_rate"),
        "excess": column("excess"),
        "flag": enum("flag"),
        "past": row_object("page_past"),
        "paths": paths_of("Page"),
        "turnaroundPaths": paths_of("Page", "turnaroundPaths"),
    },
    "PageFirstOrder": {"rate": column("rate"), "z": column("z"), "p": column("p"), "q": column("q")},
    "PagePast": {
        "opportunities": column("opportunities"),
        "turnarounds": column("turnarounds"),
        "rate": column("rate"),
        "change": column("change"),
        "designEffect": column("design_effect"),
        "z": column("z"),
        "p": column("p"),
        "q": column("q"),
        "flag": enum("flag"),
    },
    "PageTest": {
        "alpha": column("alpha"),
        "leastOpportunities": column("least_opportunities"),
        "tested": column("tested"),
        "tooFew": column("too_few"),
        "unexpected": column("unexpected"),
        "tau": column("tau"),
        "tauAll": column("tau_all"),
        "spread": column("spread"),
        "overallRate": column("overall_rate"),
        "past": row_object("test_past"),
        "siteLoadedAt": moment("site_loaded_at"),
    },
    "PageTestPast": {"from": column('"from"'), "to": column('"to"'), "tau": column("tau")},
}
