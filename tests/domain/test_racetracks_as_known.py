"""Whatever is decided, in whatever order: the registry says at every position what a plain model said there."""

from contextlib import ExitStack
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from raceline.domain.condition import Condition
from raceline.domain.errors import NotActive, UnknownRacetrack
from raceline.domain.log import EventLog
from raceline.domain.racetrack import Racetrack, Rule, Stage
from raceline.domain.racetrack_file import content_hash
from raceline.domain.racetracks import Racetracks

NAMES = st.sampled_from(["race", "lap"])
TITLES = st.sampled_from(["one", "two", "three"])


def racetrack(name, title):
    return Racetrack(
        name=name,
        title=title,
        stages={"need": Stage(name="need", title="Need")},
        rules={"seen": Rule(name="seen", title="Seen", stage="need", when=Condition(event="web.page_viewed"))},
    )


@dataclass
class Model:
    """What was said of each name, in plain dicts. active: in the order since when each name is."""

    titles: dict = field(default_factory=dict)
    statuses: dict = field(default_factory=dict)
    active: dict = field(default_factory=dict)

    def publish(self, name, title):
        titles = self.titles.setdefault(name, [])
        if title in titles:
            return False
        titles.append(title)
        self.statuses[name, len(titles)] = "published"
        return True

    def activate(self, name, version):
        if self.active.get(name) == version:
            return False
        if name in self.active:
            self.statuses[name, self.active[name]] = "published"
        self.active[name] = version
        self.statuses[name, version] = "active"
        return True

    def retire(self, name):
        self.statuses[name, self.active.pop(name)] = "retired"

    def seen(self):
        return dict(self.statuses), list(self.active.items())


def seen(registry):
    assert registry.default == (registry.active[0] if registry.active else None)
    return (
        {(one.name, one.version): one.status for one in registry.versions},
        [(one.name, one.version) for one in registry.active],
    )


class Deciding(RuleBasedStateMachine):
    """Two processes decide in turns; a third asks only at the end."""

    def __init__(self, databases, event):
        super().__init__()
        self.event = event
        self.model = Model()
        self.known = [self.model.seen()]
        with ExitStack() as opened:
            self.log = opened.enter_context(EventLog(opened.enter_context(databases()), pool_size=2))
            self.opened = opened.pop_all()
        self.deciders = (Racetracks(self.log), Racetracks(self.log))

    def remember(self, log_grew):
        """What the model says now is what was known from the new positions on; a first version takes two."""
        head = self.log.head()
        assert (head >= len(self.known)) == log_grew
        self.known += [self.known[-1]] * (head - len(self.known))
        self.known += [self.model.seen()] * (head + 1 - len(self.known))

    @rule(name=NAMES, title=TITLES, who=st.integers(0, 1))
    def publish(self, name, title, who):
        given = racetrack(name, title)
        new = self.model.publish(name, title)
        published = self.deciders[who].publish(given, f"title: {title}", "ada")
        assert published.new == new
        assert published.version == self.model.titles[name].index(title) + 1
        assert published.hash == content_hash(given)
        self.remember(log_grew=new)

    @precondition(lambda self: self.model.titles)
    @rule(data=st.data(), who=st.integers(0, 1))
    def activate(self, data, who):
        name, version = data.draw(st.sampled_from(sorted(self.model.statuses)))
        new = self.model.activate(name, version)
        self.deciders[who].activate(name, version, "ada")
        self.remember(log_grew=new)

    @rule(name=NAMES, who=st.integers(0, 1))
    def retire(self, name, who):
        if known := name in self.model.active:
            self.model.retire(name)
        try:
            self.deciders[who].retire(name, "ada")
        except (NotActive, UnknownRacetrack):
            assert not known
        self.remember(log_grew=known)

    @rule()
    def facts_come_in(self):
        self.log.append([self.event(self.log.head())])
        self.remember(log_grew=True)

    def teardown(self):
        with self.opened:
            for racetracks in (*self.deciders, Racetracks(self.log)):
                self.check(racetracks)

    def check(self, racetracks):
        for position, expected in enumerate(self.known):
            registry = racetracks.registry(position)
            assert seen(registry) == expected
            assert registry.position <= position
        assert seen(racetracks.registry()) == self.known[-1]
        for one in racetracks.registry().versions:
            assert one.racetrack == racetrack(one.name, self.model.titles[one.name][one.version - 1])


def test_at_every_position_the_registry_is_what_it_was_when_the_log_ended_there(databases, event):
    run_state_machine_as_test(
        lambda: Deciding(databases, event),
        settings=settings(
            max_examples=min(20, settings().max_examples),
            stateful_step_count=20,
            suppress_health_check=list(HealthCheck),
        ),
    )
