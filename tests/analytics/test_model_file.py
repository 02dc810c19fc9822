"""A model as a file: it comes back as it was, and whatever happens to it is noticed."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from pytest import param

from raceline.analytics.model_file import (
    MAGIC,
    VERSION,
    ModelFileDamaged,
    ModelFileNewer,
    from_bytes,
    header_of,
    to_bytes,
)

shapes = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
arrays = st.sampled_from(["f8", "f4", "i8", "i4", "i1", "?"]).flatmap(lambda kind: arrays_of.arrays(kind, shapes))
contents = st.dictionaries(
    st.text(max_size=8), st.one_of(arrays, st.lists(st.text(max_size=5), max_size=4)), max_size=5
)
SMALL = {"names": ["a", "é"], "weight": np.array([[1.5, np.nan], [-np.inf, 0.0]])}


def sealed(body):
    return MAGIC + VERSION.to_bytes(2, "little") + sha256(body).digest() + body


@given(contents)
def test_what_is_written_is_read(content):
    written = to_bytes(content)
    read = from_bytes(written)
    assert list(read) == list(content)
    for name, value in content.items():
        if isinstance(value, list):
            assert read[name] == value
        else:
            assert read[name].dtype == value.dtype
            np.testing.assert_array_equal(read[name], value)
    assert to_bytes(read) == written, "the same arrays are the same bytes"


@given(contents)
def test_the_header_tells_names_and_shapes_without_the_rest(content):
    written = to_bytes(content)
    told = header_of(written[:4_000], len(written))
    assert {name: tuple(one["shape"]) if isinstance(one, dict) else one for name, one in told.items()} == {
        name: value if isinstance(value, list) else value.shape for name, value in from_bytes(written).items()
    }
    with pytest.raises(ModelFileDamaged):
        header_of(written, len(written) - 1)


@given(st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place, change):
    content = bytearray(to_bytes(SMALL))
    content[place % len(content)] ^= change
    with pytest.raises((ModelFileDamaged, ModelFileNewer)):
        from_bytes(bytes(content))


@given(st.integers(0))
def test_a_file_that_is_cut_off_is_noticed(length):
    content = to_bytes(SMALL)
    with pytest.raises(ModelFileDamaged):
        from_bytes(content[: length % len(content)])


@pytest.mark.parametrize(
    "content",
    [
        param(b"", id="an empty file"),
        param(b"\x80\x04\x95" + b"x" * 100, id="a pickle"),
        param(sealed(b"\x05" + bytes(7) + b"{not"), id="a header that is no JSON"),
        param(sealed(b"\x02" + bytes(7) + b"[]"), id="a header that is a list"),
        param(sealed(b"\x0f" + bytes(7) + b'{"a":{"type":1}'), id="a header that is cut off"),
        param(sealed(bytes([36]) + bytes(7) + b'{"a":{"type":"|O","shape":[1]}}     ' + bytes(8)), id="objects"),
        param(sealed(bytes([31]) + bytes(7) + b'{"a":{"type":"<f8","shape":[]}}' + bytes(16)), id="bytes too many"),
    ],
)
def test_what_is_no_model_file_is_refused(content):
    with pytest.raises(ModelFileDamaged):
        from_bytes(content)


def test_a_file_of_a_newer_format_asks_for_an_update():
    content = bytearray(to_bytes(SMALL))
    content[len(MAGIC)] += 1
    with pytest.raises(ModelFileNewer, match="update"):
        from_bytes(bytes(content))


def test_arrays_of_anything_but_numbers_are_not_written():
    with pytest.raises(TypeError, match="object"):
        to_bytes({"a": np.array([{}], object)})
