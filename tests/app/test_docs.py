"""What the documentation says of types, settings and commands is made from the code, and CI sees when it is not."""

import pytest

from raceline.app import docs
from raceline.domain.errors import RacelineError
from raceline.graphql.schema import sdl

EMPTY = "# raceline\n" + "".join(f"<!-- generated: {name} -->\n<!-- end -->\nText.\n" for name in docs.parts())


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    (tmp_path / "graphql").mkdir()
    (tmp_path / "README.md").write_text(EMPTY)
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    return tmp_path


def test_what_is_written_is_up_to_date(checkout, capsys):
    assert docs.main(["--check"]) == 1
    assert "README.md is out of date; run `make docs`" in capsys.readouterr().err
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    assert (checkout / "graphql/schema.graphql").read_text() == sdl()


def test_text_around_the_generated_parts_stays(checkout):
    docs.main([])
    readme = (checkout / "README.md").read_text()
    assert readme.startswith("# raceline\n")
    assert readme.count("\nText.\n") == len(docs.parts())
    for word in ("support.link_followed", "RACELINE_PORT", "raceline quarantine requeue ID... [--corrected]"):
        assert word in readme


@pytest.mark.parametrize("readme", ["# raceline\n", EMPTY + "<!-- generated: settings -->\n<!-- end -->\n"])
def test_a_marker_that_is_missing_or_there_twice_is_told(checkout, readme, capsys):
    (checkout / "README.md").write_text(readme)
    with pytest.raises(RacelineError, match="<!-- generated: "):
        docs.rendered(readme)
    assert docs.main([]) == 1
    assert "needs one part that begins with" in capsys.readouterr().err


def test_outside_of_a_checkout_it_says_so(checkout, capsys):
    (checkout / "README.md").unlink()
    assert docs.main([]) == 1
    assert "checkout" in capsys.readouterr().err
