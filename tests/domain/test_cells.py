from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceline.domain.cells import Unreadable, boolean, integer, moment, number

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        pytest.param("epoch_seconds", "1515764691", datetime(2018, 1, 12, 13, 44, 51, tzinfo=UTC), id="seconds"),
        pytest.param(
            "epoch_seconds", "0.25", datetime(1970, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC), id="part of a second"
        ),
        pytest.param("epoch_seconds", "-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), id="before 1970"),
        pytest.param(
            "epoch_milliseconds", "1500", datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC), id="milliseconds"
        ),
        pytest.param("iso", "2018-01-12T13:44:51Z", datetime(2018, 1, 12, 13, 44, 51, tzinfo=UTC), id="ISO in UTC"),
        pytest.param(
            "iso", "2018-01-12 13:44+02:00", datetime(2018, 1, 12, 11, 44, tzinfo=UTC), id="ISO with an offset"
        ),
        pytest.param("iso", "2018-01-12", datetime(2018, 1, 11, 23, tzinfo=UTC), id="a day begins in its zone"),
        pytest.param("%d/%m/%Y %H:%M", "2/3/2016 4:05", datetime(2016, 3, 2, 3, 5, tzinfo=UTC), id="without padding"),
        pytest.param("%d/%m/%Y %H:%M", "2/7/2016 4:05", datetime(2016, 7, 2, 2, 5, tzinfo=UTC), id="in summer"),
        pytest.param(
            "%d.%m.%Y %H:%M", "30.10.2016 02:30", datetime(2016, 10, 30, 0, 30, tzinfo=UTC), id="an hour twice"
        ),
        pytest.param("%b %d %y, %I %p", "Jan 12 18, 1 PM", datetime(2018, 1, 12, 12, tzinfo=UTC), id="a month by name"),
        pytest.param(
            "%Y-%m-%d %z", "2018-01-12 +0000", datetime(2018, 1, 12, tzinfo=UTC), id="a format with an offset"
        ),
    ],
)
def test_a_time_is_read_as_utc(form, text, expected):
    assert moment(form, BERLIN)(text) == expected


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        ("epoch_seconds", "1_0", "malformed"),
        ("epoch_seconds", "1_0.5", "malformed"),
        ("epoch_seconds", "nan", "malformed"),
        ("epoch_seconds", "1515764691000", "invalid_time"),
        ("epoch_seconds", "9" * 400, "invalid_time"),
        ("epoch_seconds", "1e400", "invalid_time"),
        ("epoch_seconds", "1e999999999", "invalid_time"),
        ("epoch_seconds", "9" * 5_000, "invalid_time"),
        ("iso", "12/01/2018", "malformed"),
        ("iso", "0001-01-01", "invalid_time"),
        ("%d/%m/%Y", "30/2/2016", "malformed"),
        ("%d/%m/%Y", "1/1/2016 ", "malformed"),
    ],
)
def test_a_time_that_is_none_is_unreadable(form, text, reason):
    with pytest.raises(Unreadable) as refused:
        moment(form, BERLIN)(text)
    assert refused.value.reason == reason


DIGITS = "%d/%m/%Y %H:%M:%S"


@given(at=st.datetimes(), padded=st.booleans(), form=st.sampled_from([DIGITS, "%Y%m%d  %H.%M"]))
def test_a_format_means_what_strptime_means_by_it(at, padded, form):
    text = f"{at:%d/%m}/{at.year:04} {at:%H:%M:%S}" if form == DIGITS else f"{at.year:04}{at:%m%d %H.%M}"
    text = text if padded or form != DIGITS else f"{at.day}/{at.month}/{at.year:04} {at.hour}:{at.minute}:{at.second}"
    assert moment(form, UTC)(text) == datetime.strptime(text, form).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (integer, "-17", -17),
        (integer, "007", 7),
        (number, "17", 17),
        (number, "1.50", 1.5),
        (number, "-.5e2", -50.0),
        (boolean(frozenset({"y"}), frozenset({"n"})), "Y", True),
        (boolean(frozenset({"y"}), frozenset({"n"})), "n", False),
    ],
)
def test_a_cell_is_read(read, text, expected):
    value = read(text)
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (integer, "1.0"),
        (integer, "1_000"),
        (integer, " 1"),
        (integer, "9" * 5_000),
        (number, "nan"),
        (number, "inf"),
        (number, "1e999"),
        (number, "1,5"),
        (boolean(frozenset({"y"}), frozenset({"n"})), "yes"),
    ],
)
def test_what_is_not_of_the_kind_is_unreadable(read, text):
    with pytest.raises(Unreadable):
        read(text)
