"""Read models of moves that are made by hand."""

import psycopg
import pytest
from moves import store

from raceline.domain import arrow


@pytest.fixture
def stored(database):
    """A connection to a database whose live read models are made of MOVES."""
    with psycopg.connect(database, autocommit=True) as conn:
        store(conn)
        yield conn


@pytest.fixture
def reading(stored):
    """A connection for columns to the same database."""
    with arrow.connect(stored.info.dsn) as connection:
        yield connection
