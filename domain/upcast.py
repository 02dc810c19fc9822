"""How old data become new: the operations that lift the data of an event by one version (design section 4)."""

from typing import Any

import msgspec

Scalar = str | int | float | bool | None


class Upcast(msgspec.Struct, frozen=True, kw_only=True):
    """How data of one version becomes data of the next: drop, then rename, then map, then default.

    rename: old name to new. map: for an attribute by its new name, old value to new; other values stay. default: a
    value for an attribute that is missing or null.
    """

    drop: tuple[str, ...] = ()
    rename: dict[str, str] = {}
    map: dict[str, dict[Scalar, Scalar]] = {}
    default: dict[str, Scalar] = {}

    def apply(self, data: dict[str, Any]) -> dict[str, Any]:
        """New data; the argument is left as it is."""
        left = {name: value for name, value in data.items() if name not in self.drop and name not in self.rename}
        lifted = left | {new: data[old] for old, new in self.rename.items() if old in data and old not in self.drop}
        for name, table in self.map.items():
            if name in lifted:
                lifted[name] = _mapped(table, lifted[name])
        for name, value in self.default.items():
            if lifted.get(name) is None:
                lifted[name] = value
        return lifted

    def later_name(self, name: str) -> str | None:
        """What this attribute is called after the step; None when it is dropped."""
        return None if name in self.drop else self.rename.get(name, name)


def _mapped(table: dict[Scalar, Scalar], value: Any) -> Any:
    # By type as well, because 1, 1.0 and true are equal to Python and different to JSON; a list cannot be looked up.
    return next((new for old, new in table.items() if type(old) is type(value) and old == value), value)
