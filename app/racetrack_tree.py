"""A definition as a tree that people read: its stages with the rules that lead there, exits, edges, overlays,
features."""

from rich.text import Text
from rich.tree import Tree

from raceline.app.terminal import printable
from raceline.domain.condition import Condition
from raceline.domain.feature import Feature
from raceline.domain.racetrack import Edge, Exit, Overlay, Racetrack, Rule, Stage
from raceline.domain.racetrack_registry import Version
from raceline.domain.racetrack_text import feature_says, overlay_says, says


def racetrack_tree(version: Version, *, default: bool) -> Tree:
    """One published version in full."""
    race = version.racetrack
    root = Tree(_head(version, default=default))
    for n, stage in enumerate(race.stages.values(), 1):
        branch = root.add(_stage(race, n, stage))
        for rule in race.rules.values():
            if rule.stage == stage.name:
                _add_rule(branch, race, rule)
    if race.exits:
        branch = root.add(Text("exits: out of the racetrack", "bold"))
        for out in race.exits.values():
            _add_rule(branch, race, out)
    if race.edges:
        branch = root.add(Text("edges: ways back that are no regressions", "bold"))
        for edge in race.edges.values():
            branch.add(_edge(race, edge))
    if race.overlays:
        branch = root.add(Text("overlays: told of each stage and day", "bold"))
        for overlay in race.overlays.values():
            _add(branch, overlay, overlay_says(overlay))
    if race.features:
        branch = root.add(Text("features: what predictions go by, beside what is built in", "bold"))
        for feature in race.features.values():
            _add(branch, feature, f"{feature_says(feature)} ({feature.group})")
    return root


def _head(version: Version, *, default: bool) -> Text:
    race = version.racetrack
    status = f"{version.status}, the default" if default else version.status
    told = f"published {version.recorded_at:%Y-%m-%d %H:%M:%S} by {version.by} at position {version.position:,}"
    lines = [
        Text.assemble((printable(race.title), "bold"), f" ({version.name}, version {version.version}, {status})"),
        _line(race.documentation.strip()),
        _line(_scope(race)),
        _line(f"days of {race.time_zone}; severities, worst first: {', '.join(map(str, race.severities))}"),
        _line(f"{told}; content {version.hash[:12]}", "dim"),
    ]
    return Text("\n").join(line for line in lines if line.plain)


def _line(text: str, style: str = "") -> Text:
    return Text(printable(text), style)


def _scope(race: Racetrack) -> str:
    products = ", ".join(race.events.products)
    if not products:
        return "about events of any product" if race.events.without_product else "about events that name a product"
    return f"about events of {products}" + (", and those that name no product" if race.events.without_product else "")


def _stage(race: Racetrack, n: int, stage: Stage) -> Text:
    marks = (" $" if stage.revenue else "") + (", where a customer starts" if race.start == stage.name else "")
    documentation = f": {stage.documentation.strip()}" if stage.documentation else ""
    return Text.assemble(
        f"{n}. ", (printable(stage.title), "bold"), f" ({stage.name}){marks}{printable(documentation)}"
    )


def _add_rule(branch: Tree, race: Racetrack, rule: Rule | Exit) -> None:
    below = branch.add(_line(f"{rule.title} ({rule.name}), from {_origins(race, rule)}"))
    for line in (rule.documentation.strip(), _source(rule)):
        if line:
            below.add(_line(line, "dim"))
    _add_condition(below, rule.when)


def _origins(race: Racetrack, rule: Rule | Exit) -> str:
    if rule.from_ is None:
        return "any stage" if isinstance(rule, Exit) else "any earlier stage or outside"
    return ", ".join(race.stages[name].title if name in race.stages else name for name in rule.from_)


def _source(rule: Rule | Exit) -> str:
    source, parts = rule.source, []
    if source is not None:
        attributes = f" ({', '.join(source.attributes)})" if source.attributes else ""
        parts.append(f"source {source.system}.{source.database}.{source.table}{attributes}")
    if rule.owner:
        parts.append(f"owner {rule.owner}")
    shares = (("confidence", rule.confidence), ("coverage", rule.coverage))
    parts += [f"{name} {share * 100:g} %" for name, share in shares if share is not None]
    return "; ".join(parts)


def _add_condition(branch: Tree, condition: Condition) -> None:
    below = branch.add(_line(says(condition)))
    for one in condition.children:
        _add_condition(below, one)


def _add(branch: Tree, one: Overlay | Feature, words: str) -> None:
    below = branch.add(_line(f"{one.title} ({one.name}): {words}"))
    if one.documentation:
        below.add(_line(one.documentation.strip(), "dim"))


def _edge(race: Racetrack, edge: Edge) -> Text:
    origins = ", ".join(race.stages[name].title for name in edge.from_)
    lap = "; a new lap" if edge.new_lap else ""
    return _line(f"{edge.title} ({edge.name}): from {origins} to {race.stages[edge.to].title}{lap}")
