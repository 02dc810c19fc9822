"""What the benchmarks share: a database of their own, generated clicks, and a process whose memory is measured."""

import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from raceline.app.embedded import EmbeddedServer

PAGES = 500


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for the run, where the embedded server may look in."""
    path = Path(tempfile.mkdtemp(prefix="raceline-bench-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def database(home: Path) -> Iterator[str]:
    """A new database: on the server of RACELINE_BENCH_DATABASE_URL, or on an embedded one with its defaults."""
    if given := os.environ.get("RACELINE_BENCH_DATABASE_URL"):
        name = f"raceline_bench_{uuid4().hex}"
        with psycopg.connect(given, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        yield make_conninfo(**{**conninfo_to_dict(given), "dbname": name})
        with psycopg.connect(given, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
        return
    with EmbeddedServer(home) as url:
        yield url


def write_clicks(path: Path, count: int, customers: int) -> None:
    """`count` generated clicks as NDJSON in the order of time: visits of five clicks on average, many at a time.

    One click in five goes back where it came from, and one in twenty is acknowledged.
    """
    rng = np.random.default_rng(5)
    visits = max(1, count // 5)
    visit = np.sort(rng.integers(0, visits, count))
    customer = rng.integers(0, customers, visits)[visit]
    begins = np.sort(rng.integers(0, 90 * 86_400, visits))
    seconds = begins[visit] + _within(visit, rng.integers(5, 240, count))
    page = (rng.zipf(1.3, count) - 1) % PAGES
    back, resolved = rng.random(count) < 0.2, rng.random(count) < 0.05
    source, target = np.empty(count, np.int64), np.empty(count, np.int64)
    for n in range(count):
        same = n > 0 and visit[n] == visit[n - 1]
        source[n] = target[n - 1] if same else page[n - 1]
        target[n] = source[n - 1] if same and back[n] else page[n]
    at = np.datetime64("2026-01-01T00:00:00") + seconds.astype("timedelta64[s]")
    with path.open("w", encoding="utf-8") as file:
        for n in np.argsort(seconds, kind="stable"):
            data = {"source_page": int(source[n]), "target_page": int(target[n]), "resolved": bool(resolved[n])}
            envelope = {
                "event_id": f"click-{n}",
                "source": "bench",
                "type": "support.link_followed",
                "customer_id": f"generated-{customer[n]:07d}",
                "occurred_at": f"{at[n]}Z",
                "data": data,
            }
            file.write(json.dumps(envelope) + "\n")


# What customers of a product do, how often, and what such an event says.
_DEEDS = (
    (8, "web.page_viewed", {"page": "/products/{n}", "page_type": "product"}),
    (3, "web.page_viewed", {"page": "/pricing/{n}", "page_type": "pricing"}),
    (1, "web.link_clicked", {"page": "/pricing/1", "target": "/contact-sales"}),
    (5, "content.viewed", {"page": "paper-{n}", "seconds": 90}),
    (3, "email.opened", {"email_id": "mail-{n}"}),
    (2, "install_base.item_booked", {"item_id": "item-{n}", "quantity": 3}),
    (2, "install_base.item_shipped", {"item_id": "item-{n}"}),
    (1, "install_base.license_activated", {"license_id": "license-{n}"}),
    (10, "telemetry.device_reported", {"device_id": "device-{n}"}),
    (8, "telemetry.feature_used", {"feature": "feature-{n}", "uses": 5}),
    (6, "telemetry.login_recorded", {"application": "console", "succeeded": True}),
    (1, "learning.session_attended", {"session_id": "session-{n}", "program": "ACC", "completed": True}),
    (1, "case.opened", {"case_id": "case-{n}", "severity": 3, "problem": "licence"}),
    (1, "install_base.contract_renewed", {"contract_id": "contract-{n}"}),
    (1, "advocacy.recommendation_made", {"channel": "survey", "score": 9}),
)


def write_journeys(
    path: Path, count: int, customers: int, product: str = "network-controller", begin: str = "2025-06-01T00:00:00"
) -> None:
    """`count` generated events of every family as NDJSON in the order of time, over 400 days, of so many customers."""
    rng = np.random.default_rng(7)
    weights = np.array([weight for weight, *_ in _DEEDS], float)
    deed = rng.choice(len(_DEEDS), count, p=weights / weights.sum())
    customer = rng.integers(0, customers, count)
    seconds = np.sort(rng.integers(0, 400 * 86_400, count))
    at = np.datetime64(begin) + seconds.astype("timedelta64[s]")
    number = rng.integers(0, 8, count)
    texts = [[json.dumps(data).replace("{n}", str(n)) for n in range(8)] for _, _, data in _DEEDS]
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            _, kind, _ = _DEEDS[deed[n]]
            name = "" if kind.startswith(("web.", "email.", "content.")) else f', "product": "{product}"'
            who = f'"customer_id": "generated-{customer[n]:07d}", "account_id": "account-{customer[n] % 5000:05d}"'
            file.write(
                f'{{"event_id": "j{n}", "source": "bench", "type": "{kind}", "occurred_at": "{at[n]}Z", {who}{name}, '
                f'"data": {texts[deed[n]][number[n]]}}}\n'
            )


def _within(group: np.ndarray, pause: np.ndarray) -> np.ndarray:
    """The pauses added up within each group of neighbours."""
    total = np.cumsum(pause)
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    return total - np.repeat(total[first], np.diff(np.append(first, len(group))))


def _measure(work: Callable[..., object], args: tuple[object, ...]) -> tuple[float, int, object]:
    begun = time.perf_counter()
    result = work(*args)
    seconds = time.perf_counter() - begun
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, result


def measured(work: Callable[..., object], *args: object) -> tuple[float, int, object]:
    """Seconds, peak memory in bytes and result of a function in a new process. Raises what it raises."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measure, work, args).result()
