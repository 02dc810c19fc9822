"""The page table, as its commands load, show and clear it."""

import json

import pytest

PAGES = "page,page_type,title,colour\n11,article,Install it,red\n28,article,,blue\n"
LINKS = "source,target\n11,28\n28,11\n28,28\n28,99\n11,28\n"


@pytest.fixture
def files(tmp_path):
    pages, links = tmp_path / "pages.csv", tmp_path / "links.csv"
    pages.write_text(PAGES)
    links.write_text(LINKS)
    return str(pages), "--links", str(links)


def test_a_page_table_is_loaded_shown_and_cleared(raceline, files):
    assert "no page table" in raceline("site", "show").out
    assert raceline("site", "load", *files).out == "The page table has 3 pages and 3 links.\n"
    shown = raceline("site", "show").out.splitlines()
    assert shown[0].startswith("3 pages and 3 links, loaded at 20")
    cells = [line.split() for line in shown]
    assert ["article", "2", "3", "11"] in cells
    assert ["(none)", "1", "0", "99"] in cells
    assert raceline("site", "clear").out == "The page table is empty now.\n"
    assert raceline("site", "clear").out == "There was no page table.\n"
    assert "no page table" in raceline("site", "show").out


def test_what_may_not_be_meant_is_told_beside_the_data(raceline, files):
    told = raceline("site", "load", *files).err
    assert "pages.csv: not used: `colour`." in told
    assert "Named by links only, and so without a type: 1 pages (99)." in told
    assert "Left out: 1 links of a page to itself" in told
    assert "Said more than once: 1 rows." in told


def test_how_many_of_its_pages_have_been_visited_is_told(raceline, files, clicks, tmp_path):
    assert "visited" not in raceline("site", "load", *files).err, "before anything was derived, nobody knows"
    raceline("ingest", str(clicks))
    raceline("project", "--once")
    done = raceline("site", "load", *files, "--json")
    assert "2 of its 3 pages have been visited.\n" in done.err
    assert json.loads(done.out)["visited"] == 2
    mine = tmp_path / "mine.csv"
    mine.write_text("page\n28\n35\n")
    assert "All of its 2 pages have been visited.\n" in raceline("site", "load", str(mine)).err
    mine.write_text("page\n/28\n/35\n/42\n")
    told = raceline("site", "load", str(mine)).err
    assert "None of its 3 pages has ever been visited; paths name them otherwise, such as `11`.\n" in told


def test_the_same_again_changes_nothing_and_says_so(raceline, files):
    raceline("site", "load", *files)
    before = json.loads(raceline("site", "show", "--json").out)
    assert "it is the one that was loaded at 20" in raceline("site", "load", *files).out
    assert json.loads(raceline("site", "load", *files, "--json").out)["changed"] is False
    assert json.loads(raceline("site", "show", "--json").out) == before


def test_scripts_read_json(raceline, files):
    assert raceline("site", "show", "--json").out == "null\n"
    loaded = json.loads(raceline("site", "load", *files, "--json").out)
    assert (loaded["changed"], loaded["pages"], loaded["links"], len(loaded["content_hash"])) == (True, 3, 3, 32)
    types = json.loads(raceline("site", "show", "--json").out)["types"]
    assert [(one["page_type"], one["pages"], one["links"]) for one in types] == [("article", 2, 3), (None, 1, 0)]


def test_a_table_with_a_mistake_leaves_the_one_before(raceline, files, tmp_path):
    raceline("site", "load", *files)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("page,type\n11,a\n,b\n11,b\n")
    done = raceline("site", "load", str(wrong))
    assert done.status == 1
    assert done.err.splitlines()[0] == "raceline: The page table is not valid; nothing was changed. "
    assert "wrong.csv:3: page: there is no value" in done.err
    assert "wrong.csv:4: `11` is in line 2 already" in done.err
    assert json.loads(raceline("site", "show", "--json").out)["pages"] == 3
