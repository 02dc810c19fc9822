"""Models are registered, promoted, rolled back and retired by decisions in the log; what was in force when stays
known."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from raceline.domain.errors import NoEarlierModel, NoModelInForce, PromotionRefused, UnknownModel, UnreadableModel
from raceline.domain.log import EventLog
from raceline.domain.model_decisions import ModelDecisions
from raceline.domain.model_registry import ModelRegistry
from raceline.domain.models import Models
from raceline.domain.racetrack_registry import Version

PASSED = json.dumps({"checks": [{"rule": "beats the baseline", "needed": "> 0", "observed": 0.1, "passed": True}]})
FAILED = json.dumps(
    {
        "checks": [
            {"rule": "beats the baseline", "needed": "> 0", "observed": -0.1, "passed": False},
            {"rule": "calibrated", "needed": "around 1", "observed": 2.0, "passed": False},
            {"rule": "enough moves", "needed": ">= 50", "observed": 99.0, "passed": True},
        ]
    }
)


def of(name="race", version=1, content="a"):
    """A racetrack that models are trained for."""
    return Version(
        name, version, sha256(content.encode()).hexdigest(), "{}", "", "ada", 1, datetime(2026, 1, 5, tzinfo=UTC)
    )


@pytest.fixture
def models(log):
    return Models(log)


@pytest.fixture
def register(models):
    def register(file=b"one", racetrack=None, metrics=PASSED, by="ada"):
        return models.register(racetrack or of(), file, '{"seed":7}', metrics, by)

    return register


def statuses(registry):
    return {one.name: one.status for one in registry.versions}


# Registering


def test_a_registered_model_is_kept_with_its_file_and_all_that_was_said_of_it(models, register, log):
    done = register(b"\0weights\xff", by="a\ud800da")
    [one] = models.registry().versions
    assert done == ("race", 1, sha256(b"\0weights\xff").hexdigest(), log.head(), True)
    assert (one.racetrack_version, one.racetrack_hash, one.hash) == (1, of().hash, done.hash)
    assert (one.parameters_read, one.metrics, one.by) == ({"seed": 7}, PASSED, "a\\ud800da")
    assert (one.status, one.position, one.since, one.promotion) == ("registered", done.position, done.position, None)
    assert models.file(one.hash) == b"\0weights\xff"


def test_the_same_file_for_the_same_racetrack_keeps_its_version_and_nothing_is_written(register, log):
    first, second, head = register(b"one"), register(b"two"), log.head()
    assert register(b"one", by="bob") == first._replace(new=False)
    assert (first.version, second.version, log.head()) == (1, 2, head)


def test_the_same_file_for_another_content_of_the_racetrack_is_another_model(models, register):
    assert [register(racetrack=of(version=n, content=text)).version for n, text in ((1, "a"), (2, "b"))] == [1, 2]
    assert [one.racetrack_version for one in models.registry().named("race")] == [1, 2]


def test_each_racetrack_counts_its_own_models(register):
    assert [register(racetrack=of(name)).version for name in ("race", "lap")] == [1, 1]


# In force


def test_a_model_that_passed_its_checks_is_promoted_in_the_place_of_the_one_that_was(models, register):
    register(b"one"), register(b"two")
    models.promote("race", 1, "ada")
    position = models.promote("race", 2, "bob", reason="newer")
    registry = models.registry()
    assert statuses(registry) == {"race#1": "registered", "race#2": "promoted"}
    assert registry.in_force("race").version == 2
    assert [one.name for one in registry.promoted] == ["race#2"]
    told = registry.get("race", 2).promotion
    assert (told.position, told.forced, told.failed, told.reason, told.by) == (position, False, (), "newer", "bob")


def test_a_model_that_failed_a_check_is_promoted_only_by_force_and_the_log_says_so(models, register, log):
    register(metrics=FAILED)
    head = log.head()
    with pytest.raises(PromotionRefused, match="failed=beats the baseline; calibrated"):
        models.promote("race", 1, "ada")
    assert log.head() == head
    models.promote("race", 1, "ada", force=True, reason="for a demonstration")
    told = models.registry().in_force("race").promotion
    assert (told.forced, told.failed, told.reason) == (
        True,
        ("beats the baseline", "calibrated"),
        "for a demonstration",
    )


@pytest.mark.parametrize("metrics", ["{}", '{"checks": []}'])
def test_a_model_that_was_never_evaluated_passes_no_check(models, register, metrics):
    register(metrics=metrics)
    with pytest.raises(PromotionRefused, match="evaluated on held-out data"):
        models.promote("race", 1, "ada")


def test_force_that_was_not_needed_is_not_told_as_force(models, register):
    register()
    models.promote("race", 1, "ada", force=True)
    assert not models.registry().in_force("race").promotion.forced


def test_promoting_what_is_in_force_writes_nothing_and_says_since_when_it_is(models, register, log):
    register()
    position, head = models.promote("race", 1, "ada"), log.head()
    assert models.promote("race", 1, "bob") == position
    assert log.head() == head


def test_rolling_back_goes_one_step_further_each_time_and_past_a_retirement_too(models, register):
    for file in (b"one", b"two", b"three"):
        models.promote("race", register(file).version, "ada")
    models.roll_back("race", "bob")
    assert statuses(models.registry()) == {"race#1": "registered", "race#2": "promoted", "race#3": "rolled_back"}
    models.retire("race", "bob")
    assert models.registry().in_force("race") is None
    assert [(models.roll_back("race", "bob"), models.registry().in_force("race").version)[1] for _ in range(2)] == [
        2,
        1,
    ]
    with pytest.raises(NoEarlierModel, match="racetrack=race"):
        models.roll_back("race", "bob")


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        pytest.param(
            lambda m: m.promote("rice", 1, "ada"), UnknownModel, "did you mean `race`?", id="a slip of the pen"
        ),
        pytest.param(
            lambda m: m.promote("race", 7, "ada"),
            UnknownModel,
            r"its models are 1 \(registered\)",
            id="no such version",
        ),
        pytest.param(lambda m: m.retire("race", "ada"), NoModelInForce, "racetrack=race", id="retiring what is not"),
        pytest.param(lambda m: m.roll_back("race", "ada"), NoEarlierModel, "racetrack=race", id="back to nothing"),
        pytest.param(lambda m: m.roll_back("zebra", "ada"), UnknownModel, "with models are: race", id="no such name"),
        pytest.param(lambda m: m.file("ab" * 32), UnknownModel, "no file has this hash", id="a file nobody kept"),
    ],
)
def test_is_refused_and_nothing_is_written(models, register, log, ask, error, message):
    register()
    head = log.head()
    with pytest.raises(error, match=message):
        ask(models)
    assert log.head() == head


def test_a_log_without_models_says_so(models):
    assert models.registry() == ModelRegistry()
    with pytest.raises(UnknownModel, match="with models are: none"):
        models.promote("race", 1, "ada")


# As known at a position, and by several at once


@dataclass
class Plain:
    """What was decided, in plain lists. stack: those in force before, then the one that is (None: retired)."""

    files: list = field(default_factory=list)
    stack: list = field(default_factory=lambda: [None])

    def register(self, file):
        if file not in self.files:
            self.files.append(file)

    def promote(self, version):
        if version <= len(self.files) and self.stack[-1] != version:
            before = [one for one in self.stack if one is not None]
            self.stack = [*(before[:-1] if before[-1:] == [version] else before), version]

    def roll_back(self):
        before = [one for one in self.stack[:-1] if one is not None]
        self.stack = before or self.stack

    def retire(self):
        if self.stack[-1] is not None:
            self.stack.append(None)


def machine(databases):
    class Decisions(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.database = databases()
            self.log = EventLog(self.database.__enter__())
            self.models, self.plain, self.seen = Models(self.log), Plain(), {}

        def teardown(self):
            for known in (self.models, Models(self.log)):
                for position, version in self.seen.items():
                    found = known.registry(position).in_force("race")
                    assert (found and found.version) == version
            self.log.close()
            self.database.__exit__(None, None, None)

        def after(self, decide):
            with suppress(UnknownModel, NoEarlierModel, NoModelInForce):
                decide()
            found = self.models.registry().in_force("race")
            assert (found and found.version) == self.plain.stack[-1]
            self.seen[self.log.head()] = self.plain.stack[-1]

        @rule(file=st.sampled_from([b"one", b"two", b"three"]))
        def register(self, file):
            self.plain.register(file)
            self.after(lambda: self.models.register(of(), file, "{}", PASSED, "ada"))

        @rule(version=st.integers(1, 3))
        def promote(self, version):
            self.plain.promote(version)
            self.after(lambda: self.models.promote("race", version, "ada"))

        @rule()
        def roll_back(self):
            self.plain.roll_back()
            self.after(lambda: self.models.roll_back("race", "ada"))

        @rule()
        def retire(self):
            self.plain.retire()
            self.after(lambda: self.models.retire("race", "ada"))

    return Decisions


def test_at_every_position_the_registry_says_which_model_a_plain_list_had_in_force(databases):
    few = settings(max_examples=8, stateful_step_count=15, suppress_health_check=list(HealthCheck), deadline=None)
    run_state_machine_as_test(machine(databases), settings=few)


def test_several_who_register_at_once_get_versions_without_a_gap_and_the_same_file_one(register):
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda n: register(b"%d" % (n % 3)), range(6)))
    assert sorted({(one.version, one.hash) for one in found}) == sorted(
        {(one.version, one.hash) for one in found if one.new}
    )
    assert sorted(one.version for one in found if one.new) == [1, 2, 3]


def test_who_does_not_know_a_decision_of_a_newer_raceline_does_not_decide_on_top_of_it(models, register, log):
    register()
    stored = StoredEvent(ModelDecisions.create_id("race"), 3, "model.frozen", b'{"racetrack": "race"}')
    log.recorder().insert_events([stored])
    with pytest.raises(UnreadableModel, match="name=race"):
        models.promote("race", 1, "ada")
    assert statuses(models.registry()) == {"race#1": "registered"}


def test_the_log_names_decisions_by_hand_given_topics(models, register, sql):
    register(b"one"), register(b"two")
    models.promote("race", 1, "ada"), models.promote("race", 2, "ada"), models.roll_back("race", "ada")
    models.retire("race", "ada")
    found = [one for (one,) in sql("SELECT type FROM raceline.event ORDER BY position")]
    told = ("named", "registered", "registered", "promoted", "promoted", "rolled_back", "retired")
    assert found == [f"model.{what}" for what in told]
    assert [one.decision.TOPIC for one in models.decisions()] == found[1:]
    states = sql("SELECT encode(state, 'escape') FROM raceline.event")
    assert not [state for (state,) in states if "raceline.domain" in state]
