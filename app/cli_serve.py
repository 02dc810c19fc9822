"""The command that serves the API."""

from typing import TYPE_CHECKING, Annotated

import typer

from raceline.app.terminal import flush, say, show

if TYPE_CHECKING:
    from raceline.app.runtime import Runtime


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
        if sample:
            load_sample(store)
        queries = _QUERIES if sample else ()
        run(
            make_app(store, project=project),
            listening,
            lambda: _welcome(address(listening), queries, graphiql=settings.graphiql),
        )


def load_sample(store: "Runtime") -> None:
    """Take the generated sample in and derive its read models. Raises NotConfirmed when other events are there."""
    import tempfile
    from pathlib import Path

    from raceline.app.cli_ingest import take
    from raceline.app.sample import FIRST_CUSTOMER, write_sample
    from raceline.domain.errors import NotConfirmed
    from raceline.domain.formats import open_input

    if store.log.head() and not store.log.read_customer(FIRST_CUSTOMER):
        # The log forgets nothing, so the sample would stay among real customers for ever.
        raise NotConfirmed(
            "The sample is for an empty store, and this one has events; name another RACELINE_HOME or"
            " RACELINE_DATABASE_URL."
        )
    with tempfile.TemporaryDirectory(prefix="raceline-") as folder:
        path = Path(folder) / "sample.ndjson"
        with path.open("wb") as file:
            write_sample(file)
        with open_input(str(path), source="raceline-sample") as records:
            take(store, records)
    store.projector().once()


_QUERIES = (
    (
        "A customer's journey",
        '{ customer(id: "sample-0001") { eventCount position timeline(first: 5) { nodes { occurredAt title } } '
        "paths(first: 3) { nodes { pages resolved turnarounds { page depth } } } } }",
    ),
    ("Pages that people turn round at", "{ pages(first: 5) { nodes { page visits turnarounds rate } } }"),
    (
        "How long paths are",
        "{ pathStatistics { all { paths meanLength varianceLength } shareResolved shareWithTurnaround position } }",
    ),
)


def _welcome(url: str, queries: tuple[tuple[str, str], ...], *, graphiql: bool) -> None:
    say(f"raceline serves {url}/graphql{' (open it in a browser for GraphiQL)' if graphiql else ''}")
    if queries:
        show(f"\nThree queries to try, here or in GraphiQL at {url}/graphql:")
    for title, query in queries:
        show(f"\n# {title}\n{curl(url, query)}")
    flush()


def curl(url: str, query: str) -> str:
    """The shell command that asks this query."""
    import json
    import shlex

    body = shlex.quote(json.dumps({"query": query}))
    return f"curl -s {url}/graphql -H 'Content-Type: application/json' -d {body}"
