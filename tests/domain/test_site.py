"""The page table in the database: replaced as a whole or not at all."""

import threading

import psycopg
import pytest

from raceline.domain.errors import LogRefused, LogUnavailable
from raceline.domain.site import PageTable, SitePage, SiteType, clear, load, summary

TABLE = PageTable(
    {"11": SitePage("article", "Install it"), "28": SitePage("article"), "/": SitePage()},
    (("11", "28"), ("/", "11"), ("/", "28")),
)
OTHER = PageTable({"42": SitePage("form", 'tab\t, line\n, \\N and "')}, ())


def rows(sql):
    pages = sql("SELECT page, page_type, title FROM raceline.site_page ORDER BY page")
    return pages, sql("SELECT source, target FROM raceline.site_link ORDER BY source, target")


def test_a_log_begins_without_a_page_table(database):
    assert summary(database) is None
    assert clear(database) is False


def test_a_page_table_is_there_as_it_was_given(database, sql):
    loaded, new = load(database, TABLE)
    assert (new, loaded.pages, loaded.links, loaded.content_hash) == (True, 3, 3, TABLE.content_hash)
    assert rows(sql) == (
        [("/", None, None), ("11", "article", "Install it"), ("28", "article", None)],
        [("/", "11"), ("/", "28"), ("11", "28")],
    )
    assert summary(database) == (loaded, [SiteType("article", 2, 1, "11"), SiteType(None, 1, 2, "/")])


def test_the_next_one_takes_its_place_links_included(database, sql):
    load(database, TABLE)
    load(database, OTHER)
    assert rows(sql) == ([("42", *OTHER.pages["42"])], [])
    assert len(sql("SELECT loaded_at FROM raceline.site")) == 1


def test_the_same_again_in_another_order_changes_nothing(database):
    loaded, _ = load(database, TABLE)
    again = PageTable(dict(reversed(TABLE.pages.items())), TABLE.links[::-1])
    assert load(database, again) == (loaded, False)


def test_cleared_there_is_none(database, sql):
    load(database, TABLE)
    assert clear(database) is True
    assert summary(database) is None
    assert rows(sql) == ([], [])


def test_one_that_the_database_refuses_leaves_the_one_before(database, sql):
    loaded, _ = load(database, TABLE)
    with pytest.raises(LogRefused):
        load(database, PageTable({"x" * 2_001: SitePage()}, ()))
    found = summary(database)
    assert found is not None
    assert found[0] == loaded
    assert len(rows(sql)[1]) == 3


def test_who_reads_while_it_is_replaced_sees_one_of_the_two_whole(database):
    load(database, TABLE)
    with psycopg.connect(database) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert reader.execute("SELECT count(*) FROM raceline.site").fetchone() == (1,)
        load(database, OTHER)
        assert reader.execute("SELECT count(*) FROM raceline.site_page").fetchone() == (3,)
        assert reader.execute("SELECT count(*) FROM raceline.site_link").fetchone() == (3,)


def test_of_two_who_replace_it_at_once_one_is_there_in_the_end_whole(database, sql):
    threads = [threading.Thread(target=load, args=(database, table)) for table in (TABLE, OTHER, TABLE, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = summary(database)
    assert found is not None
    assert (found[0].pages, found[0].links) in ((3, 3), (1, 0))
    assert tuple(map(len, rows(sql))) == (found[0].pages, found[0].links)


def test_a_database_that_is_away_is_unavailable():
    with pytest.raises(LogUnavailable):
        load("postgresql://nobody@127.0.0.1:1/nothing", TABLE)


def test_tables_that_say_the_same_have_the_same_hash_and_others_another():
    hashes = {
        table.content_hash
        for table in (
            TABLE,
            PageTable(TABLE.pages, TABLE.links[:2]),
            PageTable(TABLE.pages, (*TABLE.links[:2], ("28", "/"))),
            PageTable({**TABLE.pages, "/": SitePage(title="")}, TABLE.links),
            PageTable({**TABLE.pages, "/": SitePage("x")}, TABLE.links),
            PageTable({**TABLE.pages, "/": SitePage(None, "x")}, TABLE.links),
        )
    }
    assert len(hashes) == 6
