"""An event type: what the catalogue says of one kind of event, and what follows from it (design section 4).

The structs are the format of a catalogue file. Their rules raise `Misfit`; the reader of the file adds the place.
"""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from raceline.domain.attribute import Attribute, Kind, Text
from raceline.domain.errors import InvalidEvent
from raceline.domain.upcast import Upcast
from raceline.domain.yaml_file import Misfit, nearest

TypeName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=100)]
# Letters, digits and underscores only, so that a name can stand in SQL and in a title as it is.
AttributeName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)]

# What the author of a text is called when it is the customer.
CUSTOMER = "customer"
CaseDoes = Literal["opened", "updated", "closed", "reopened", "surveyed"]

_MOST_IN_TITLE = 3  # a projection loads the title's attributes of every event, so each one costs a column


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where events of a type come from."""

    system: Text
    database: Text
    table: Text


class Title(NamedTuple):
    """A line of the timeline: a text, in which `{name}` stands for the value of each of the attributes."""

    text: str
    attributes: tuple[str, ...]


class PathRule(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Which attributes make an event a step of a path (design section 6).

    page: the page that the customer went to; from_: the page that the customer came from; resolved: true when the
    customer says that the page helped, which ends the path; variant: the variants of experiments that the customer was
    shown, with commas between them.
    """

    page: str
    from_: str | None = None
    resolved: str | None = None
    variant: str | None = None


_STATE = ("severity", "problem", "cause", "group", "engineer")
# What each can say of its case. A closing's text is the engineer's note, and no word of the customer.
_SAYS: dict[CaseDoes, tuple[str, ...]] = {
    "opened": (*_STATE, "text"),
    "updated": (*_STATE, "active", "text", "author"),
    "closed": _STATE,
    "reopened": (*_STATE, "text"),
    "surveyed": ("score", "text"),
}
_CASE_KINDS: dict[str, tuple[Kind, ...]] = {
    "id": ("code",),
    "severity": ("code",),
    "problem": ("code",),
    "cause": ("code",),
    "active": ("boolean",),
    "group": ("code",),
    "engineer": ("code",),
    "score": ("number", "integer"),
    "text": ("text",),
    "author": ("text",),
}


class CaseRule(msgspec.Struct, frozen=True, kw_only=True):
    """What an event does to a support case, and which attributes say it (design section 7).

    id: the case; severity, problem, cause, group, engineer: from now on, and unchanged where an event does not say
    it; active: whether an updated case is open from now on; score: of a survey; text: the customer's words; author:
    who wrote the text of an update, which counts where this is "customer".
    """

    does: CaseDoes
    id: str
    severity: str | None = None
    problem: str | None = None
    cause: str | None = None
    active: str | None = None
    group: str | None = None
    engineer: str | None = None
    score: str | None = None
    text: str | None = None
    author: str | None = None

    def __post_init__(self) -> None:
        """Refuse what such an event cannot say, and what says nothing by itself."""
        for role in self.roles:
            if role != "id" and role not in _SAYS[self.does]:
                able = ", ".join(does for does, says in _SAYS.items() if role in says)
                raise Misfit(f"`{role}` is for {able}, and nothing that `{self.does}` can use; leave it out", role)
        if self.does == "surveyed" and self.score is None:
            raise Misfit("a survey has a score; name its attribute as `score`")
        if self.does == "updated" and (self.text is None) != (self.author is None):
            raise Misfit(
                "the text of an update is the customer's or the engineer's; name `text` and `author`, or neither",
                "author" if self.text is None else "text",
            )

    @property
    def roles(self) -> dict[str, str]:
        """The attribute of each role that is given, in the order of the fields."""
        return {role: name for role in _CASE_KINDS if (name := getattr(self, role)) is not None}


