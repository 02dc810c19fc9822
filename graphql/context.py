"""What the API is given by the composition root, and what one request carries."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from raceline.domain.event import Outcome
from raceline.domain.racetracks import Published
from raceline.graphql.watch import Watch
from raceline.projections.asked import Asked
from raceline.projections.ledger_asked import LedgerAsk
from raceline.projections.path_list import PathList

Record = Callable[[Sequence[bytes]], Awaitable[list[Outcome]]]
Requeue = Callable[[int, bytes | None], Awaitable[Outcome]]
Rows = dict[str, list[dict[str, Any]]]
AsKnown = Callable[[Asked], Awaitable[Rows]]


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest request that is answered (design, section 10). A refusal names the field of this class.

    `page_size`: `first` of one list; `cost`: objects that an operation could ask for, the product of its `first`s
    and of what its plain lists count for;
    `fields`: selected by an operation, fragments spread; `depth`, `aliases`, `tokens`: of one document; `body`: bytes
    of a request; `batch`: events of one mutation; `min_position_timeout`: seconds that a question waits for the read
    models; `documents`: kept parsed and checked; `changes`: of one what-if, each page counted.
    """

    page_size: int = 500
    cost: int = 100_000
    fields: int = 2_000
    depth: int = 12
    aliases: int = 30
    tokens: int = 2_000
    body: int = 16 * 1024 * 1024
    batch: int = 10_000
    min_position_timeout: float = 10.0
    documents: int = 500
    changes: int = 50
    graphiql: bool = False


class RacetrackApi(Protocol):
    """What the API asks about racetracks; the rows are named and shaped as graphql/injected.py says.

    Each raises UnknownRacetrack for a name or a version that is none, and LogUnavailable.
    """

    async def known(self, racetrack: str | None, stage: str | None) -> None:
        """Nothing, when any version of a racetrack (None: of the default one) was published, and one has the stage.

        Raises also UnknownStage, and NoRacetrack when the default one is meant and there is none.
        """
        ...

    async def registry(self) -> Rows:
        """Every version that was published: registry, and their racetrack_stages, racetrack_rules and rule_conditions,
        whose rows have a `version` beside the `racetrack`."""
        ...

    async def active_at(self, position: int) -> dict[str, int]:
        """The active versions by name, as the log had them at a position."""
        ...

    async def dry_run(self, name: str, version: int) -> Rows:
        """What would change if a version were active: dry_run (one row), dry_run_stages, dry_run_transitions and
        dry_run_examples."""
        ...

    async def survey(self, name: str, version: int, position: int) -> Rows:
        """Stages as a whole under a version that is not live, at least up to a position: racetracks, racetrack_stages,
        racetrack_rules, rule_conditions, stage_days, transitions, rule_sources, racers and stage_lengths, and
        checkpoint, one row with the position of the answer. Raises NoReadModels."""
        ...

    async def stage_days(
        self,
        racetrack: str | None,
        version: int | None,
        account: str | None,
        from_: date,
        to: date,
        min_position: int,
    ) -> Rows:
        """What stages are told by from one day to another, both included, under a version that is not live, of the
        customers of an account, or both; at least up to a position.

        racetrack None: the default one; version None: the active one. Rows: case_days, case_buckets, case_extremes,
        stage_days, stage_views and overlay_days of this racetrack alone (changes before `from_` may be summed to the
        day before it), racetracks, racetrack_stages, racetrack_severities, racetrack_overlays, and checkpoint, one row
        with the position of the answer. Raises NoReadModels.
        """
        ...

    async def stage_lengths(self) -> Rows:
        """How long stays last, under the live versions: stage_lengths."""
        ...

    async def account_history(self, account: str, racetrack: str | None) -> Rows:
        """The stays of a company, rolled up from its customers': account_history. None: the default racetrack."""
        ...

    async def publish(self, definition: str) -> Published:
        """A version from its YAML; content that has one already keeps it. Raises InvalidRacetrack."""
        ...

    async def activate(self, name: str, version: int) -> int:
        """Make a version the active one; gives the position of this decision."""
        ...

    async def retire(self, name: str) -> int:
        """Put the active version out of force; gives the position of this decision. Raises NotActive."""
        ...


class PathApi(Protocol):
    """What the API asks about paths; the rows are named and shaped as graphql/injected.py says."""

    async def answer(
        self, field: str, arguments: Mapping[str, Any], lists: Sequence[PathList], min_position: int
    ) -> Rows:
        """The figures of one field of Query, at least up to a position, and the paths behind them.

        arguments: those of the field by their names in the schema, without minPosition, and without what is null;
        values of enums as graphql/path_inputs.py has them. `after` is the key of the row that the page begins behind:
        of `pages` its figure (None for a page without one, or when they are ordered by name) and its name.

        Always path_totals, one row with the position of the answer; path_lists as far as lists are asked for; and the
        tables of the field. Raises InvalidPathPattern, UnknownStage, UnknownRacetrack, NoReadModels, LogUnavailable,
        and LimitExceeded for more steps than are kept.
        """
        ...


class ModelApi(Protocol):
    """What the API asks about models and their predictions; rows as graphql/injected_models.py says."""

    async def models(self, racetrack: str | None, *, files_checked: bool = False) -> Rows:
        """Every registered model of a racetrack, or of all: models, model_stages, model_checks, model_decisions,
        model_metrics and model_calibration. files_checked: `unreadable` is told; else it is null."""
        ...

    async def ledger(self, asks: Sequence[LedgerAsk], min_position: int) -> Rows:
        """How predictions turned out, at least up to a position: ledger_position, and for each question by its key and
        for each model that it means ledger_calibration and ledger_bins, ledger_weeks, or drift."""
        ...

    async def ledger_days(self, racetrack: str | None, from_: date, to: date, min_position: int) -> Rows:
        """What was predicted in each stage on each day, both included, and what came true: ledger_days. racetrack None:
        the default one. Raises UnknownRacetrack, NoRacetrack."""
        ...

    async def ledger_stages(self, racetrack: str | None, min_position: int) -> Rows:
        """The newest day of each stage of which it is known what happened within a week: ledger_stages. Raises as
        `ledger_days`."""
        ...

    async def promote(self, name: str, version: int, *, force: bool, reason: str) -> int:
        """Put a model in force; gives the position of this decision. Raises UnknownModel, and PromotionRefused unless
        it is forced."""
        ...

    async def roll_back(self, name: str) -> tuple[int, int]:
        """Put the model in force again that was before; gives its version and the position of this decision. Raises
        UnknownModel, NoEarlierModel."""
        ...

    async def retire(self, name: str) -> int:
        """Put the model out of force; gives the position of this decision. Raises UnknownModel, NoModelInForce."""
        ...


@dataclass(slots=True)
class Api:
    """The API's world. The pool's connections are in autocommit: each answer is one statement.

    `record`: takes raw JSON envelopes, gives an outcome for each. `requeue`: offers an entry of the quarantine again,
    as it came in or with other bytes; raises NotQuarantined. `as_known`: derives customers as they were asked for: rows
    by table, named and shaped as graphql/injected.py says; raises UnknownRacetrack.
    """

    pool: AsyncConnectionPool[AsyncConnection[Any]]
    watch: Watch
    record: Record
    requeue: Requeue
    as_known: AsKnown
    racetracks: RacetrackApi
    paths: PathApi
    models: ModelApi
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class Context:
    """One request: the API's world, and the position that the client wants to see at least (header)."""

    api: Api
    min_position: str | None = None
