"""A model as a file: raw arrays behind a header, no pickle; the same arrays are the same bytes.

Layout: MAGIC, the format's version (2 bytes, little-endian), SHA-256 of all that follows, the header's length (8
bytes), the header (JSON: a name, a type and a shape for each array, in order; lists of names as they are), the bytes.
"""

import json
import math
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np

MAGIC = b"raceline-model\n"
VERSION = 1
# Numbers only: a file from anywhere must not be able to say anything else.
TYPES = ("<f8", "<f4", "<i8", "<i4", "|i1", "|b1")
HEAD = 2**18  # bytes that hold any header
_DIGEST = 32
_START = len(MAGIC) + 2


class ModelFileDamaged(ValueError):
    """This is not a model file, or not all of it."""


class ModelFileNewer(ValueError):
    """This model file was written by a newer raceline."""


def to_bytes(arrays: Mapping[str, Any]) -> bytes:
    """Arrays of numbers and lists of texts by name, as one file. Raises TypeError for arrays of anything else."""
    header: dict[str, Any] = {}
    parts = []
    for name, value in arrays.items():
        if isinstance(value, list):
            header[name] = value
            continue
        array = np.ascontiguousarray(value)
        kind = array.dtype.newbyteorder("<").str
        if kind not in TYPES:
            raise TypeError(f"{name} is an array of {array.dtype}")
        header[name] = {"type": kind, "shape": list(array.shape)}
        parts.append(array.astype(kind, copy=False).tobytes())
    told = json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode()
    body = b"".join([len(told).to_bytes(8, "little"), told, *parts])
    return MAGIC + VERSION.to_bytes(2, "little") + sha256(body).digest() + body


def from_bytes(content: bytes) -> dict[str, Any]:
    """The arrays of a file, read-only. Raises ModelFileDamaged or ModelFileNewer."""
    body = _body(content)
    if sha256(body).digest() != content[_START : _START + _DIGEST]:
        raise ModelFileDamaged("the model file is damaged: its content is not what its checksum says")
    size = int.from_bytes(body[:8], "little")
    try:
        return _read(json.loads(body[8 : 8 + size]), body, 8 + size)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise ModelFileDamaged(f"the model file cannot be read: {problem}") from problem


def header_of(begin: bytes, length: int) -> dict[str, Any]:
    """What a file says of itself: lists of names as they are, of each array `type` and `shape`. For whoever need not
    read all of it; only `from_bytes` sees whether the arrays are what was written.

    begin: the first HEAD bytes of the file, or all of it; length: of the file, in bytes. Raises ModelFileDamaged or
    ModelFileNewer.
    """
    body = _body(begin)
    size = int.from_bytes(body[:8], "little")
    try:
        header: dict[str, Any] = json.loads(body[8 : 8 + size])
        arrays = [told for told in header.values() if not isinstance(told, list)]
        wanted = sum(math.prod(told["shape"]) * np.dtype(told["type"]).itemsize for told in arrays)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise ModelFileDamaged(f"the model file cannot be read: {problem}") from problem
    if length != _START + _DIGEST + 8 + size + wanted:
        raise ModelFileDamaged(f"the model file is damaged: {length} bytes are not as many as it says")
    return header


def _body(content: bytes) -> bytes:
    """What follows the checksum."""
    if content[: len(MAGIC)] != MAGIC or len(content) < _START + _DIGEST + 8:
        raise ModelFileDamaged("this is not a model file of raceline, or only the beginning of one")
    version = int.from_bytes(content[len(MAGIC) : _START], "little")
    if version > VERSION:
        raise ModelFileNewer(f"the model file has format {version}, this raceline knows up to {VERSION}: update it")
    if version < 1:
        raise ModelFileDamaged("the model file is damaged: there is no such format")
    return content[_START + _DIGEST :]


def _read(header: dict[str, Any], body: bytes, at: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, told in header.items():
        if isinstance(told, list):
            found[name] = told
            continue
        if told["type"] not in TYPES:
            raise ValueError(f"{name} is of {told['type']}")
        count = math.prod(told["shape"])
        array = np.frombuffer(body, told["type"], count, at).reshape(told["shape"])
        found[name] = array
        at += array.nbytes
    if at != len(body):
        raise ValueError(f"{len(body) - at} bytes are left over")
    return found
