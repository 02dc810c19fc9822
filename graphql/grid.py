"""A grid of stages and days in the making: which sources it needs is found out while its selection is planned."""

from dataclasses import dataclass, field

from raceline.graphql.pieces import Json, Sql, literal, piece
from raceline.graphql.plan import Plan, Selection
from raceline.graphql.tables import Tables

_TRUE = Sql("true")
# Sums of ten-thousandths and of millionths; the others count.
_SCORES = ("score", "survey_score")
# So many severities, from the worst on, are columns instead of rows: there is one list for each cell, and it is short.
_LANES = range(1, 6)


@dataclass
class Ranked:
    """A list that each cell of the grid has.

    alias: of its source; cell: what its columns begin with in a cell; row: the alias of an entry; first: how many of
    them are kept, None is all; side, dimension: of the cases that are listed, if cases are. columns: of its source, as
    far as they are needed.
    """

    alias: str
    cell: Sql
    row: Sql
    first: Sql | None = None
    side: str = ""
    dimension: str = ""
    columns: dict[str, Sql] = field(default_factory=dict)
    item: Sql | None = None

    def kept(self, item: Sql) -> Json:
        """The first entries, each told as `item`."""
        self.item = item
        return self._column("kept", item=item, order=Sql(f"{self.row}.rank{self._ties()}"))

    def left_out(self, name: str) -> Json:
        """A figure of the entries behind them."""
        return Json("0") if self.first is None else self._column(name)

    def amount(self) -> Json:
        """The sum of all entries."""
        return self._column("list_amount")

    def _column(self, name: str, **parts: Sql) -> Json:
        kept = _TRUE if self.first is None else Sql(f"{self.row}.rank <= {self.first}")
        self.columns[name] = piece(name, row=self.row, kept=kept, **parts)
        return Json(f"{self.cell}{name}")

    def _ties(self) -> str:
        # What is not on the scale has no rank: it comes behind, by name, and at last what was not said.
        return f", {self.row}.said = '', {self.row}.said" if self.dimension == "severity" else ""


