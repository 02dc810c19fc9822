"""Bulk ingest of an NDJSON file, beside a plain COPY of the same rows into the same tables with the same indexes.

python bench/ingest.py [--events N]

The log's rows are in two tables, `event` and `event_key`, which is the index of identities. Ours reads, checks and
hashes every event, finds duplicates and writes both; the limit writes both and does nothing else. COPY into `event`
alone, as if the log did not know a duplicate, is printed as well.
"""

import argparse
import time
from pathlib import Path

import psycopg
from scratch import database, folder, measured, write_clicks

from raceline.domain.catalogue import load
from raceline.domain.check import Check
from raceline.domain.file_ingest import FileIngest
from raceline.domain.formats import open_input
from raceline.domain.ingest import Ingest, Summary
from raceline.domain.log import EventLog
from raceline.domain.migrate import migrate


def ingest(url: str, path: Path) -> Summary:
    """The whole of `raceline ingest FILE` but for its progress bar."""
    with EventLog(url) as log, open_input(path) as records:
        return FileIngest(Ingest(log, Check(load())), records).run()


def copy(url: str, table: str, rows: Path) -> float:
    """Seconds to COPY rows, which the server wrote itself, into an empty table like `table`; the best of three."""
    return min(_copy(url, table, rows) for _ in range(3))


def _copy(url: str, table: str, rows: Path) -> float:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE TABLE copied (LIKE {table} INCLUDING ALL)")
        conn.execute("CHECKPOINT")
        begun = time.perf_counter()
        with conn.cursor().copy("COPY copied FROM STDIN (FORMAT binary)") as into, rows.open("rb") as file:
            while block := file.read(1 << 18):
                into.write(block)
        seconds = time.perf_counter() - begun
        conn.execute("DROP TABLE copied")
        return seconds


def dump(url: str, table: str, rows: Path) -> None:
    """The rows of a table in PostgreSQL's binary form, in a file."""
    statement = f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)"
    with psycopg.connect(url) as conn, rows.open("wb") as file, conn.cursor().copy(statement) as out:
        for block in out:
            file.write(block)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    with folder() as home, database(home) as url:
        migrate(url)
        path, rows, keys = home / "clicks.ndjson", home / "rows.bin", home / "keys.bin"
        write_clicks(path, count, customers=max(1, count // 20))
        print(f"{count:,} events, {path.stat().st_size / count:.0f} bytes each as NDJSON")
        seconds, peak, summary = measured(ingest, url, path)
        assert summary.accepted == count, summary
        again, _, summary = measured(ingest, url, path)
        assert summary.duplicate == count, summary
        dump(url, "raceline.event", rows)
        dump(url, "raceline.event_key", keys)
        events = copy(url, "raceline.event", rows)
        both = events + copy(url, "raceline.event_key", keys)
        print(f"plain COPY into event and event_key {count / both:10,.0f} events/s")
        print(f"plain COPY into event alone         {count / events:10,.0f} events/s")
        print(
            f"ingest                              {count / seconds:10,.0f} events/s, {both / seconds:.2f} of both, "
            f"{events / seconds:.2f} of event alone, peak memory {peak / 2**20:,.0f} MiB"
        )
        print(f"ingest of the same again            {count / again:10,.0f} events/s, all duplicates")


if __name__ == "__main__":
    main()
