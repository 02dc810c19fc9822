"""An attribute of an event's data: its type, its bounds, and what it is checked by (design section 4)."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from raceline.domain.yaml_file import Misfit

Text = Annotated[str, Meta(min_length=1)]
# A code names one thing or another: text or a whole number, because sources count pages, cases and severities or name
# them. It is compared as text: 11 and "11" are the same page, and 11.0 is refused.
Kind = Literal["text", "code", "integer", "number", "boolean", "timestamp"]

_ANNOTATIONS: dict[str, Any] = {
    "text": str,
    # Codes are keys of read models, and an index entry of PostgreSQL holds some 2,700 bytes.
    "code": Annotated[str, Meta(min_length=1, max_length=512)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
    "integer": int,
    "number": float,
    "boolean": bool,
    "timestamp": datetime,
}


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of `data`. Optional ones may be missing or null.

    values: the only texts allowed. minimum, maximum: for integers and numbers. pattern: a regular expression that is
    found somewhere in the text. personal: holds personal data.
    """

    name: str
    documentation: Text
    type: Kind = "text"
    values: tuple[str, ...] = ()
    required: bool = False
    personal: bool = False
    minimum: int | float | None = None
    maximum: int | float | None = None
    pattern: str | None = None

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        for key in ("values", "pattern"):
            if getattr(self, key) and self.type != "text":
                raise Misfit(f"`{key}` is for text, and this is of type {self.type}", key)
        for key in ("minimum", "maximum"):
            bound = getattr(self, key)
            if bound is not None and self.type not in ("integer", "number"):
                raise Misfit(f"`{key}` is for integers and numbers, and this is of type {self.type}", key)
            if isinstance(bound, float) and self.type == "integer":
                raise Misfit(f"the {key} of an integer is an integer", key)
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise Misfit("nothing lies between this minimum and this maximum", "minimum")
        if self.values and self.pattern is not None:
            raise Misfit("`values` and `pattern` exclude each other", "pattern")
        self._refuse_what_msgspec_refuses()

    @property
    def annotation(self) -> Any:
        """The type that msgspec checks the value against, with what JSON Schema says of it."""
        kind = Literal[self.values] if self.values else Annotated[_ANNOTATIONS[self.type], self._constraints()]
        described = Meta(
            description=self.documentation, extra_json_schema={"x-personal": True} if self.personal else None
        )
        return Annotated[kind if self.required else kind | None, described]

    def _constraints(self) -> Meta:
        if self.type in ("integer", "number"):
            return Meta(ge=self.minimum, le=self.maximum)
        return Meta(pattern=self.pattern, tz=True if self.type == "timestamp" else None)

    def _refuse_what_msgspec_refuses(self) -> None:
        # Now rather than at the first event: a pattern that is no regular expression, a bound beyond 64 bits.
        try:
            msgspec.json.Decoder(self.annotation)
        except (re.error, ValueError, TypeError, OverflowError) as refused:
            key = "minimum" if self.pattern is None else "pattern"
            raise Misfit(f"`{key}`: {refused}", key) from None
