"""The events of customers as columns: what derivation reads (design, section 3)."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, LiteralString, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_manager.dbapi import Connection
from numpy.typing import NDArray

from raceline.domain import arrow
from raceline.domain.catalogue import Catalogue
from raceline.domain.errors import InvalidEvent
from raceline.domain.event_type import CUSTOMER, EventType
from raceline.domain.sql import statements

_SQL = statements("raceline.domain", "columns.sql")
# A title has at most three attributes; racetracks may want more of a type, and get more slots.
SLOTS = ("slot1", "slot2", "slot3")
_PAGES = ("page", "from_page")
_ROLES = (*_PAGES, "resolved", "variant")
# By type, the attributes that are read beside those of its path and its title.
Wanted = Mapping[str, Collection[str]]


class Scorer(NamedTuple):
    """How texts are scored. name: with its version, because scores are kept; score: of some texts the scores, in
    ten-thousandths, and the languages; None where it cannot tell."""

    name: str
    score: Callable[[Sequence[str]], tuple[Sequence[int | None], Sequence[str | None]]]


@dataclass(frozen=True)
class Columns:
    """n events of c customers, sorted by customer and by their total order (occurred at, sequence, event_uid).

    customers: the c identifiers, in the order of their bytes. customer: (n,) codes into them. position, occurred_at,
    recorded_at: (n,) int64, the moments in microseconds since 1970. The rest are Arrow arrays of n values: type,
    account and product as text, and what paths, titles, cases and racetracks take from the data, as text (`resolved` is
    the text true or false); and `sentiment`, int64: how the customer's text in the event scores, in ten-thousandths.
    """

    customers: pa.Array
    customer: NDArray[np.int32]
    position: NDArray[np.int64]
    occurred_at: NDArray[np.int64]
    recorded_at: NDArray[np.int64]
    texts: pa.Table

    def __len__(self) -> int:
        return len(self.position)

    def up_to(self, position: int) -> "Columns":
        """Only what was recorded up to a position."""
        return self.where(self.position <= position)

    def where(self, kept: NDArray[np.bool_]) -> "Columns":
        """Only the events that are marked, of (n,)."""
        return Columns(
            self.customers,
            self.customer[kept],
            self.position[kept],
            self.occurred_at[kept],
            self.recorded_at[kept],
            self.texts.filter(pa.array(kept)),
        )


class ColumnReader:
    """Reads columns on a connection of its own or of a projection's transaction."""

    def __init__(
        self,
        connection: Connection,
        catalogue: Catalogue,
        wanted: Wanted | None = None,
        scorer: Scorer | None = None,
    ) -> None:
        """Without a scorer, only texts that were scored before have a sentiment."""
        self.connection = connection
        self.catalogue = catalogue
        self._scorer = scorer
        self._scored: pa.Table | None = None
        arrow.run(connection, _SQL["create_touched"])
        arrow.run(connection, _SQL["create_new_score"])
        self._wanted: Wanted | None = None
        self.want(wanted or {})

    def want(self, wanted: Wanted) -> None:
        """From now on read these attributes as well; ends the transaction if they are others than before."""
        if wanted == self._wanted:
            return
        rules = [_rule(kind, wanted.get(kind.name, ())) for kind in self.catalogue.types.values()]
        most = max((sum(name.startswith("slot") for name in rule) for rule in rules), default=0)
        self._slots = tuple(f"slot{n}" for n in range(1, max(len(SLOTS), most) + 1))
        for statement in _SQL["create_rules"].replace("{slots}", _each(self._slots, "{} text")).split(";"):
            arrow.run(self.connection, statement)
        arrow.write(self.connection, "path_rule", _table(rules, self._slots))
        self._wanted = wanted
        with arrow.translated():
            self.connection.commit()

    def touched(self, up_to: int) -> Columns:
        """The events, up to a position, of the customers that were put into the temporary table `touched`."""
        return self._read("of_touched", {"up_to": str(up_to)})

    def touch_new(self, after: int, up_to: int) -> None:
        """Put the customers that have events in (after, up_to] into `touched`, until commit."""
        arrow.settings(self.connection, {"after_position": str(after), "up_to": str(up_to)})
        arrow.run(self.connection, _SQL["touch_new"])
        arrow.run(self.connection, _SQL["analyze_touched"])

    def customer(self, customer_id: str, up_to: int) -> Columns:
        """The events of one customer recorded up to a position."""
        return self.of([customer_id], up_to)

    def of(self, customers: Collection[str], up_to: int) -> Columns:
        """The events of some customers recorded up to a position."""
        arrow.run(self.connection, _SQL["touch_none"])
        names = pa.array(sorted(set(customers)), pa.string())
        arrow.write(self.connection, "touched", pa.table({"customer_id": names}))
        arrow.run(self.connection, _SQL["analyze_touched"])
        return self.touched(up_to)

    def between(self, after: str, through: str, up_to: int) -> Columns:
        """The events, up to a position, of the customers after one and up to another."""
        return self._read("of_range", {"after_customer": after, "through_customer": through, "up_to": str(up_to)})

    def chunks(self, up_to: int, size: int) -> list[tuple[str, str, int]]:
        """Ranges of customers with about `size` events each: (after, through, events)."""
        arrow.settings(self.connection, {"up_to": str(up_to)})
        found = arrow.rows(self.connection, _SQL["customer_sizes"])
        if found.num_rows == 0:
            return []
        events = found["events"].to_numpy()
        chunk = (np.cumsum(events) - events) // size
        last = np.flatnonzero(np.append(chunk[1:] != chunk[:-1], True))
        totals = np.add.reduceat(events, np.append(0, last[:-1] + 1))
        throughs = found["customer_id"].take(pa.array(last)).to_pylist()
        return list(zip(["", *throughs[:-1]], throughs, totals.tolist(), strict=True))

    def keep_scores(self) -> None:
        """Write down how the texts that were read last scored, so that nobody has to score them again."""
        if self._scored is not None:
            arrow.write(self.connection, "new_score", self._scored)
            arrow.run(self.connection, _SQL["keep_scores"])
            arrow.run(self.connection, _SQL["forget_new_scores"])
            arrow.run(self.connection, _SQL["know_scores"])
            self._scored = None

    def _read(self, name: LiteralString, parameters: dict[str, str]) -> Columns:
        arrow.settings(self.connection, parameters | {"scorer": self._scorer.name if self._scorer else ""})
        selected = _SQL["event_columns"].replace("{slots}", _each(self._slots, "e.data ->> r.{0} AS {0}"))
        query = _SQL[name].replace("{event_columns}", selected).replace("{joins}", _SQL["joins"])
        found = self._with_scores(self._lifted(arrow.rows(self.connection, query.replace("{text}", _SQL["text"]))))
        for page in _PAGES:
            found = found.set_column(found.schema.get_field_index(page), page, keys(found[page]))
        return _sorted(found, (*_ROLES, *self._slots))

    def _with_scores(self, found: pa.Table) -> pa.Table:
        """Texts that have no score yet get one, each text once."""
        texts = found["text"].combine_chunks()
        self._scored = None
        if self._scorer is None or texts.null_count == len(texts):
            return found
        encoded = texts.dictionary_encode()
        names = encoded.dictionary.to_pylist()
        scores, languages = self._scorer.score(names)
        hashes = pa.array([sha256(text.encode()).digest() for text in names], pa.binary())
        made = {"scorer": pa.repeat(self._scorer.name, len(names)), "text_hash": hashes}
        values = pa.array(scores, pa.int64())
        self._scored = pa.table(made | {"language": pa.array(languages, pa.string()), "score": values})
        spoken = pa.array(languages, pa.string())
        for name, made_now in (("sentiment", values), ("language", spoken)):
            column = pc.if_else(pc.is_valid(texts), made_now.take(encoded.indices), found[name].combine_chunks())
            found = found.set_column(found.schema.get_field_index(name), name, column)
        return found

    def _lifted(self, found: pa.Table) -> pa.Table:
        """Events of old versions get the texts that their lifted data have; there are few, so they go one by one."""
        old = found["old"].combine_chunks()
        mask = pc.is_valid(old)
        if old.null_count == len(old):
            return found
        for name, texts in self._lifted_texts(found.filter(mask)).items():
            found = _replaced(found, name, mask, pa.array(texts, pa.string()))
        old_ones = pc.sum(mask).as_py()
        found = _replaced(found, "language", mask, pa.nulls(old_ones, pa.string()))
        return _replaced(found, "sentiment", mask, pa.nulls(old_ones, pa.int64()))

    def _lifted_texts(self, old: pa.Table) -> dict[str, list[str | None]]:
        texts: dict[str, list[str | None]] = {name: [] for name in (*_ROLES, *self._slots, "text")}
        for event in old.select(["type", "schema_version", "old", "position", "customer_id"]).to_pylist():
            rule = _rule(self.catalogue.types[event["type"]], (self._wanted or {}).get(event["type"], ()))
            try:
                lifted = self.catalogue.lift(event["type"], event["schema_version"], msgspec.json.decode(event["old"]))
            except InvalidEvent as error:
                place = {"position": event["position"], "customer": event["customer_id"]}
                raise InvalidEvent(error.detail, **error.facts | place) from error
            for name, values in texts.items():
                value = lifted.get(rule.get(name) or "")
                values.append(None if name in _PAGES and not _names_a_page(value) else _as_text(value))
            if (author := rule.get("author")) is not None and lifted.get(author) != CUSTOMER:
                texts["text"][-1] = None
        return texts


