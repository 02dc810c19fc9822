"""Look-through of stages, rules and edges: what cannot be reached, what never fires, what overlaps."""

from collections.abc import Iterator

from raceline.domain.racetrack import OUTSIDE, Racetrack
from raceline.domain.racetrack_finding import Finding
from raceline.domain.racetrack_graph import Graph, Step, Turn
from raceline.domain.racetrack_logic import implies


def wrong_stages(graph: Graph) -> Iterator[Finding]:
    """Stages to which no rule leads, which cannot be reached, or which are called alike."""
    racetrack = graph.racetrack
    entered = {rule.stage for rule in racetrack.rules.values()}
    titles: dict[str, str] = {}
    for name, stage in racetrack.stages.items():
        if name not in entered and name != racetrack.start:
            cure = f"add a rule with `stage: {name}`, or leave the stage out"
            yield Finding(("stages", name), "no rule leads to this stage", cure)
        elif name not in graph.reachable:
            cure = "let one of its rules move `from` a stage that can be reached, or from outside"
            yield Finding(("stages", name), "no customer can come to this stage", cure)
        title = " ".join(stage.title.casefold().split())
        if title in titles:
            detail = f"stages overlap: `{titles[title]}` has the title `{stage.title}` as well"
            yield Finding(("stages", name, "title"), detail, "give each stage its own title, or make them one")
        titles.setdefault(title, name)


def wrong_rules(graph: Graph) -> Iterator[Finding]:
    """Rules and exits that never fire, because of where they start from or of the rules that go before them."""
    before = _Before(graph)
    for turn in graph.turns:
        if all(origin not in graph.reachable or origin == turn.to for origin in turn.origins):
            yield _nowhere(turn, graph)
            continue
        yield from _to_itself(turn)
        yield from before.findings(turn)


def wrong_edges(racetrack: Racetrack, graph: Graph) -> Iterator[Finding]:
    """Edges along which no rule moves, and those that another one hides."""
    moves = {(step.origin, step.to) for step in graph.steps}
    seen: dict[tuple[str, str], str] = {}
    for name, edge in racetrack.edges.items():
        for n, origin in enumerate(edge.from_):
            place = ("edges", name, "from", n)
            if (first := seen.setdefault((origin, edge.to), name)) != name:
                detail = f"`{first}` is the edge from `{origin}` to `{edge.to}` already"
                yield Finding(place, detail, "leave one out")
            elif (origin, edge.to) not in moves:
                cure = f"add a rule with `stage: {edge.to}` that moves `from` it, or leave it out"
                yield Finding(place, f"no rule moves from `{origin}` to `{edge.to}`", cure, "warning")
        if not edge.from_:
            yield Finding(("edges", name, "from"), "the edge leads from no stage", "list the stages, or leave it out")


def wrong_scope(racetrack: Racetrack) -> Iterator[Finding]:
    """A scope that says less than it seems to."""
    if not racetrack.events.products and not racetrack.events.without_product:
        detail = "without `products` the racetrack is about all events, also those without a product"
        yield Finding(("events", "without_product"), detail, "list the `products`, or leave this out")


def wrong_severities(racetrack: Racetrack) -> Iterator[Finding]:
    """A scale on which a severity has two places."""
    seen: set[str] = set()
    for n, severity in enumerate(racetrack.severities):
        if str(severity) in seen:
            detail = f"`{severity}` is on the scale already"
            yield Finding(("severities", n), detail, "name each severity once, the worst first")
        seen.add(str(severity))


class _Before:
    """For each rule, the rules that go before it wherever both start, and hold whenever it holds."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._hidden: dict[tuple[Turn, str], Step] = {}
        for origin in graph.reachable:
            steps = graph.candidates[origin]
            for n, step in enumerate(steps):
                first = next((one for one in steps[:n] if implies(step.turn.term, one.turn.term)), None)
                if first is not None:
                    self._hidden[step.turn, origin] = first

    def findings(self, turn: Turn) -> Iterator[Finding]:
        origins = [one for one in turn.origins if one in self._graph.reachable and one != turn.to]
        hidden = {origin: self._hidden[turn, origin] for origin in origins if (turn, origin) in self._hidden}
        for origin, step in hidden.items():
            if step.to != turn.to and implies(step.turn.term, turn.term):
                yield _overlap(turn, origin, step)
                return
        if origins and len(hidden) == len(origins):
            names = " or ".join(f"`{name}`" for name in dict.fromkeys(step.turn.name for step in hidden.values()))
            yield Finding(
                (*turn.place, "when"),
                f"never fires: whenever it holds, {names} holds as well and goes before it",
                f"say more in {names}, say something else here, or leave this rule out",
            )


def _overlap(turn: Turn, origin: str, step: Step) -> Finding:
    return Finding(
        (*turn.place, "when"),
        f"overlaps: `{step.turn.name}` has the same condition, and moves from `{origin}` to `{step.to}` instead",
        "say in the conditions what tells the two apart, or move `from` other stages",
    )


def _nowhere(turn: Turn, graph: Graph) -> Finding:
    place = turn.place if turn.rule.from_ is None else (*turn.place, "from")
    if not turn.origins:
        return Finding(place, "can never fire: it moves from no stage", "list the stages, or leave `from` out")
    if graph.racetrack.start and turn.origins == (OUTSIDE,) and not graph.racetrack.exits:
        detail = f"can never fire: customers start in `{graph.racetrack.start}` and never leave"
        return Finding(place, detail, "say `from` which stages it moves, or leave the rule out")
    origins = ", ".join(f"`{origin}`" for origin in turn.origins if origin != turn.to)
    detail = f"can never fire: no customer comes to {origins}" if origins else "can never fire: it moves only to itself"
    return Finding(place, detail, "move `from` a stage that can be reached, or lead a rule there")


def _to_itself(turn: Turn) -> Iterator[Finding]:
    for n, origin in enumerate(turn.rule.from_ or ()):
        if origin == turn.to:
            detail = f"a rule to `{origin}` never moves a customer who is there"
            yield Finding((*turn.place, "from", n), detail, "leave it out of `from`", "warning")
