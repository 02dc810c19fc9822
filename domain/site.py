"""The page table: the pages of a site as its owners describe them, with type, title and links (design, section 6).

    load(url, table)       replace the whole page table; the same content again changes nothing
    summary(url)           what is loaded, None without a page table
    clear(url)             back to none

It is read from files by site_file.py. Every call raises LogUnavailable and LogRefused as the log does.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import class_row

from raceline.domain.recorder import translated
from raceline.domain.sql import statements

_SQL = statements("raceline.domain", "site.sql")
LONGEST_PAGE = 2_000  # bytes of its name, as the table has it


class SitePage(NamedTuple):
    """What is known of a page besides its name."""

    page_type: str | None = None
    title: str | None = None


class PageTable(msgspec.Struct, frozen=True, dict=True):
    """A page table. pages: by name, those that only a link names included. links: (source, target), each once."""

    pages: Mapping[str, SitePage]
    links: tuple[tuple[str, str], ...]

    @cached_property
    def content_hash(self) -> bytes:
        """16 bytes that two tables share if and only if they say the same, in whatever order."""
        pages = sorted((page, *about) for page, about in self.pages.items())
        return blake2b(msgspec.msgpack.encode([pages, sorted(self.links)]), digest_size=16).digest()


class LoadedSite(NamedTuple):
    """The page table that is there: since when, of how many pages and links."""

    loaded_at: datetime
    content_hash: bytes
    pages: int
    links: int


class SiteType(NamedTuple):
    """The pages of one type (None: those without): how many, how many links leave them, and the name of one."""

    page_type: str | None
    pages: int
    links: int
    example: str


def load(url: str, table: PageTable) -> tuple[LoadedSite, bool]:
    """Put a page table in the place of the one that is there, in one transaction.

    Gives what is there now, and whether that is new: a table of the same content stays as it is, with its time.
    """
    with translated(), _connected(url) as conn:
        conn.execute(_SQL["lock"])
        kept = _kept(conn)
        if kept is not None and kept.content_hash == table.content_hash:
            return kept, False
        _empty(conn)
        with conn.cursor() as cursor, cursor.copy(_SQL["copy_pages"]) as copy:
            for page, about in table.pages.items():
                copy.write_row((page, *about))
        with conn.cursor() as cursor, cursor.copy(_SQL["copy_links"]) as copy:
            for link in table.links:
                copy.write_row(link)
        row = {"content_hash": table.content_hash, "pages": len(table.pages), "links": len(table.links)}
        stored = conn.cursor(row_factory=class_row(LoadedSite)).execute(_SQL["store"], row).fetchone()
        assert stored is not None, "the statement gives the row that it stores"  # noqa: S101
        return stored, True


def clear(url: str) -> bool:
    """Be without a page table; gives whether there was one."""
    with translated(), _connected(url) as conn:
        conn.execute(_SQL["lock"])
        there = _kept(conn) is not None
        _empty(conn)
        return there


def summary(url: str) -> tuple[LoadedSite, list[SiteType]] | None:
    """The page table that is loaded, and its types in the order of their names; None when there is none."""
    with translated(), _connected(url) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # both of one table
        kept = _kept(conn)
        if kept is None:
            return None
        return kept, conn.cursor(row_factory=class_row(SiteType)).execute(_SQL["types"]).fetchall()


def _connected(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, application_name="raceline site")


def _kept(conn: psycopg.Connection[Any]) -> LoadedSite | None:
    return conn.cursor(row_factory=class_row(LoadedSite)).execute(_SQL["kept"]).fetchone()


def _empty(conn: psycopg.Connection[Any]) -> None:
    for name in ("empty_links", "empty_pages", "empty_site"):
        conn.execute(_SQL[name])
