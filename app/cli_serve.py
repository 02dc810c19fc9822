"""The command that serves the API."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app.terminal import flush, patience, say, show

if TYPE_CHECKING:
    from raceline.app.runtime import Runtime
    from raceline.app.settings import Settings


def serve(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load a generated sample first, and print queries to try.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on; RACELINE_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port; RACELINE_PORT. 0 takes a free one.")
    ] = None,
    project: Annotated[bool, typer.Option(help="Keep the read models level with the log as well.")] = True,
) -> None:
    """Serve the API. GraphQL, POST /v1/events and health, until Ctrl-C."""
    import logging

    from raceline.app.runtime import runtime
    from raceline.app.server import address, is_loopback, listen, make_app, run
    from raceline.app.settings import read_settings

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    settings = read_settings(host=host, port=port)
    with listen(settings.host, settings.port) as listening, runtime(settings) as store:
        if not is_loopback(listening):
            say("The API has no log-in: whoever can reach it reads and writes every journey. Put a gateway in front.")
        warm(store)
        if sample:
            from raceline.app.sample_model import learn_in_background

            load_sample(store)
            learn_in_background(store)
        queries = _QUERIES if sample else ()
        run(
            make_app(store, project=project),
            listening,
            lambda: _welcome(address(listening), queries, settings),
        )


def warm(store: "Runtime") -> None:
    """Load the kernels, or compile them the first time: at the first question they would hold up all others."""
    from contextlib import closing

    from raceline.app import paths
    from raceline.projections import model_kernels
    from raceline.projections.as_known import AsKnown
    from raceline.projections.asked import Asked

    with patience("Compiling the kernels: about a minute, the first time only."):
        with closing(AsKnown(store.url, store.catalogue, store.rules, store.racetracks, store.models)) as known:
            known(Asked(()))
        paths.load_kernels()
        model_kernels.load_kernels(store.catalogue)


def load_sample(store: "Runtime") -> None:
    """Take the generated sample in and derive its read models, unless an earlier one is there.

    Raises NotConfirmed when there are events of others.
    """
    import tempfile

    from raceline.app.cli_ingest import take
    from raceline.app.sample import EDITION, FIRST_CUSTOMER, write_sample
    from raceline.domain.errors import NotConfirmed
    from raceline.domain.formats import open_input

    first = store.log.read_customer(FIRST_CUSTOMER)
    if first and not any(event.event_id.startswith(f"{EDITION}-") for event in first):
        say("The sample of an earlier raceline is here and stays as it is; for the new one name another RACELINE_HOME.")
        return
    if not first and next(store.log.read_after(0, page=1), None):
        # The log forgets nothing, so the sample would stay among real customers for ever.
        raise NotConfirmed(
            "The sample is for an empty store, and this one has events; name another RACELINE_HOME or"
            " RACELINE_DATABASE_URL."
        )
    with tempfile.TemporaryDirectory(prefix="raceline-") as folder:
        for name, late in (("sample.ndjson", False), ("sample-late.ndjson", True)):
            path = Path(folder) / name
            with path.open("wb") as file:
                write_sample(file, late=late)
            with open_input(str(path), source="raceline-sample") as records:
                take(store, records)
    load_sample_site(store)
    store.projector().once()


def load_sample_site(store: "Runtime") -> None:
    """The sample's page table, unless there is one: a user's own stays."""
    from raceline.app.sample_site import page_table
    from raceline.domain.site import load, summary

    if summary(store.url) is None:
        load(store.url, page_table())


_QUERIES = (
    (
        "Where a customer is, and since when; which rule moved them there, and by which events",
        '{ customer(id: "sample-0001") { journey { stageTitle since laps regressions moves { kind to enteredAt '
        "rule { title } evidence { event { position occurredAt type } } } revisions { events { type } "
        "before { stage enteredAt } after { stage enteredAt } } } } }",
    ),
    (
        "The stages over all customers, and how long they stay",
        "{ stages { title customers entered departed regressions lengthOfStay { median { days } } } }",
    ),
    (
        "A stage on a day: its support cases, and down to the events of two, and to what put their customers there",
        '{ stageDays(from: "2025-01-06", to: "2025-01-06", stages: ["implement"]) { title customers open { count '
        "sentiment { mean minimum maximum } severities { buckets { value count } } } closed { count "
        "surveys { count mean } causes { buckets { value count } } cases(first: 2) { nodes { case { caseId "
        "customer { guid } history { event { position type } severity sentiment } } move { enteredAt rule { title } } "
        "} } } } }",
    ),
    (
        "A customer's visits",
        '{ customer(id: "sample-0001") { eventCount position timeline(first: 5) { nodes { occurredAt title } } '
        "paths(first: 3) { nodes { pages resolved turnarounds { page depth } } } } }",
    ),
    (
        "When a customer moves on, as of a day of last year: how sure that is, why, and what would change it. (The"
        " model is being learned; until it is in force, in half a minute or so, `prediction` is null.)",
        '{ customer(id: "sample-0530", at: "2025-03-10T00:00:00Z") { journey { currentStage predictionNote prediction '
        "{ withinDay withinWeek withinMonth expectedDays interval { withinMonth { low high } } "
        "exits { exit withinMonth } baseRate(within: MONTH) factors(within: MONTH) { group contribution "
        "features { title said } events { occurredAt type } } "
        'whatIf(changes: [{feature: "days_in_stage", value: 40}]) { withinMonth basis note } modelVersion { name } } '
        "} } }",
    ),
    (
        "How good the model is, on customers and days that it had not seen",
        "{ models { name status checks { rule needed observed passed } evaluation { horizon stage rows moves logLoss "
        "baselineLogLoss skill skillLow skillHigh slope ratio auc } } }",
    ),
    (
        "Pages that people turn round at unexpectedly often for pages of their type, and a visit behind it",
        "{ pages(first: 3) { nodes { page pageType turnarounds opportunities rate expectedRate q excess flag "
        "turnaroundPaths(first: 1) { nodes { pages customer { guid } } } } test { tested unexpected tooFew } } }",
    ),
    (
        "An experiment that clicks name: does the new layout of the support site shorten paths?",
        '{ pathComparison(a: {variant: "layout-a"}, b: {variant: "layout-b"}) { a { pathCount customers } '
        "b { pathCount customers } metrics { metric a b difference low high q } } }",
    ),
    (
        "How many go from the search to a page and straight back to the search, and how soon",
        '{ funnel(pattern: "search: search -> page: error-codes -> back: search") '
        "{ steps { name pathCount conversion conversionLow conversionHigh medianSeconds lift } } }",
    ),
    (
        "Links that nobody takes, and how often people go where no link leads",
        "{ siteGraph(edges: 3, neverTaken: 3) { totals { links linksNeverTaken transitions jumps } "
        "neverTaken { source target } edges { sourceKind source targetKind target transitions share } } }",
    ),
    (
        "Which pages come before customers buy, against those who stay as they are",
        '{ pagesBeforeMoves(stage: "select", first: 3) { moves openStays '
        "pages { page rateRatio low high q moversShare stayersShare flag } } }",
    ),
    (
        "How long paths are, over all and month by month",
        "{ pathStatistics { all { paths meanLength varianceLength } shareResolved shareWithTurnaround position } "
        "percolation(over: MONTH, first: 12) { rows { period pathCount shareResolved all { meanLength varianceLength } "
        "} groupsLeftOut } }",
    ),
)


def _welcome(url: str, queries: tuple[tuple[str, str], ...], settings: "Settings") -> None:
    say(f"raceline serves {url}/graphql{' (open it in a browser for GraphiQL)' if settings.graphiql else ''}")
    if queries:
        show(f"\nTo try in another terminal; the queries also in GraphiQL at {url}/graphql. The sample ends in 2026.")
        show(f"\n# Why a customer is in this stage, and why not in another yet\n{explain_command(settings)}")
    for title, query in queries:
        show(f"\n# {title}\n{curl(url, query)}")
    flush()


def explain_command(settings: "Settings") -> str:
    """The shell command that explains the sample's first customer, from wherever it is called.

    A home that was set is a part of it. A database's URL never is, because it has a password: a comment says what is
    needed.
    """
    import shlex

    from raceline.app.sample import FIRST_CUSTOMER

    program = Path(sys.argv[0])
    here = program.resolve() if program.name == "raceline" else Path("raceline")
    command = f"{shlex.quote(str(here))} explain {FIRST_CUSTOMER}"
    if settings.database_url is not None:
        return f"# (needs the same RACELINE_DATABASE_URL as this server)\n{command}"
    home_was_set = "home" in settings.model_fields_set
    return f"RACELINE_HOME={shlex.quote(str(settings.home))} {command}" if home_was_set else command


def curl(url: str, query: str) -> str:
    """The shell command that asks this query."""
    import json
    import shlex

    body = shlex.quote(json.dumps({"query": query}))
    return f"curl -s {url}/graphql -H 'Content-Type: application/json' -d {body}"
