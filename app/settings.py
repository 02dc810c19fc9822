"""What an operator can set, read once at the start from RACELINE_* of the environment.

The README's table of settings is made from the descriptions here.
"""

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_data_path
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, SecretStr, ValidationError
from pydantic import field_validator as check
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from raceline.app.embedded_user import HOME_OF_ROOT
from raceline.domain.errors import InvalidSetting

PREFIX = "RACELINE_"


def default_home() -> Path:
    """The user's data folder; for root a folder of the system, because a server must not open up root's home."""
    return HOME_OF_ROOT if os.geteuid() == 0 else user_data_path("raceline", appauthor=False)


class Settings(BaseSettings):
    """Every setting with its default; sizes are in bytes, times in the unit that the name says."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 15 or newer to use, as postgresql://user:password@host/database; unset: embedded"
    )
    home: Path = Field(
        default_factory=default_home,
        description="Folder of the embedded PostgreSQL and of everything else raceline keeps; used by one user only",
    )
    host: str = Field("127.0.0.1", description="Address the API listens on")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(8000, description="Port of the API; 0 takes a free one")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web pages of other origins that may use the API, such as `https://app.example`; by commas"
    )
    catalogue: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description=f"Catalogue files of your own event types; several are separated by `{os.pathsep}`"
    )
    allow_unknown_types: bool = Field(default=False, description="Accept events of types that are in no catalogue")
    max_body_bytes: PositiveInt = Field(16 * 2**20, description="Longest body of a request")
    max_batch_events: PositiveInt = Field(10_000, description="Most events in one request")
    max_event_bytes: PositiveInt = Field(2**20, description="Longest single event")
    future_tolerance_seconds: NonNegativeFloat = Field(
        86_400, description="How far ahead of the clock an event may have happened; beyond it is quarantined"
    )
    session_gap_seconds: PositiveFloat = Field(1800, description="Silence that ends a path")
    racetrack: str = Field(
        "cisco-13",
        description="The racetrack that a log without any gets: the name of one that comes with raceline, or none",
    )
    tick_seconds: PositiveFloat = Field(
        60, description="How long the read models may lag behind the clock while no timer is due"
    )
    database_patience_seconds: NonNegativeFloat = Field(
        60, description="How long the ingest of a file waits for a database that went away"
    )
    group_commit_ms: NonNegativeFloat = Field(
        5, description="How long a small append waits for others to be committed with it"
    )
    projection_batch: PositiveInt = Field(50_000, description="Most events that one step of the projector takes")
    rebuild_after_events: PositiveInt = Field(
        200_000, description="Lag from which the projector replays beside the live read models instead of catching up"
    )
    replay_chunk_events: PositiveInt = Field(
        250_000, description="Events that a replay or a verification holds in memory at once"
    )
    path_steps: PositiveInt = Field(
        50_000_000,
        description="Most steps of paths that one process keeps in memory to answer questions about paths; some 30 "
        "bytes each, three times that while they are brought up to date",
    )
    ledger_rows: PositiveInt = Field(
        4_000_000,
        description="Most predictions that were made that one process keeps in memory to tell what came true of them; "
        "the newest days, some 160 bytes each while they are brought up to date",
    )
    drift_watch: PositiveFloat = Field(
        0.1, description="Population stability index from which a feature or the chances of a model are to be watched"
    )
    drift_alarm: PositiveFloat = Field(
        0.25, description="Population stability index from which the process's log warns of a model in force"
    )
    min_position_timeout_seconds: NonNegativeFloat = Field(
        10, description="How long a read waits for the projection to reach its minPosition"
    )
    statement_timeout_seconds: PositiveFloat = Field(30, description="Longest time of one SQL statement of the API")
    pool_size: PositiveInt = Field(10, description="Database connections of one API process")
    graphiql: bool = Field(default=True, description="Serve the GraphiQL page at /graphql")
    query_depth: PositiveInt = Field(12, description="Deepest nesting of a GraphQL query")
    query_aliases: PositiveInt = Field(30, description="Most aliases in a GraphQL query")
    query_tokens: PositiveInt = Field(2000, description="Most tokens in a GraphQL query")
    query_cost: PositiveInt = Field(
        100_000,
        description="Most objects that a GraphQL query asks for: the product of its `first`s, more for lists inside",
    )
    query_cache: PositiveInt = Field(500, description="GraphQL queries kept parsed and checked")
    page_size_limit: PositiveInt = Field(500, description="Most items of one page (`first`)")

    @check("catalogue", mode="before")
    @classmethod
    def _several_paths(cls, given: Any) -> Any:
        return tuple(Path(path) for path in given.split(os.pathsep) if path) if isinstance(given, str) else given

    @check("cors_origins", mode="before")
    @classmethod
    def _several_origins(cls, given: Any) -> Any:
        return (
            tuple(origin.strip() for origin in given.split(",") if origin.strip()) if isinstance(given, str) else given
        )

    @check("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            # `*` would let any page that somebody on this network opens read and write every journey.
            if not re.fullmatch(r"https?://[^/\s*]+", origin):
                raise ValueError(f"{origin} is no origin; write https://app.example, without a path")
        return origins

    @check("catalogue")
    @classmethod
    def _readable(cls, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in paths:
            if not path.is_file():
                raise ValueError(f"there is no file {path}; correct the path")
        return paths

    @check("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @check("database_url")
    @classmethod
    def _connection(cls, url: SecretStr | None) -> SecretStr | None:
        try:
            _parts(url.get_secret_value() if url else "")
        except ProgrammingError:
            # What libpq says may quote the password.
            shape = "postgresql://user:password@host:5432/database"
            raise ValueError(f"write {shape}, with percent-encoding where a part has one of :/?#[]@%") from None
        return url if url and url.get_secret_value().strip() else None


def read_settings(**given: Any) -> Settings:
    """The settings: `given` (options of the command line, say; None means not given) before the environment.

    Raises InvalidSetting, which names the variable and the cure.
    """
    _refuse_misspelt()
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise InvalidSetting("; ".join(_cure(problem) for problem in error.errors(include_input=False))) from None


def settings_table() -> str:
    """The README's table: one markdown row for each variable."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{PREFIX}{name.upper()}` | {_default(name)} | {field.description} |")
    return "\n".join(rows)


def masked(url: str) -> str:
    """The connection string as it may be printed: without its password."""
    try:
        secrets = {name: "***" for name in _parts(url) if "password" in name}
    except ProgrammingError:
        return "***"
    return make_conninfo(url, **secrets) if secrets else url


def _parts(url: str) -> dict[str, Any]:
    """The parts of a connection string. libpq takes a password that holds an unencoded `@` or `/` for host and port."""
    parts = conninfo_to_dict(url)
    if "@" in str(parts.get("host", "")) or not re.fullmatch(r"[\d,]*", str(parts.get("port", ""))):
        raise ProgrammingError("host or port")
    return parts


def _default(name: str) -> str:
    if name == "home":
        return f"the user's data folder; `{HOME_OF_ROOT}` for root"
    default = Settings.model_fields[name].default
    return "" if default in (None, ()) else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _cure(problem: ErrorDetails) -> str:
    variable = f"{PREFIX}{problem['loc'][0]}".upper()
    return f"{variable}: {problem['msg'].removeprefix('Value error, ')}"


def _refuse_misspelt() -> None:
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for name in os.environ:
        meant = difflib.get_close_matches(name, known, n=1, cutoff=0.9) if name.startswith(PREFIX) else []
        if meant and name not in known:
            raise InvalidSetting(f"{name} is not known; did you mean {meant[0]}?")
