"""The sample: generated, plainly labelled, the same everywhere, and never among real customers."""

from collections import Counter
from hashlib import blake2b
from io import BytesIO

import msgspec
import pytest

from raceline.app.cli_serve import load_sample
from raceline.app.runtime import runtime
from raceline.app.sample import CUSTOMERS, write_sample
from raceline.app.settings import read_settings
from raceline.domain.errors import NotConfirmed


@pytest.fixture(scope="module")
def sample():
    file = BytesIO()
    write_sample(file)
    return file.getvalue()


@pytest.fixture
def store(configured):
    with runtime(read_settings()) as store:
        yield store


def test_it_is_the_same_on_every_machine_because_the_log_refuses_the_same_identity_with_other_content(sample):
    """A change of the generator needs another `_EDITION`; then this digest changes, too."""
    assert blake2b(sample, digest_size=8).hexdigest() == "954e6d6a42b762df"


def test_everything_in_it_says_that_it_is_a_sample(sample):
    events = [msgspec.json.decode(line) for line in sample.splitlines()]
    assert len({event["customer_id"] for event in events}) == CUSTOMERS
    assert {event["customer_id"][:7] + event["account_id"][:7] + event["source"][-6:] for event in events} == {
        "sample-sample-sample"
    }
    assert 15_000 < len(events) < 25_000
    assert len({event["type"].partition(".")[0] for event in events}) >= 8


def test_loading_it_twice_changes_nothing(store, capsys):
    load_sample(store)
    head = store.log.head()
    assert head == int(capsys.readouterr().out.split()[1].replace(",", ""))
    load_sample(store)
    assert f"0 accepted, {head:,} duplicate, 0 quarantined" in capsys.readouterr().out
    assert store.log.head() == head


def test_it_shows_paths_with_turnarounds_and_cases(store):
    load_sample(store)
    with store.log.datastore.connected() as conn:
        paths = conn.execute("SELECT turnarounds > 0 AS turned, resolved FROM live.paths").fetchall()
        types = Counter(row["type"] for row in conn.execute("SELECT type FROM live.timeline"))
    assert {(path["turned"], path["resolved"]) for path in paths} == {
        (a, b) for a in (True, False) for b in (True, False)
    }
    assert types["case.opened"] > 100


def test_it_is_not_mixed_with_other_customers(store):
    store.ingest.record(
        [b'{"type":"web.page_viewed","customer_id":"c","occurred_at":"2026-01-05T00:00:00Z","data":{"page":"a"}}'],
        source="shop",
        place="test",
    )
    with pytest.raises(NotConfirmed, match="RACELINE_HOME"):
        load_sample(store)
    assert store.log.head() == 1
