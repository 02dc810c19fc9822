"""Rows of a table become the JSON texts of envelopes, a column at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from raceline.domain.cells import Unreadable
from raceline.domain.event import Reason

# So many texts of a column are remembered with their meaning, because most columns say the same again and again; long
# ones do not.
_REMEMBERED = 20_000
_LONG = 200


class Member(dict[Any, bytes | None]):
    """A member of a JSON object, `"name":value`, by the text of the cell that it is made of.

    A text is what a cell holds; cells of other files than CSV may hold other values.

    label: how messages call the cell. columns: the indices of its columns; of several columns the texts are a tuple.
    read: gives the value of a text, None for no value, or raises Unreadable. reason: why a row is rejected that cannot
    be read. required: whether no value is a reason as well.

    The text of no value is empty; that of what cannot be read is None, and sets `refused`.
    """

    def __init__(
        self,
        name: str,
        label: str,
        columns: Sequence[int],
        read: Callable[[Any], Any],
        *,
        required: bool,
        reason: Reason,
    ) -> None:
        super().__init__()
        self._start = msgspec.json.encode(name) + b":"
        self._label, self._columns, self._read = label, columns, read
        self._required, self._reason = required, reason
        self.refused = False

    def __missing__(self, text: Any) -> bytes | None:
        try:
            member = self._member(text)
        except Unreadable:
            self.refused = True
            return None
        if len(member) <= _LONG:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = member
        return member

    def texts(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """The text of each row, given the texts of each column."""
        chosen = [columns[n] for n in self._columns]
        return chosen[0] if len(chosen) == 1 else list(zip(*chosen, strict=True))

    def members(self, columns: Sequence[Sequence[Any]]) -> list[bytes | None]:
        """The member of each row, given the texts of each column."""
        self.refused = False
        return list(map(self.__getitem__, self.texts(columns)))

    def why(self, text: Any) -> Unreadable | None:
        """Why this text cannot be read; None when it can."""
        try:
            self._member(text)
        except Unreadable as refused:
            return refused
        return None

    def _member(self, text: Any) -> bytes:
        try:
            value = self._read(text)
            if value is None and self._required:
                raise Unreadable("there is no value")
            return b"" if value is None else self._start + msgspec.json.encode(value)
        except UnicodeEncodeError:
            raise Unreadable(f"{self._label}: not in the encoding of the file", "wrong_encoding") from None
        except Unreadable as refused:
            reason = self._reason if refused.reason == "malformed" else refused.reason
            raise Unreadable(f"{self._label}: {refused.detail}", reason) from None


@dataclass(frozen=True)
class Layout:
    """What becomes of a row: the members of its envelope and those of its data.

    constant: members that every envelope has. line_is_sequence: whether `sequence` is the line of the row.
    """

    envelope: Sequence[Member]
    data: Sequence[Member]
    constant: Mapping[str, Any]
    line_is_sequence: bool

    def json(self, columns: Sequence[Sequence[Any]], lines: Sequence[int]) -> list[bytes | Unreadable]:
        """The JSON text of each row, or why there is none. columns: what the cells hold; lines: of each row."""
        envelope = [member.members(columns) for member in self.envelope]
        data = [member.members(columns) for member in self.data]
        if self.line_is_sequence:
            envelope.append([b'"sequence":%d' % line for line in lines])
        if data:
            envelope.append([b'"data":{%b}' % members for members in _joined(data)])
        start = msgspec.json.encode(self.constant).rstrip(b"}") + (b"," if self.constant else b"")
        texts: list[bytes | Unreadable] = [b"%b%b}" % (start, members) for members in _joined(envelope)]
        for member in reversed([*self.envelope, *self.data]):  # so that the first reason is the one that stays
            if member.refused:
                _explain(member, columns, texts)
        return texts


def _joined(members: Sequence[Sequence[bytes | None]]) -> list[bytes]:
    return [b",".join(filter(None, row)) for row in zip(*members, strict=True)]


def _explain(member: Member, columns: Sequence[Sequence[Any]], texts: list[bytes | Unreadable]) -> None:
    for n, text in enumerate(member.texts(columns)):
        if text not in member and (why := member.why(text)):
            texts[n] = why
