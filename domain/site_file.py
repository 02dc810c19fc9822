"""The page table as files: one of pages with their types and titles, one of links. Read whole, or refused whole."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import NamedTuple

from raceline.domain.cells import Unreadable, shown
from raceline.domain.errors import InvalidArgument, InvalidSite
from raceline.domain.site import LONGEST_PAGE, PageTable, SitePage
from raceline.domain.site_rows import NamedRows, Texts, Wanted

_PAGES = (
    Wanted("page", ("page id",)),
    Wanted("page_type", ("type",), required=False),
    Wanted("title", ("page title",), required=False),
)
_LINKS = (Wanted("source", ("source page", "source page id")), Wanted("target", ("target page", "target page id")))
_TOLD = 5  # mistakes of one load; where there are more, they are often the same one


class ReadSite(NamedTuple):
    """A page table that was read, and what may not be meant like that.

    only_linked: pages that only links name, in order. own_links: links that lead to their own page, which are left out,
    because a path never goes from a page to itself. repeated: rows that say again what another said.
    unused: the columns of each file that mean nothing here.
    """

    table: PageTable
    only_linked: tuple[str, ...]
    own_links: int
    repeated: int
    unused: dict[str, list[str]]


def read_site(pages: str, links: str | None = None) -> ReadSite:
    """Read a page table from a file of pages and one of links; `-` is standard input.

    Pages are named as events name them: compared byte by byte, 11 and "11" alike. Raises InvalidSite with the file and
    the line of the first few mistakes and the number of all; InputNotFound.
    """
    if pages == links == "-":
        raise InvalidArgument("only one of the two files can come from standard input")
    mistakes = _Mistakes()
    with ExitStack() as opened:
        page_rows = opened.enter_context(closing(NamedRows(pages, _PAGES)))
        link_rows = None if links is None else opened.enter_context(closing(NamedRows(links, _LINKS)))
        about, named = _read_pages(page_rows, mistakes)
        found, linked, own = _read_links(link_rows, mistakes) if link_rows else ({}, 0, 0)
    mistakes.refuse()
    if not about:
        detail = f"{page_rows.name}: there is no page in it; to be without a page table, say `raceline site clear`"
        raise InvalidSite(detail, file=page_rows.name)
    only_linked = tuple(sorted({page for link in found for page in link} - about.keys()))
    table = PageTable({**about, **dict.fromkeys(only_linked, SitePage())}, tuple(found))
    repeated = named - len(about) + linked - own - len(found)
    unused = {one.name: one.unused for one in (page_rows, link_rows) if one and one.unused}
    return ReadSite(table, only_linked, own, repeated, unused)


class _Mistakes:
    """What is wrong, with its place."""

    def __init__(self) -> None:
        self._first: list[InvalidSite] = []
        self._count = 0

    def add(self, mistake: InvalidSite) -> None:
        self._count += 1
        if len(self._first) < _TOLD:
            self._first.append(mistake)

    def refuse(self) -> None:
        if self._count == 1:
            raise self._first[0]
        if self._count:
            more = [f"and {self._count - _TOLD:,} more"] if self._count > _TOLD else []
            raise InvalidSite("\n".join(["", *(one.detail for one in self._first), *more]))


def _read_pages(rows: NamedRows, mistakes: _Mistakes) -> tuple[dict[str, SitePage], int]:
    """The pages, and how many rows named them."""
    about: dict[str, SitePage] = {}
    lines: dict[str, int] = {}
    count = 0
    for line, texts in _readable(rows, _PAGES, mistakes):
        page, page_type, title = texts
        assert page, "it is required"  # noqa: S101
        known = SitePage(_word(page_type), _word(title))
        count += 1
        if about.setdefault(page, known) != known:
            detail = f"{shown(page)} is in line {lines[page]} already, and there it says other things; keep one of them"
            mistakes.add(rows.refused(line, detail))
        lines.setdefault(page, line)
    return about, count


def _read_links(rows: NamedRows, mistakes: _Mistakes) -> tuple[dict[tuple[str, str], None], int, int]:
    """The links in their order, each once; how many rows there were, and how many led to their own page."""
    found: dict[tuple[str, str], None] = {}
    count = own = 0
    for _, texts in _readable(rows, _LINKS, mistakes):
        source, target = texts
        assert source, "it is required"  # noqa: S101
        assert target, "it is required"  # noqa: S101
        count += 1
        if source == target:
            own += 1
        else:
            found[source, target] = None
    return found, count, own


def _readable(rows: NamedRows, wanted: tuple[Wanted, ...], mistakes: _Mistakes) -> Iterator[tuple[int, Texts]]:
    """The rows that can be stored; what is wrong with the others is a mistake."""
    for line, texts in rows:
        wrong = texts.detail if isinstance(texts, Unreadable) else _wrong(texts, wanted)
        if wrong:
            mistakes.add(rows.refused(line, wrong))
        elif not isinstance(texts, Unreadable):
            yield line, texts


def _wrong(texts: Texts, wanted: tuple[Wanted, ...]) -> str | None:
    """Why the database cannot hold this, or nobody could name it."""
    for one, text in zip(wanted, texts, strict=True):
        if not text:
            if one.required:
                return f"{one.name}: there is no value; name the page, or take the row out"
        elif not text.isascii() and _is_broken(text):
            return f"{one.name}: not in UTF-8; save the file in this encoding"
        elif "\0" in text:
            return f"{one.name}: the character NUL cannot be stored; take it out"
        elif one.required and len(text) * 4 > LONGEST_PAGE and (length := len(text.encode())) > LONGEST_PAGE:
            return f"{one.name}: {shown(text)} has {length:,} bytes; the longest name of a page has {LONGEST_PAGE:,}"
    return None


def _is_broken(text: str) -> bool:
    """Whether bytes of another encoding stand in it, which the reader gives as surrogates."""
    return any("\ud800" <= one <= "\udfff" for one in text)


def _word(text: str | None) -> str | None:
    """A type or a title without the blanks around it; none at all when nothing is left."""
    return (text or "").strip() or None
