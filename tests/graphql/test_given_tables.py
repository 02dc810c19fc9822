"""Statements read rows that are sent along in the same words as the read models."""

import psycopg
import pytest
from journeys import House

from raceline.graphql.injected import INJECTED, SUMS
from raceline.projections.tables import RACE, SUM_SCHEMAS


@pytest.fixture
def columns(database):
    """By table, the columns of the live read models."""
    house = House(database)
    with psycopg.connect(database) as conn:
        rows = conn.execute(
            "SELECT c.table_name, array_agg(c.column_name::text ORDER BY c.ordinal_position)"
            " FROM information_schema.columns AS c WHERE c.table_schema = 'live' GROUP BY c.table_name"
        ).fetchall()
    house.close()
    return dict(rows)


def test_rows_that_are_sent_along_have_the_columns_of_the_read_models(columns):
    given = {**INJECTED, **SUMS}
    for table in given.keys() & columns.keys():
        named = [column.split()[0].strip('"') for column in given[table].split(", ")]
        assert sorted(named) == sorted(columns[table]), table
    assert given.keys() - columns.keys() == {"prospects", "racers"}, "what is never stored"


def test_what_is_derived_has_the_columns_of_the_read_models(columns):
    for table, schema in (RACE | SUM_SCHEMAS).items():
        assert sorted(schema.names) == sorted(columns[table]), table