class Grid:
    """The statement of a grid. row: the alias of its cells, which have the columns of the piece `grid` and those that
    are asked for here. parts: pieces of SQL that every source needs.
    """

    def __init__(self, plan: Plan, tables: Tables, **parts: Sql) -> None:
        self.row = plan.row()
        self.lists: dict[Sql, Ranked] = {}
        self._plan, self._tables, self._parts = plan, tables, {**tables, **parts}
        self._sums: dict[str, tuple[str, str, dict[str, None]]] = {}
        self._figures: dict[str, Sql] = {}
        self._columns: dict[str, Sql] = {}
        self._changes: dict[str, Sql] = {}
        self._starts: dict[str, Sql] = {}
        self._before: dict[str, Sql] = {}
        self._joins: dict[str, Sql] = {}
        self._scale = Sql("")

    def sum(self, side: str, figure: str) -> Json:
        """A running sum over the changes of cases."""
        alias = f"{side}_cases"
        self._running(alias, "case_days", _of(side), figure)
        kind = "running_score" if figure in _SCORES else "running_count"
        return self._figure(f"{side}_{figure}", piece(kind, alias=Sql(alias), figure=Sql(figure)))

    def people(self) -> Json:
        """How many are there at the end of the day: all that ever came, less all that left."""
        for figure in ("entered", "departed"):
            self._running("flow", "stage_days", "true", figure)
        return self._figure("customers", piece("people"))

    def flow(self, figure: str) -> Json:
        """How many entered or departed on the day."""
        self._running("flow", "stage_days", "true", figure)
        return self._figure(figure, piece("on_the_day", alias=Sql("flow"), figure=Sql(figure)))

    def extreme(self, side: str, figure: str) -> Json:
        """The least or the greatest sentiment of a case, where there is any."""
        alias, names = f"{side}_extremes", {"side": Sql(side), "figure": Sql(figure)}
        self._changed(alias, "case_extremes", _of(side), "extremes_before")
        self._before[f"{alias}_{figure}"] = Sql(f"{alias}.{figure}")
        self._figures[f"{side}_{figure}_last"] = self._piece("last_extreme", alias=Sql(alias), **names)
        self._figures[f"{side}_{figure}_before"] = Sql(f"p.{alias}_{figure}")
        self._columns[f"{side}_{figure}"] = piece("extreme", **names)
        return Json(f"{self.row}.{side}_{figure}")

    def list(self, first: Sql | None = None, side: str = "", dimension: str = "") -> Ranked:
        """A new list, to be joined when its columns are known."""
        alias = f"list{len(self.lists)}"
        found = Ranked(alias, Sql(f"{self.row}.{alias}_"), self._plan.row(), first, side, dimension)
        self.lists[found.cell] = found
        return found

    def join_buckets(self, ranked: Ranked) -> None:
        """Cases by one of their attributes: severities by the scale, others by how many have them."""
        scaled = ranked.dimension == "severity"
        # An entry that leads to its cases has to be a row.
        in_lanes = scaled and ranked.item is not None and f"{ranked.row}.said" not in ranked.item
        parts = {
            "side": literal(ranked.side),
            "dimension": literal(ranked.dimension),
            "scale": self._piece("scale") if scaled else Sql(""),
            "rank": Sql("v.n") if scaled else piece("most_first"),
            "filter": piece("in_no_lane") if in_lanes else _TRUE,
            "said": Sql(ranked.dimension),
        }
        # Of severities there are few, and what is given knows the past as one change.
        stored = not scaled and not self._plan.question.surveyed
        before = self._piece("buckets_still_open" if stored else "buckets_before", **parts)
        self._join(ranked, self._piece("buckets", row=ranked.row, before=before, **parts))
        if in_lanes and ranked.item is not None:
            self._columns[f"{ranked.alias}_kept"] = self._lanes(ranked, ranked.item)

    def join_views(self, ranked: Ranked, kind: str) -> None:
        """Pages by how often they were viewed on the day."""
        self._join(ranked, self._piece("views", row=ranked.row, kind=literal(kind)))

    def join_overlays(self, ranked: Ranked) -> None:
        """The racetrack's overlays in their order."""
        self._join(ranked, self._piece("overlays", row=ranked.row))

    def join_forecasts(self, ranked: Ranked, columns: Sql) -> None:
        """What was predicted on the day, at most one entry."""
        self._join(ranked, self._piece("forecasts", row=ranked.row, columns=columns))

    def statement(self, places: Sql) -> Sql:
        """The rows of the grid under their alias; places: the statement of its stages."""
        for alias, of in self._sums.items():
            self._summed(alias, *of)
        return self._piece(
            "grid",
            row=self.row,
            places=places,
            scale=self._scale,
            figures=_named(self._figures),
            changes=Sql(" ".join(self._changes.values())),
            starts=Sql(" ".join(self._starts.values())),
            before=_named(self._before),
            columns=_named({name: Sql(f"c.{name}") for name in self._figures} | self._columns),
            lists=Sql(" ".join(self._joins.values())),
        )

    def _piece(self, name: str, **parts: Sql) -> Sql:
        return piece(name, **{**self._parts, **parts})

    def _running(self, alias: str, table: str, condition: str, figure: str) -> None:
        self._sums.setdefault(alias, (table, condition, {}))[2][figure] = None

    def _summed(self, alias: str, table: str, condition: str, figures: dict[str, None]) -> None:
        kinds = {figure: Sql("float8" if figure in _SCORES else "bigint") for figure in figures}
        sums = ", ".join(piece("sum_before", figure=Sql(figure), kind=kind) for figure, kind in kinds.items())
        self._changed(alias, table, condition, "sums_before", sums=Sql(sums))
        self._before |= {f"{alias}_{figure}": Sql(f"COALESCE({alias}.{figure}, 0)") for figure in figures}

    def _changed(self, alias: str, table: str, condition: str, before: str, **parts: Sql) -> None:
        """Join the rows of the days, and what is true before the first one."""
        of = {"alias": Sql(alias), "table": self._tables[table]}
        self._changes[alias] = self._piece("changes", **of, filter=Sql(condition.format(alias)))
        self._starts[alias] = self._piece(before, **of, filter=Sql(condition.format("c")), **parts)

    def _lanes(self, ranked: Ranked, item: Sql) -> Sql:
        """The first severities of a list from columns of their own, and behind them the others."""
        side, alias, told = ranked.side, Sql(f"{ranked.side}_lanes"), []
        sums = Sql(", ".join(piece("lane_sum", n=Sql(n)) for n in _LANES))
        of = {"alias": alias, "side": literal(side), "sums": sums}
        self._changes[alias], self._starts[alias] = self._piece("lanes", **of), self._piece("lanes_before", **of)
        self._before |= {f"{alias}_n{n}": Sql(f"COALESCE({alias}.n{n}, 0)") for n in _LANES}
        lanes = Sql(", ".join(piece("scale_lane", n=Sql(n)) for n in _LANES))
        self._scale = self._piece("scale_lanes", lanes=lanes, last=Sql(_LANES[-1]))
        self._joins["scale"] = Sql("CROSS JOIN scale AS k")
        for n in _LANES:
            self._figure(amount := f"{side}_lane{n}", piece("running_count", alias=alias, figure=Sql(f"n{n}")))
            told.append(piece("lane", item=item, row=ranked.row, n=Sql(n), amount=Sql(amount)))
        return Sql(f"concat_ws(',', {', '.join(told)}, {ranked.alias}.kept)")

    def _figure(self, name: str, value: Sql) -> Json:
        self._figures[name] = value
        return Json(f"{self.row}.{name}")

    def _join(self, ranked: Ranked, source: Sql) -> None:
        if not ranked.columns:  # nothing of it was selected but __typename
            return
        columns = Sql(", ".join(f"{value} AS {name}" for name, value in ranked.columns.items()))
        self._joins[ranked.alias] = piece(
            "list", alias=Sql(ranked.alias), row=ranked.row, columns=columns, source=source
        )
        for name in ranked.columns:
            nothing = "''" if name == "kept" else "0"
            self._columns[f"{ranked.alias}_{name}"] = Sql(f"COALESCE({ranked.alias}.{name}, {nothing})")


def _of(side: str) -> str:
    return f"{{}}.side = {literal(side)}"


def _named(values: dict[str, Sql]) -> Sql:
    return Sql("".join(f", {value} AS {name}" for name, value in values.items()))


def grid_of(selection: Selection) -> Grid:
    """The grid that is being put together; only for what is selected below stageDays."""
    assert selection.plan.grid is not None, "these fields are only below stageDays"  # noqa: S101
    return selection.plan.grid


def side_of(prefix: Sql) -> str:
    """Of what the columns of cases open or closed begin with, as r1.open_."""
    return prefix.rpartition(".")[2].rstrip("_")
