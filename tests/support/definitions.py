"""Random definitions of racetracks as plain data: what YAML holds, in the order of the file."""

from hypothesis import strategies as st

TYPES = ["web.page_viewed", "case.opened", "telemetry.login_recorded", "telemetry.*", "install_base.item_booked"]
TITLES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12).filter(
    lambda text: text.strip()
)
DURATIONS = st.builds("{}{}".format, st.integers(1, 400), st.sampled_from("smhdw"))
SINCE = st.sampled_from(["stage", "lap", "start"])
NUMBERS = st.integers(1, 50) | st.sampled_from([0.5, 2.25, 1e3])
VALUES = st.sampled_from(["a", "7", "true", "no", "1.0", "2026-01-05", "", "Zoë"]) | st.integers(-9, 9) | st.booleans()


def some(**optional):
    """A mapping with any of these keys, at least one."""
    return st.fixed_dictionaries({}, optional=optional).filter(bool)


FILTERS = some(
    prefix=st.sampled_from(["/", "a"]),
    present=st.booleans(),
    at_least=NUMBERS,
    at_most=NUMBERS,
    above=NUMBERS,
    below=NUMBERS,
)
WHERE = st.dictionaries(st.sampled_from(["page", "severity", "x"]), VALUES | st.lists(VALUES, min_size=1) | FILTERS)
EVENTS = st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=3)
COUNTS = st.sampled_from(
    [
        {},
        {"at_least": 3},
        {"distinct_days": 2},
        {"distinct": {"attribute": "page", "at_least": 2}},
        {"sum": {"attribute": "quantity", "at_least": 2.5}},
    ]
)
LEAVES = st.builds(
    lambda event, counts, rest: {"event": event, **counts, **rest},
    EVENTS,
    COUNTS,
    st.fixed_dictionaries({}, optional={"within": DURATIONS, "since": SINCE, "where": WHERE}),
) | st.builds(
    lambda event, lasting, rest: {"none": {"event": event, "for": lasting, **rest}},
    EVENTS,
    DURATIONS,
    st.fixed_dictionaries({}, optional={"since": SINCE, "where": WHERE}),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda them: {"all": them})
        | st.lists(inner, min_size=1, max_size=3).map(lambda them: {"any": them})
        | inner.map(lambda one: {"not": one})
    ),
    max_leaves=5,
)
OVERLAYS = st.builds(
    lambda title, event, aggregate, rest: {"title": title, "event": event, **aggregate, **rest},
    TITLES,
    EVENTS,
    st.sampled_from([{}, {"distinct": "page"}, {"sum": "quantity"}, {"mean": "seconds"}]),
    st.fixed_dictionaries({}, optional={"where": WHERE, "documentation": TITLES}),
)
FEATURES = st.builds(
    lambda title, event, group, aggregate, rest: {"title": title, "event": event, "group": group, **aggregate, **rest},
    TITLES,
    EVENTS,
    st.sampled_from(["time", "usage", "account"]),
    st.sampled_from([{}, {"aggregate": "days_since"}, {"aggregate": "sum", "attribute": "quantity"}]),
    st.fixed_dictionaries({}, optional={"where": WHERE, "window_days": st.integers(1, 90), "documentation": TITLES}),
)
SOURCES = st.fixed_dictionaries(
    {"system": TITLES, "database": TITLES, "table": TITLES}, optional={"attributes": st.lists(TITLES, max_size=2)}
)


@st.composite
def definitions(draw):
    """A definition as the mapping that its YAML is."""
    stages = [f"stage{n}" for n in range(draw(st.integers(1, 4)))]
    stage = st.sampled_from(stages)
    described = {
        "documentation": TITLES,
        "source": SOURCES,
        "owner": TITLES,
        "confidence": st.sampled_from([0, 1, 0.5]),
        "coverage": st.integers(0, 1000).map(lambda share: share / 1000),
        "from": st.lists(stage, unique=True, max_size=2),
    }
    turn = {"title": TITLES, "when": CONDITIONS}
    rules = st.fixed_dictionaries({**turn, "stage": stage}, optional=described)
    exits = st.fixed_dictionaries(turn, optional=described)
    edges = st.fixed_dictionaries(
        {"title": TITLES, "from": st.lists(stage, max_size=2), "to": stage}, optional={"new_lap": st.booleans()}
    )
    made = {
        "name": "track",
        "title": draw(TITLES),
        "stages": {
            name: draw(st.fixed_dictionaries({"title": TITLES}, optional={"revenue": st.booleans()})) for name in stages
        },
        "rules": _named("rule", draw(st.lists(rules, max_size=4))),
    }
    rest = st.fixed_dictionaries(
        {},
        optional={
            "documentation": TITLES,
            "events": st.fixed_dictionaries(
                {}, optional={"products": st.lists(TITLES, max_size=2), "without_product": st.booleans()}
            ),
            "time_zone": st.sampled_from(["UTC", "Europe/Berlin"]),
            "start": stage,
            "exits": st.lists(exits, max_size=2).map(lambda them: {f"exit{n}": one for n, one in enumerate(them)}),
            "edges": st.lists(edges, max_size=2).map(lambda them: {f"edge{n}": one for n, one in enumerate(them)}),
            "overlays": st.lists(OVERLAYS, max_size=3).map(
                lambda them: {f"over{n}": one for n, one in enumerate(them)}
            ),
            "features": st.lists(FEATURES, max_size=3).map(
                lambda them: {f"feature{n}": one for n, one in enumerate(them)}
            ),
            "severities": st.lists(st.integers(1, 5) | st.sampled_from(["high", "low"]), max_size=3),
        },
    )
    return made | draw(rest)


def _named(word, them):
    return {f"{word}{n}": one for n, one in enumerate(them)}
