"""Commands about the page table: what the pages of the site are, and which links lead from one to another."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from raceline.app.terminal import printable, say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceline.domain.site import LoadedSite
    from raceline.domain.site_file import ReadSite

site = typer.Typer(help="The page table: types, titles and links of the site's pages.", no_args_is_help=True)

_EXAMPLES = 3
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@site.command("load")
def load_files(
    pages: Annotated[
        str,
        typer.Argument(
            metavar="PAGES",
            help="A file with the columns page, page_type and title: CSV, TSV, JSON or Parquet; - is standard input.",
        ),
    ],
    links: Annotated[str | None, typer.Option(help="A file with the columns source and target.")] = None,
    json: _Json = False,
) -> None:
    """Load a page table. It takes the place of the one that is there, links included; the same changes nothing."""
    from raceline.app.live import visited_pages
    from raceline.app.runtime import database
    from raceline.app.settings import read_settings
    from raceline.domain.migrate import migrate
    from raceline.domain.site import load
    from raceline.domain.site_file import read_site

    read = read_site(pages, links)
    with database(read_settings()) as url:
        migrate(url)
        loaded, new = load(url, read.table)
        visited = visited_pages(url)
    for remark in (*_remarks(read), *_visits(visited, loaded)):
        say(remark)
    if json:
        show_json(_facts(loaded) | {"changed": new, "visited": visited and visited[0]})
    else:
        since = "" if new else f"; it is the one that was loaded at {_moment(loaded)}, and stays"
        show(f"The page table has {_counts(loaded)}{since}.")


@site.command("show")
def show_site(json: _Json = False) -> None:
    """Print what the page table has. Its page types with their pages and links."""
    from raceline.app.runtime import database
    from raceline.app.settings import read_settings
    from raceline.domain.migrate import migrate
    from raceline.domain.site import summary

    with database(read_settings()) as url:
        migrate(url)
        found = summary(url)
    if json:
        show_json(None if found is None else _facts(found[0]) | {"types": [one._asdict() for one in found[1]]})
    elif found is None:
        show("There is no page table. `raceline site load` takes one in.")
    else:
        loaded, types = found
        rows = [
            ("(none)" if one.page_type is None else printable(one.page_type), one.pages, one.links,
             printable(one.example))
            for one in types
        ]  # fmt: skip
        title = f"{_counts(loaded)}, loaded at {_moment(loaded)}"
        show_table(title, ("page type", "pages", "links that leave them", "for instance"), rows)


@site.command()
def clear() -> None:
    """Be without a page table. Events and paths stay as they are."""
    from raceline.app.runtime import database
    from raceline.app.settings import read_settings
    from raceline.domain.migrate import migrate
    from raceline.domain.site import clear as clear_site

    with database(read_settings()) as url:
        migrate(url)
        there = clear_site(url)
    show("The page table is empty now." if there else "There was no page table.")


def _remarks(read: "ReadSite") -> "Iterator[str]":
    """What may not be meant as it was given."""
    for file, columns in read.unused.items():
        yield f"{file}: not used: {', '.join(f'`{printable(column)}`' for column in columns)}."
    if read.only_linked:
        shown = ", ".join(printable(page) for page in read.only_linked[:_EXAMPLES])
        more = ", ..." if read.only_linked[_EXAMPLES:] else ""
        yield f"Named by links only, and so without a type: {len(read.only_linked):,} pages ({shown}{more})."
    if read.own_links:
        yield f"Left out: {read.own_links:,} links of a page to itself, which no path can follow."
    if read.repeated:
        yield f"Said more than once: {read.repeated:,} rows."


def _visits(visited: tuple[int, str] | None, loaded: "LoadedSite") -> "Iterator[str]":
    """How many of its pages customers go to: with none, paths and table have other names for the same pages."""
    if visited is None or loaded.pages == 0:
        return
    count, example = visited
    if count == 0:
        named = f"paths name them otherwise, such as `{printable(example)}`"
        yield f"None of its {loaded.pages:,} pages has ever been visited; {named}."
    else:
        share = "All of its" if count == loaded.pages else f"{count:,} of its"
        yield f"{share} {loaded.pages:,} pages have been visited."


def _facts(loaded: "LoadedSite") -> dict[str, Any]:
    return loaded._asdict() | {"content_hash": loaded.content_hash.hex()}


def _counts(loaded: "LoadedSite") -> str:
    return f"{loaded.pages:,} pages and {loaded.links:,} links"


def _moment(loaded: "LoadedSite") -> str:
    from datetime import UTC

    return f"{loaded.loaded_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
