"""Features that a definition adds: what a prediction goes by, beside what is built in (design, section 8).

{title: Logins lately, event: telemetry.login_recorded, where: {succeeded: true}, window_days: 90, group: usage}
{title: Uses so far, event: telemetry.feature_used, aggregate: sum, attribute: uses, since: stage, group: usage}
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from raceline.domain.condition import Where, refuse_no_event, refuse_where
from raceline.domain.yaml_file import Misfit

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Text = Annotated[str, Meta(min_length=1)]
FeatureAggregate = Literal["count", "sum", "mean", "last", "distinct", "days_since"]
# What the reasons of a prediction are told by.
FeatureGroup = Literal["time", "content", "usage", "purchases", "cases", "sentiment", "paths", "account"]
FeatureSince = Literal["stage", "ever"]

_OF_ATTRIBUTE: tuple[FeatureAggregate, ...] = ("sum", "mean", "last", "distinct")


class Feature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is made of some events of a customer, as of the moment that a prediction is made of.

    event: types, or `family.*`, that pass `where`. aggregate: their number; the sum, the mean, the last or the number
    of different values of an attribute; the days since the last one. Of the last `window_days`; or since the customer
    entered the stage, or ever, which is what is meant when nothing is said.
    """

    name: Name
    title: Text
    event: str | tuple[str, ...]
    group: FeatureGroup
    where: Where = {}
    aggregate: FeatureAggregate = "count"
    attribute: Text | None = None
    window_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    since: FeatureSince | None = None
    documentation: str = ""

    def __post_init__(self) -> None:
        """Refuse an attribute too many or too few, two times at once, and what no event passes."""
        refuse_no_event(self.events)
        refuse_where(self.where)
        if self.aggregate in _OF_ATTRIBUTE and self.attribute is None:
            raise Misfit(f"`{self.aggregate}` is of the values of an attribute; name it as `attribute`", "aggregate")
        if self.aggregate not in _OF_ATTRIBUTE and self.attribute is not None:
            raise Misfit(
                f"`{self.aggregate}` looks at no attribute; leave it out, or give an aggregate of values", "attribute"
            )
        if self.window_days is not None and self.since is not None:
            raise Misfit("give one of `window_days` and `since`; another time is another feature", "since")

    @property
    def events(self) -> tuple[str, ...]:
        """The types, or `family.*`."""
        return (self.event,) if isinstance(self.event, str) else self.event

    @property
    def filters(self) -> Where:
        """`where`, by the name that a condition has for it."""
        return self.where
