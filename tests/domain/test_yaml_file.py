"""A YAML file read into structs: what cannot be read at all is named with its place, too."""

from pathlib import Path

import msgspec
import pytest

from raceline.domain.errors import InvalidMapping
from raceline.domain.yaml_file import YamlFile, nearest


class Leaf(msgspec.Struct):
    name: str
    size: int | None = None
    tags: tuple[str, ...] = ()


class Tree(msgspec.Struct):
    leaves: dict[str, Leaf]
    root: Leaf | None = None
    heights: dict[int, float] = {}


@pytest.fixture
def file(tmp_path):
    def write(content: bytes) -> YamlFile:
        path = tmp_path / "tree.yaml"
        path.write_bytes(content)
        return YamlFile(path, InvalidMapping)

    return write


def test_a_file_becomes_structs_and_a_key_of_a_mapping_becomes_the_name(file):
    read = file(b"leaves: {a: {size: 1, tags: [x, y]}, b: {}}\nheights: {1: 2.5}\nroot: null\n").read(Tree)
    assert read == Tree({"a": Leaf("a", 1, ("x", "y")), "b": Leaf("b")}, None, {1: 2.5})


def test_an_anchor_stands_for_what_it_names(file):
    read = file(b"leaves: {a: &same {size: 1}, b: *same}").read(Tree)
    assert read.leaves["b"] == Leaf("b", 1)


def test_a_byte_order_mark_is_not_part_of_the_first_key(file):
    assert file(b"\xef\xbb\xbfleaves: {}").read(Tree) == Tree({})


@pytest.mark.parametrize(
    ("content", "line", "column", "says"),
    [
        pytest.param(b"", 1, 1, "the file is empty", id="an empty file"),
        pytest.param(b"# nothing\n", 1, 1, "the file is empty", id="only a comment"),
        pytest.param(b"- 1", 1, 1, "expected a mapping of keys to values, got a list", id="a list"),
        pytest.param(b"leaves:", 1, 8, "got nothing", id="a key without a value"),
        pytest.param("leaves: {\u00e9: {}, b: 7}".encode(), 1, 20, "got `7`", id="columns count characters, not bytes"),
        pytest.param(
            "a: \u00e9\nb: \u00e9\xff".encode("latin-1"), 1, 4, "byte 0xe9 is not UTF-8", id="another encoding"
        ),
        pytest.param("a: \u00e9\nb: \u00e9\x01".encode(), 2, 5, "#x0001 is not allowed", id="a control character"),
        pytest.param(b"a: [1\n", 2, 1, "flow sequence", id="a list without its end"),
        pytest.param(b"leaves: {}\n---\nleaves: {}", 2, 1, "another document", id="two documents"),
        pytest.param(b"leaves: {[a]: {}}", 1, 10, "expected a key, got a list", id="a list for a key"),
        pytest.param(b"leaves: {a: {name: b}}", 1, 14, "unknown key `name`", id="a name beside the key"),
        pytest.param(
            b"leaves: {a: {size: !!python/name:os.system x}}", 1, 20, "constructor", id="a tag that would run code"
        ),
        pytest.param(b"leaves: *none", 1, 9, "undefined alias", id="an anchor that is not there"),
        pytest.param(b"leaves: {}\nheights: {one: 1}", 2, 11, "Expected `int`", id="a key of the wrong kind"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(file, content, line, column, says):
    with pytest.raises(InvalidMapping) as refused:
        file(content).read(Tree)
    assert (refused.value.facts["line"], refused.value.facts["column"]) == (line, column)
    assert says in refused.value.detail


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidMapping, match=r"gone.yaml: No such file"):
        YamlFile(tmp_path / "gone.yaml", InvalidMapping)


def test_a_folder_is_not_a_file():
    with pytest.raises(InvalidMapping, match="directory"):
        YamlFile(Path("/"), InvalidMapping)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("titel", "title", id="letters changed places"),
        pytest.param("zzz", None, id="nothing like it"),
        pytest.param("t" * 101, None, id="too long to be a slip"),
    ],
)
def test_the_nearest_word_is_the_one_that_was_meant(word, meant):
    assert nearest(word, ["title", "owner"]) == meant