def _replaced(found: pa.Table, name: str, mask: pa.Array, values: pa.Array) -> pa.Table:
    column = pc.replace_with_mask(found[name].combine_chunks(), mask, values)
    return found.set_column(found.schema.get_field_index(name), name, column)


def attribute_columns(kind: EventType, wanted: Collection[str] = ()) -> dict[str, str]:
    """The column that each attribute of a type is read into: those of its path, its title and its case, and others
    wanted."""
    path = kind.path
    roles = (
        {"page": path.page, "from_page": path.from_, "resolved": path.resolved, "variant": path.variant} if path else {}
    )
    columns = {attribute: role for role, attribute in roles.items() if attribute}
    named = (*kind.title.attributes, *kind.case_attributes, *sorted(wanted))
    others = [attribute for attribute in named if attribute not in columns]
    return columns | {attribute: f"slot{n}" for n, attribute in enumerate(dict.fromkeys(others), 1)}


def _rule(kind: EventType, wanted: Collection[str]) -> dict[str, Any]:
    words = {"text": kind.case.text, "author": kind.case.author} if kind.case else {}
    return {"type": kind.name, "version": kind.version, **words} | {
        column: attribute for attribute, column in attribute_columns(kind, wanted).items()
    }


def _table(rules: list[dict[str, Any]], slots: Sequence[str]) -> pa.Table:
    schema = pa.schema(
        [("type", pa.string()), ("version", pa.int32())]
        + [(name, pa.string()) for name in (*_ROLES, "text", "author", *slots)]
    )
    return pa.Table.from_pylist(rules, schema=schema)


