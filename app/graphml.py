"""A site as GraphML (http://graphml.graphdrawing.org/specification.html), for Gephi, yEd, networkx."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from raceline.app.path_export_tables import EDGES, NODES
from raceline.app.path_tables import COUNT, REAL, YES, Figure, PathTable, Row

_XMLNS = "http://graphml.graphdrawing.org/xmlns"
_TYPES = {COUNT: "long", REAL: "double", YES: "boolean"}
# What XML 1.0 cannot hold, and what its readers change (section 2.2 and 2.11).
_UNWRITABLE = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_ENDS = ("n", "source_kind", "source", "source_n", "target_kind", "target", "target_n")  # are told by ids


def write_graphml(file: Any, nodes: Iterable[Row], edges: Iterable[Row], facts: Mapping[str, str]) -> None:
    """Write nodes and edges, the answers of the API, into a binary file.

    Every figure is an attribute with the name of its column; what is not known is no attribute. Where a text has a
    character that XML cannot hold, as control characters, it has U+FFFD; ids tell apart what then has the same name.
    """
    out = XMLGenerator(file, encoding="utf-8", short_empty_elements=True)
    out.startDocument()
    _start(out, "graphml", xmlns=_XMLNS)
    for name in facts:
        _key(out, "graph", name, "string")
    _key(out, "node", "label", "string")
    for of, table in (("node", NODES), ("edge", EDGES)):
        for column in _columns(table):
            _key(out, of, column.name, _TYPES.get(column.kind, "string"))
    _start(out, "graph", id="site", edgedefault="directed")
    for name, fact in facts.items():
        _data(out, "graph", name, fact)
    for row in NODES.flat(nodes):
        label = row["page"] if row["kind"] == "page" else row["kind"]
        _element(out, "node", {"id": f"n{row['n']}"}, {"label": label, **_attributes(NODES, row)})
    for row in EDGES.flat(edges):
        ends = {"source": f"n{row['source_n']}", "target": f"n{row['target_n']}"}
        _element(out, "edge", {"id": f"e{row['n']}", **ends}, _attributes(EDGES, row))
    out.endElement("graph")
    out.endElement("graphml")
    out.endDocument()


def _columns(table: PathTable) -> list[Figure]:
    return [column for column in table.columns if column.name not in _ENDS]


def _attributes(table: PathTable, row: Row) -> Row:
    return {column.name: row[column.name] for column in _columns(table) if row[column.name] is not None}


def _key(out: XMLGenerator, of: str, name: str, kind: str) -> None:
    _start(out, "key", **{"id": f"{of}.{name}", "for": of, "attr.name": name, "attr.type": kind})
    out.endElement("key")


def _element(out: XMLGenerator, of: str, said: dict[str, str], attributes: Row) -> None:
    _start(out, of, **said)
    for name, value in attributes.items():
        _data(out, of, name, value)
    out.endElement(of)


def _data(out: XMLGenerator, of: str, name: str, value: Any) -> None:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    _start(out, "data", key=f"{of}.{name}")
    out.characters(_UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text))
    out.endElement("data")


def _start(out: XMLGenerator, element: str, **said: str) -> None:
    out.characters("\n" if element != "data" else "")  # a line for each, for whoever looks at it
    out.startElement(element, AttributesImpl(said))
