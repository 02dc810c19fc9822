"""The parts of the documentation that are made from the code: tables of the README, and graphql/schema.graphql.

`python -m raceline.app.docs` writes them; with `--check` it only says which are out of date (exit status 1 then).
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from raceline.app.cli import app
from raceline.app.export_tables import JSON, NUMBERS, TABLES, Column
from raceline.app.path_export_tables import PATH_TABLES
from raceline.app.settings import settings_table
from raceline.app.stage_day_tables import LONG, OF_SIDE, OVERLAY, SIDES, WIDE
from raceline.domain.catalogue import load
from raceline.domain.errors import RacelineError
from raceline.graphql.schema import sdl

ROOT = Path(__file__).resolve().parent.parent  # of the checkout, also through the link in .namespace


def commands_table() -> str:
    """Each command with its options and what it does, as markdown."""
    rows = ["| command | what it does |", "| --- | --- |"]
    for usage, does in _commands(typer.main.get_command(app), "raceline"):
        cell = usage.replace("|", "\\|")  # in a table it is a border, also within code
        rows.append(f"| `{cell}` | {does} |")
    return "\n".join(rows)


def _commands(command: Any, name: str) -> Iterator[tuple[str, str]]:
    # The types of typer's commands are not public.
    children = getattr(command, "commands", None)
    if children is not None:
        for child in children.values():
            yield from _commands(child, f"{name} {child.name}")
        return
    words = [_usage(parameter) for parameter in command.params if parameter.name != "help"]
    paragraph = (command.help or "").partition("\n\n")[0]
    yield " ".join([name, *words]), " ".join(paragraph.split())


def _usage(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        many = "..." if parameter.nargs == -1 else ""
        return f"{parameter.metavar or parameter.name.upper()}{many}"
    return f"[{'/'.join([*parameter.opts, *parameter.secondary_opts])}]"


def export_tables() -> str:
    """Each table of an export with its columns, as markdown."""
    wide = (*WIDE, *map(_of_sides, OF_SIDE), OVERLAY)
    days = "One row per stage and day; the last of a day are the customers and cases in no stage."
    long = "With `--by severity`, `--by cause` or `--by problem`: one row per stage, day, side and value."
    tables = [("stage-days", days, wide), ("stage-days --by", long, LONG)]
    tables += [(table.name, table.says, table.columns) for table in TABLES.values()]
    tables += [(table.name, table.says, table.told()) for table in PATH_TABLES]
    return "\n\n".join(_columns(*table) for table in tables)


def _of_sides(column: Column) -> Column:
    sides = ("closed",) if column.name.startswith("survey") else SIDES
    return column._replace(name=", ".join(f"{side}_{column.name}" for side in sides))


def _columns(name: str, says: str, columns: Sequence[Column]) -> str:
    head = f"<details><summary><code>{name}</code></summary>\n\n{says}\n\n| column | what it means |\n| --- | --- |\n"
    rows = "\n".join(f"| {_code(column.name)} | {column.says}{_LISTS[column.csv]} |" for column in columns)
    return f"{head}{rows}\n\n</details>"


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


_LISTS = {"": "", NUMBERS: " (a list; in CSV with spaces between)", JSON: " (a list; in CSV as JSON)"}


def parts() -> dict[str, str]:
    """The generated parts of the README by the names in its markers."""
    return {
        "catalogue": load().markdown().strip(),
        "settings": settings_table(),
        "commands": commands_table(),
        "export": export_tables(),
    }


def rendered(readme: str) -> str:
    """The README with its generated parts as they should be. Raises RacelineError when a marker is missing."""
    for name, text in parts().items():
        start = f"<!-- generated: {name} -->"
        place = re.compile(f"{re.escape(start)}\n.*?<!-- end -->", re.DOTALL)
        if len(place.findall(readme)) != 1:
            raise RacelineError(f"README.md needs one part that begins with `{start}` and ends with `<!-- end -->`.")
        whole = f"{start}\n{text}\n<!-- end -->"
        readme = place.sub(lambda _, whole=whole: whole, readme)  # type: ignore[misc]
    return readme


def stale() -> dict[Path, str]:
    """The files that are not as they should be, and how they should be. Raises RacelineError outside of a checkout."""
    readme = ROOT / "README.md"
    if not readme.is_file():
        raise RacelineError(f"There is no {readme}; the documentation is made in a checkout of the sources.")
    wanted = {ROOT / "graphql" / "schema.graphql": sdl(), readme: rendered(readme.read_text(encoding="utf-8"))}
    return {
        path: text for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main(arguments: Sequence[str]) -> int:
    """Write what is stale, or with --check name it; gives the exit status."""
    try:
        found = stale()
    except RacelineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path, text in found.items():
        if "--check" in arguments:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date; run `make docs`.\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stderr.write(f"{path.relative_to(ROOT)} written.\n")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
