"""The history of an account, of moves that are stored or not."""

import pyarrow as pa
from moves import ACCOUNTS, MOVES, TRACK, day, number

from raceline.projections.accounts import account_history, history_of


def test_an_account_stands_where_its_customers_stand(reading):
    rows = account_history(reading, "acme")
    assert [(row["n"], row["furthest"], row["earliest"], row["customers"]) for row in rows] == [
        (1, "need", "need", 1), (2, "need", "need", 2), (3, "select", "need", 2), (4, "renew", "select", 2),
        (5, "select", "need", 2), (6, "need", "need", 2), (7, "need", "need", 1), (8, "use", "need", 2),
    ]  # fmt: skip
    assert [(row["entered_at"], row["left_at"]) for row in rows][-2:] == [(day(8), day(9)), (day(9), None)]
    assert {(row["account_id"], row["racetrack"]) for row in rows} == {("acme", TRACK)}


def test_an_account_whose_customers_have_left_is_nowhere(reading):
    rows = account_history(reading, "other", TRACK)
    assert [(row["furthest"], row["customers"], row["left_at"]) for row in rows] == [
        ("use", 1, day(7)),
        (None, 0, None),
    ]


def test_an_account_that_nobody_knows_has_no_history(reading):
    assert account_history(reading, "nobody") == []
    assert account_history(reading, "acme", "no such racetrack") == []


def test_the_history_of_stays_that_are_not_stored_is_rolled_up_the_same_way(reading):
    moves = [one for one in MOVES if one["to_stage"] and ACCOUNTS[one["customer_id"]] == "acme"]
    stays = [one | {"to_stage_n": number(one["to_stage"])} for one in moves]
    assert history_of("acme", pa.Table.from_pylist(stays)) == account_history(reading, "acme")
