"""Bulk ingest of an NDJSON file, beside a plain COPY of the same rows into the same table with the same indexes.

python bench/ingest.py [--events N]

Ours reads, checks and hashes every event, finds duplicates, and writes the identity beside the row; the limit does
nothing but write the row.
"""

import argparse
import time
from pathlib import Path

import psycopg
from scratch import database, folder, measured, write_clicks

from raceline.domain.catalogue import load
from raceline.domain.file_ingest import FileIngest
from raceline.domain.formats import open_input
from raceline.domain.ingest import Check, Ingest, Summary
from raceline.domain.log import EventLog
from raceline.domain.migrate import migrate


def ingest(url: str, path: Path) -> Summary:
    """The whole of `raceline ingest FILE` but for its progress bar."""
    with EventLog(url) as log, open_input(path) as records:
        return FileIngest(Ingest(log, Check(load())), records).run()


def copy(url: str, rows: Path) -> float:
    """Seconds to COPY the rows, which the server wrote itself, into an empty table like the log's."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE copied (LIKE raceline.event INCLUDING ALL)")
        conn.execute("CHECKPOINT")
        begun = time.perf_counter()
        with conn.cursor().copy("COPY copied FROM STDIN (FORMAT binary)") as into, rows.open("rb") as file:
            while block := file.read(1 << 18):
                into.write(block)
        seconds = time.perf_counter() - begun
        conn.execute("DROP TABLE copied")
        return seconds


def dump(url: str, rows: Path) -> None:
    """The rows of the log in PostgreSQL's binary form, in a file."""
    with psycopg.connect(url) as conn, rows.open("wb") as file:
        with conn.cursor().copy("COPY (SELECT * FROM raceline.event) TO STDOUT (FORMAT binary)") as out:
            for block in out:
                file.write(block)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    with folder() as home, database(home) as url:
        migrate(url)
        path, rows = home / "clicks.ndjson", home / "rows.bin"
        write_clicks(path, count, customers=max(1, count // 20))
        print(f"{count:,} events, {path.stat().st_size / count:.0f} bytes each as NDJSON")
        seconds, peak, summary = measured(ingest, url, path)
        assert summary.accepted == count, summary
        again, _, summary = measured(ingest, url, path)
        assert summary.duplicate == count, summary
        dump(url, rows)
        limit = min(copy(url, rows) for _ in range(3))
        print(f"plain COPY of the rows    {count / limit:10,.0f} events/s")
        print(f"ingest                    {count / seconds:10,.0f} events/s, {limit / seconds:.2f} of COPY, "
              f"peak memory {peak / 2**20:,.0f} MiB")  # fmt: skip
        print(f"ingest of the same again  {count / again:10,.0f} events/s, all duplicates")


if __name__ == "__main__":
    main()
