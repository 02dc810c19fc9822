"""What a client sees of an error: raceline's own in words and with a code; anything else only by a reference."""

import logging
import re
from typing import Any
from uuid import uuid4

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.extensions import MaskErrors

from raceline.domain.errors import RacelineError

_log = logging.getLogger(__name__)


def code(error: type[RacelineError]) -> str:
    """The code of an error: its name, as in PROJECTION_TIMEOUT."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", error.__name__).upper()


def presentable(error: GraphQLError) -> GraphQLError:
    """The error as the client may see it."""
    original = error.original_error
    if isinstance(original, RacelineError):
        return _like(error, str(original), {"code": code(type(original)), **_plain(original.facts)})
    if isinstance(error, GraphQLSyntaxError) and "tokens" in error.message:
        return _like(error, error.message, {"code": "LIMIT_EXCEEDED", "limit": "tokens"})
    if original is None or isinstance(original, GraphQLError) or (error.path is None and error.nodes):
        return error  # graphql-core's own words about the document or its variables
    reference = uuid4().hex[:12]
    _log.error("internal error %s at %s", reference, error.path, exc_info=original)
    message = f"Something went wrong inside of raceline; the server's log says what, at reference {reference}."
    return _like(error, message, {"code": "INTERNAL", "reference": reference})


def _like(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: fact if isinstance(fact, int | float | None) else str(fact) for name, fact in facts.items()}


class Presentable(MaskErrors):
    """Makes every error of every answer presentable, also those of a subscription."""

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        """Called for each error, because `should_mask_error` is always true."""
        return presentable(error)
