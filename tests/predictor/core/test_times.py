"""ISO 8601 texts and counts of datetime64."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.core.coercion import InvalidValue
from predictor.core.columns import Column
from predictor.core.input_builders import build_series
from predictor.core.times import TimeDtype, count_limits, format_time, parse_time, read_dtype

OSLO, UTC = "datetime64[ns, Europe/Oslo]", "datetime64[s, UTC]"
NAIVE, SECONDS = "datetime64[us]", "datetime64[s]"
ZONES = (None, "UTC", "Europe/Oslo", "America/St_Johns", "UTC+05:30", "UTC-03:00")

units = st.sampled_from(["s", "ms", "us", "ns"])
# pandas does not read the offsets with seconds that were in use before 1950.
times = st.datetimes(pd.Timestamp(1950, 1, 1), pd.Timestamp.max.floor("D"))


@given(times, st.integers(0, 999), units, st.sampled_from(ZONES))
def test_the_text_of_a_timestamp_is_read_and_written_exactly(time, nanoseconds, unit, zone):
    stamp = pd.Timestamp(time).as_unit("ns") + pd.Timedelta(nanoseconds, unit="ns")
    column = pd.Series([stamp], dtype="datetime64[ns]").astype(f"datetime64[{unit}]")
    if zone:
        column = column.dt.tz_localize("UTC").dt.tz_convert(zone)
    dtype, text = str(column.dtype), column[0].isoformat()
    count = parse_time(text, dtype)
    assert count == column.astype("int64")[0]
    assert pd.Timestamp(format_time(count, dtype)) == column[0]
    built = build_series(Column("at", dtype=dtype, kind="datetime"), [count, None])
    expected = pd.concat([column, pd.Series([pd.NaT], dtype=column.dtype)], ignore_index=True)
    pd.testing.assert_series_equal(pd.Series(built), expected)


@pytest.mark.parametrize(
    ("text", "dtype", "canonical"),
    [
        ("2024-05-01", NAIVE, "2024-05-01T00:00:00"),
        ("2024-05-01T10:00", NAIVE, "2024-05-01T10:00:00"),
        (" 2024-05-01 10:00:30,5 ", NAIVE, "2024-05-01T10:00:30.5"),
        ("9999-12-31", "datetime64[s]", "9999-12-31T00:00:00"),
        ("2024-05-01", "datetime64[D]", "2024-05-01T00:00:00"),
        ("2024-05-01T10:00:00+02:00", OSLO, "2024-05-01T10:00:00+02:00"),
        ("2024-05-01t10:00:00z", OSLO, "2024-05-01T12:00:00+02:00"),
        ("2024-01-01T10:00:00-0330", OSLO, "2024-01-01T14:30:00+01:00"),
        ("2024-05-01T10:00:00.000000001+02", OSLO, "2024-05-01T10:00:00.000000001+02:00"),
        ("2024-05-01T10:00", OSLO, "2024-05-01T12:00:00+02:00"),
        ("2024-05-01", OSLO, "2024-05-01T02:00:00+02:00"),
    ],
)
def test_a_time_without_a_zone_is_utc_and_other_zones_are_converted(text, dtype, canonical):
    assert format_time(parse_time(text, dtype), dtype) == canonical


@pytest.mark.parametrize(
    ("value", "dtype", "problem"),
    [
        (1714557600000, OSLO, "a number"),
        (True, OSLO, "true or false"),
        (["2024-05-01"], OSLO, "a list"),
        ("", OSLO, "a string that is not an ISO 8601 date or time"),
        ("yesterday", OSLO, "a string that is not an ISO 8601 date or time"),
        ("01.05.2024", OSLO, "a string that is not an ISO 8601 date or time"),
        ("2024-05-01T10", OSLO, "a string that is not an ISO 8601 date or time"),
        ("2024-05-01T10:00.5", OSLO, "a string that is not an ISO 8601 date or time"),
        ("٢٠٢٤-05-01", OSLO, "a string that is not an ISO 8601 date or time"),
        ("2024-02-30", OSLO, "a date or time that does not exist"),
        ("2024-05-01T25:00", OSLO, "a date or time that does not exist"),
        ("2024-05-01T10:00:00+25:00", OSLO, "a date or time that does not exist"),
        ("2024-05-01T10:00Z", NAIVE, "a time with a time zone"),
        ("2024-05-01T10:00:00.5", SECONDS, "a time that is more precise than datetime64[s]"),
        ("2024-05-01T10:00", "datetime64[D]", "a time that is more precise than datetime64[D]"),
        ("2024-05-01T10:00:00.1234567891", OSLO, f"a time that is more precise than {OSLO}"),
        ("1677-01-01", OSLO, f"a time out of the range of {OSLO}"),
        ("2263-01-01", OSLO, f"a time out of the range of {OSLO}"),
        ("0001-01-01T00:00+01:00", UTC, f"a time out of the range of {UTC}"),
    ],
)
def test_other_values_are_described(value, dtype, problem):
    with pytest.raises(InvalidValue) as refusal:
        parse_time(value, dtype)
    assert str(refusal.value) == problem


@pytest.mark.parametrize(
    "dtype",
    [
        "datetime64[W]",
        "timestamp[ns][pyarrow]",
        "datetime64[ns, No/Where]",
        "datetime64[ns, ../../etc/passwd]",
        "datetime64[ns, Europe]",
        "datetime64[ns, pytz.FixedOffset(60)]",
    ],
)
def test_other_dtypes_and_unknown_zones_are_rejected(dtype):
    with pytest.raises(ValueError, match=r"dtype|zone|ZoneInfo"):
        read_dtype(dtype)


def test_the_dtype_of_a_fixed_offset_has_a_zone():
    assert read_dtype("datetime64[us, UTC-03:30]") == TimeDtype("us", "UTC-03:30")


@pytest.mark.parametrize("dtype", ["datetime64[s]", OSLO, "datetime64[us, UTC]", "datetime64[D]"])
def test_every_count_within_the_limits_has_a_text(dtype):
    for count in (*count_limits(dtype), 0, -1):
        assert parse_time(format_time(count, dtype), dtype) == count


def test_a_year_beyond_9999_has_no_text():
    with pytest.raises(OverflowError):
        format_time(int(np.datetime64("10000-01-01", "s").astype(int)), "datetime64[s]")