def _each(slots: Sequence[str], form: str) -> str:
    return ", ".join(form.format(slot) for slot in slots)


def _names_a_page(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def keys(names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Codes that a read model can be keyed by, as today's catalogue has them: 1 to 512 characters; null for others."""
    length = pc.utf8_length(names)
    usable = pc.and_(pc.greater_equal(length, 1), pc.less_equal(length, 512))
    return pc.if_else(usable, names, pa.scalar(None, pa.string()))


def _as_text(value: Any) -> str | None:
    """What PostgreSQL's ->> gives for the same value in jsonb."""
    return value if value is None or isinstance(value, str) else _jsonb_text(value)


def _jsonb_text(value: Any) -> str:
    match value:
        case float():
            return format(Decimal(repr(value)), "f")  # jsonb numbers are decimal and have no exponent
        case dict():
            by_length = sorted((name.encode() for name in value), key=lambda name: (len(name), name))
            pairs = (
                f"{json.dumps(name.decode(), ensure_ascii=False)}: {_jsonb_text(value[name.decode()])}"
                for name in by_length
            )
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(map(_jsonb_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _sorted(found: pa.Table, attributes: Sequence[str]) -> Columns:
    codes, customers = _ranked(found["customer_id"])
    occurred_at = found["occurred_at"].cast(pa.int64()).to_numpy()
    uid = np.frombuffer(_bytes_of(found["event_uid"]), dtype=">u8").reshape(-1, 2)
    order = _total_order(codes, occurred_at, found["sequence"].to_numpy(), uid)
    return Columns(
        customers,
        codes[order],
        found["position"].to_numpy()[order],
        occurred_at[order],
        found["recorded_at"].cast(pa.int64()).to_numpy()[order],
        found.select(["type", "account_id", "product", "sentiment", "language", *attributes])
        .combine_chunks()
        .take(pa.array(order)),
    )


def _ranked(names: pa.ChunkedArray) -> tuple[NDArray[np.int32], pa.Array]:
    encoded = names.combine_chunks().dictionary_encode()
    by_bytes = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(by_bytes), dtype=np.int32)
    rank[by_bytes] = np.arange(len(by_bytes), dtype=np.int32)
    return rank[encoded.indices.to_numpy()], encoded.dictionary.take(pa.array(by_bytes))


def _bytes_of(uids: pa.ChunkedArray) -> bytes:
    whole = uids.combine_chunks()
    storage = getattr(whole, "storage", whole)
    return bytes(memoryview(storage.buffers()[1])[storage.offset * 16 : (storage.offset + len(storage)) * 16])


def _total_order(
    customer: NDArray[np.int32], occurred_at: NDArray[np.int64], sequence: NDArray[np.int64], uid: NDArray[Any]
) -> NDArray[np.int64]:
    """Sorted by customer and time; only where these are equal do sequence and identity have to be looked at."""
    order = np.lexsort((occurred_at, customer))
    same = (np.diff(customer[order]) == 0) & (np.diff(occurred_at[order]) == 0)
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    rows = order[tied]
    keys: Sequence[Any] = (uid[rows, 1], uid[rows, 0], sequence[rows], occurred_at[rows], customer[rows])
    order[tied] = rows[np.lexsort(keys)]
    return order
