"""What is drawn of the graph of a site: some pages by themselves, the rest as one, and the main transitions between."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from raceline.app.path_tables import Row

OTHERS = "others"  # the kind of the node that stands for the pages that are not drawn by themselves
_OTHERS_N = 0  # its number; those of the answer begin with 1


class Drawn(NamedTuple):
    """Nodes and edges that are drawn, the most frequent first, and in words what is not."""

    nodes: list[Row]
    edges: list[Row]
    left_out: str


def drawn_of(
    nodes: Sequence[Row], edges: Iterable[Row], most_nodes: int, most_edges: int, flagged: Collection[str] = ()
) -> Drawn:
    """The most visited pages, as many of the flagged ones beside them, and one node for the rest; of the edges the main
    ones of each node and the most frequent. nodes, edges: all that there are, folded."""
    pages = sorted((row for row in nodes if row["kind"] == "page"), key=lambda row: (-row["visits"], row["page"]))
    own = pages[:most_nodes] if len(pages) > most_nodes + 1 else pages
    own += [row for row in pages[len(own) :] if row["page"] in flagged][:most_nodes]
    known = {row["n"] for row in own}
    rest = [row for row in pages if row["n"] not in known]
    known |= {row["n"] for row in nodes if row["kind"] != "page"}
    between = _between(edges, known)
    kept = _kept(between, most_edges)
    touched = {edge[end] for edge in kept for end in ("source_n", "target_n")}
    told = [row | {"flagged": row["page"] in flagged} for row in [*nodes, *_together(rest)] if row["n"] in touched]
    return Drawn(told, kept, _left_out(between, kept))


def _together(rest: Sequence[Row]) -> Iterator[Row]:
    if rest:
        sums = {name: sum(row[name] or 0 for row in rest) for name in ("visits", "entries", "exits")}
        yield {"n": _OTHERS_N, "kind": OTHERS, "page": f"{len(rest):,} other pages", "title": None, **sums}


def _between(edges: Iterable[Row], known: Collection[int]) -> list[Row]:
    """The edges between nodes that are known, and the others as one, the most frequent first. is_link: at least half of
    the transitions have one, or there is no page table."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for edge in edges:
        ends = (edge["source_n"], edge["target_n"])
        source, target = (n if n in known else _OTHERS_N for n in ends)
        count, jumped = found.get((source, target), (0, 0))
        here = edge["transitions"]
        found[source, target] = count + here, jumped + (here if edge["is_link"] is False else 0)
    rows = [
        {"source_n": source, "target_n": target, "transitions": count, "is_link": 2 * jumped <= count}
        for (source, target), (count, jumped) in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["transitions"], row["source_n"], row["target_n"]))


def _kept(between: Sequence[Row], most: int) -> list[Row]:
    """Of each node the most frequent edge that comes and that leaves, and besides the most frequent ones up to `most`;
    an edge from the others to themselves has no place in a picture."""
    reached: set[tuple[str, int]] = set()
    main: list[Row] = []
    others: list[Row] = []
    for edge in (one for one in between if one["source_n"] != one["target_n"]):
        ends = {(end, edge[end]) for end in ("source_n", "target_n")}
        (others if ends <= reached else main).append(edge)
        reached |= ends
    kept = main + others[: max(0, most - len(main))]
    return sorted(kept, key=lambda row: -row["transitions"])


def _left_out(between: Sequence[Row], kept: Sequence[Row]) -> str:
    """In words, empty when it is nothing."""
    inside = sum(edge["transitions"] for edge in between if edge["source_n"] == edge["target_n"])
    apart = [edge for edge in between if edge["source_n"] != edge["target_n"]]
    count = sum(edge["transitions"] for edge in apart) - sum(edge["transitions"] for edge in kept)
    rarer = f"{len(apart) - len(kept):,} edges of {count:,} transitions" if count else ""
    among = f"{inside:,} transitions among the other pages" if inside else ""
    return ", ".join(filter(None, (rarer, among)))
