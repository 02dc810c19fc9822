"""Decisions: ordinary aggregates of the eventsourcing library, kept in the same log as the facts (design, section 4).

    Application(env={"PERSISTENCE_MODULE": "raceline.domain.decisions", "RACELINE_DATABASE_URL": url})

Each aggregate and each of its events has a `TOPIC` of its own, given by hand, and is made known with
`eventsourcing.utils.register_topic` where it is defined; so that moving a module changes no data.
"""

from typing import Never

from eventsourcing import postgres
from eventsourcing.persistence import BaseInfrastructureFactory, InfrastructureFactoryError, NotSupportedError
from eventsourcing.utils import Environment, EnvType

from raceline.domain.recorder import LogDatastore, LogRecorder

DATABASE_URL = "RACELINE_DATABASE_URL"


class LogFactory(postgres.PostgresFactory):
    """What the library builds an application from: its recorder is the log."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        BaseInfrastructureFactory.__init__(self, env)
        url = self.env.get(DATABASE_URL)
        if not url:
            raise InfrastructureFactoryError(f"{DATABASE_URL} is not set")
        self.datastore: LogDatastore = LogDatastore(url)

    def application_recorder(self) -> LogRecorder:
        """The log."""
        return LogRecorder(self.datastore)

    def aggregate_recorder(self, purpose: str = "events") -> Never:
        """Refused: decisions have few events, and a snapshot of them would be a second truth."""
        raise NotSupportedError(f"no recorder of {purpose} beside the log")

    def process_recorder(self) -> Never:
        """Refused: raceline's projections keep their own checkpoints."""
        raise NotSupportedError("no process recorder; read the log's subscription")