class EventType(msgspec.Struct, frozen=True, kw_only=True, dict=True, rename={"template": "title"}):
    """One type of the catalogue, in its newest version."""

    name: str
    version: Annotated[int, Meta(ge=1)]
    documentation: Text
    source: Source
    owner: Text
    template: Text
    attributes: dict[AttributeName, Attribute] = {}
    path: PathRule | None = None
    case: CaseRule | None = None
    upcasts: dict[int, Upcast] = {}

    def __post_init__(self) -> None:
        """Refuse a title, a path, a case or an upcast that names what is not declared."""
        self._refuse_title()
        self._refuse_path()
        self._refuse_case()
        self._refuse_upcasts()

    @property
    def family(self) -> str:
        """What stands before the dot."""
        return self.name.partition(".")[0]

    @cached_property
    def title(self) -> Title:
        """The line of the timeline for an event of this type; at most three attributes."""
        return Title(self.template, tuple(dict.fromkeys(re.findall(r"\{(\w+)\}", self.template))))

    @property
    def case_attributes(self) -> tuple[str, ...]:
        """The attributes that say what happens to a case, but for its texts; none when the event is about no case."""
        if self.case is None:
            return ()
        return tuple(dict.fromkeys(name for role, name in self.case.roles.items() if role not in ("text", "author")))

    @cached_property
    def payload(self) -> type[msgspec.Struct]:
        """The struct that `data` is checked against; attributes beyond the declared ones are ignored by it."""
        # Fields are numbered, because an attribute may be called `class`; messages and the schema use its own name.
        # The required ones come first, as structs want it.
        ordered = sorted(self.attributes.values(), key=lambda one: not one.required)
        fields = [(f"a{n}", one.annotation, *(() if one.required else (None,))) for n, one in enumerate(ordered)]
        names = {f"a{n}": one.name for n, one in enumerate(ordered)}
        return msgspec.defstruct(
            self.name, fields, rename=names, gc=False, frozen=True, namespace={"__doc__": self.documentation}
        )

    @cached_property
    def check(self) -> Callable[[bytes], object]:
        """Checks `data` of the newest version, in well under a microsecond.

        Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError; `Catalogue.check` makes one error of them.
        """
        return msgspec.json.Decoder(self.payload).decode

    def lift(self, version: int, data: dict[str, Any]) -> dict[str, Any]:
        """Data of an old version as data of the newest. The argument is left as it is; InvalidEvent if impossible."""
        if version > self.version:
            detail = f"version {version} is newer than the catalogue's, which is {self.version}"
            raise InvalidEvent(detail, type=self.name, version=version)
        for old in range(version, self.version):
            if old not in self.upcasts:
                raise InvalidEvent(f"no upcast leads from version {old}", type=self.name, version=version)
            data = self.upcasts[old].apply(data)
        return data

    def _refuse_title(self) -> None:
        rest = self.template
        for name in self.title.attributes:
            self._refuse_undeclared(name, "title")
            rest = rest.replace(f"{{{name}}}", "")
        if "{" in rest or "}" in rest:
            raise Misfit("a title has braces only around the name of an attribute", "title")
        if len(self.title.attributes) > _MOST_IN_TITLE:
            found = ", ".join(self.title.attributes)
            raise Misfit(f"a title has at most {_MOST_IN_TITLE} attributes, and this has {found}", "title")

    def _refuse_path(self) -> None:
        if self.path is not None:
            self._refuse_role("path", "page", self.path.page, ("code",))
            self._refuse_role("path", "from", self.path.from_, ("code",))
            self._refuse_role("path", "resolved", self.path.resolved, ("boolean",))
            self._refuse_role("path", "variant", self.path.variant, ("code", "text"))

    def _refuse_case(self) -> None:
        if self.case is None:
            return
        for role, name in self.case.roles.items():
            self._refuse_role("case", role, name, _CASE_KINDS[role])
        if not self.attributes[self.case.id].required:
            raise Misfit(f"without `{self.case.id}` an event belongs to no case; make it `required`", "case", "id")
        author = self.case.author
        if author is not None and (values := self.attributes[author].values) and CUSTOMER not in values:
            raise Misfit(
                f"`{author}` is never `{CUSTOMER}`, so no text would count; add it to its values", "case", "author"
            )

    def _refuse_role(self, rule: str, role: str, name: str | None, kinds: tuple[Kind, ...]) -> None:
        if name is not None:
            self._refuse_undeclared(name, rule, role)
            if self.attributes[name].type not in kinds:
                raise Misfit(f"`{name}` is not of type {' or '.join(kinds)}", rule, role)

    def _refuse_upcasts(self) -> None:
        expected = range(self.version - len(self.upcasts), self.version)
        if sorted(self.upcasts) != list(expected) or 0 in expected:
            raise Misfit(f"upcasts lead from old versions, without a gap, up to version {self.version}", "upcasts")
        # The newest step first: a wrong name there makes the names of the older steps wrong as well.
        for old, upcast in sorted(self.upcasts.items(), reverse=True):
            brought = {"rename": upcast.rename.values(), "map": upcast.map, "default": upcast.default}
            for operation, names in brought.items():
                for name in names:
                    if (last := self._last_name(old, name)) is not None:
                        self._refuse_undeclared(last, "upcasts", old, operation)

    def _last_name(self, old: int, name: str | None) -> str | None:
        """What an attribute of the version after `old` is called in the newest version; None when it is dropped."""
        for later in range(old + 1, self.version):
            name = name and self.upcasts[later].later_name(name)
        return name

    def _refuse_undeclared(self, name: str, *keys: str | int) -> None:
        if name not in self.attributes:
            near = nearest(name, self.attributes)
            raise Misfit(
                f"`{name}` is no attribute of {self.name}" + (f"; did you mean `{near}`?" if near else ""), *keys
            )
