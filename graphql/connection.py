"""Connections in SQL: a page of a list, its cursors, what comes after it, and the size of the whole list."""

from collections.abc import Sequence
from enum import Enum

from graphql.execution.collect_fields import FieldDetails

from raceline.graphql.listings import CUSTOMERS, Listing
from raceline.graphql.pieces import Sql, literal, piece
from raceline.graphql.plan import Compile, Selection


def connection(listing: Listing, *always: str, **filters: tuple[str, str]) -> Compile:
    """A connection over a list. `always`: conditions; `filters`: by argument, its type and the condition it makes."""

    def compiled(selection: Selection, parent: Sql) -> Sql:
        places = {"parent": parent, **selection.plan.tables}
        where = [Sql(condition.format(**places)) for condition in always]
        for name, (kind, condition) in filters.items():
            if (value := selection.arguments.get(name)) is not None:
                bound = selection.plan.bind(value.value if isinstance(value, Enum) else value, kind)
                where.append(Sql(condition.format(value=bound, **places)))
        return page(selection, listing, where, parent)

    return compiled


def page(selection: Selection, listing: Listing, where: Sequence[Sql], parent: Sql) -> Sql:
    """The connection that was selected, over the rows of a list for which all conditions hold."""
    behind = selection.behind(listing, {"parent": parent, **selection.plan.tables})
    return _Page(selection, listing, where).statement(behind)


class _Page:
    """One page in the making. The aggregates of its JSON see the page's rows under the alias `row`."""

    def __init__(self, selection: Selection, listing: Listing, where: Sequence[Sql]) -> None:
        self.selection = selection
        self.plan = selection.plan
        self.listing = listing
        self.where = where
        self.row = self.plan.row()
        size = selection.page_size()
        self.first = self.plan.bind(size, "bigint")
        self.plan.scope_size += size * (listing is CUSTOMERS)
        self.source = Sql(listing.source.format(**self.plan.tables))

    def statement(self, behind: Sequence[Sql]) -> Sql:
        if self.listing is CUSTOMERS:  # who is derived if something is asked of them that is not stored
            self.plan.scope.append(
                piece("page_scope", source=self.source, filter=_all([*self.where, *behind]), first=self.first)
            )
        return piece(
            "connection",
            object=self.plan.object(self.selection.type_name, self.selection.details, self._field),
            columns=Sql(self.listing.columns),
            order=Sql(self.listing.order),
            source=self.source,
            filter=_all([*self.where, *behind]),
            limit=Sql(f"{self.first} + 1"),
            row=self.row,
        )

    def _field(self, name: str, details: list[FieldDetails]) -> Sql:
        match name:
            case "nodes":
                return self._items(self._node(details))
            case "edges":
                return self._items(self.plan.object(f"{self.listing.node}Edge", details, self._edge_field))
            case "pageInfo":
                return self.plan.object("PageInfo", details, self._info_field)
            case "totalCount":
                whole = piece("total", source=self.source, filter=_all(self.where))
                return Sql(self.listing.total) if self.listing.total else whole
            case "position":
                return self.plan.position
        return self.plan.field(self.selection.type_name, name, details, self.row, 1)

    def _edge_field(self, name: str, details: list[FieldDetails]) -> Sql:
        return self._cursor() if name == "cursor" else self._node(details)

    def _info_field(self, name: str, _: list[FieldDetails]) -> Sql:
        match name:
            case "hasNextPage":
                more = self.listing.more.format(first=self.first)
                return Sql(more) if more else piece("has_next", first=self.first)
            case "hasPreviousPage":
                return Sql("false") if self.selection.arguments.get("after") is None else Sql("true")
            case "startCursor":
                return piece("start_cursor", cursor=self._cursor(), row=self.row, first=self.first)
            case "endCursor":
                return piece("end_cursor", cursor=self._cursor(), row=self.row, first=self.first)
        raise NotImplementedError(name)

    def _items(self, item: Sql) -> Sql:
        return piece("page_of", item=item, row=self.row, first=self.first)

    def _node(self, details: list[FieldDetails]) -> Sql:
        return self.plan.row_object(self.listing.node, details, self.row, self.selection.weight)

    def _cursor(self) -> Sql:
        key = self.listing.key.format(row=self.row)
        return piece("opaque", text=Sql(f"{literal(f'{self.listing.name}:')} || {key}::text"))


def _all(conditions: Sequence[Sql]) -> Sql:
    return Sql(" AND ".join(conditions) or "true")
