"""Times of datetime64 columns: ISO 8601 texts, and counts of the dtype's unit since 1970.

In a column with a time zone, a time without a time zone is UTC. A column without a time zone
accepts only times without it.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from predictor.core.coercion import JSON_TYPE_NAMES, InvalidValue

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Nanoseconds in the units of datetime64.
NANOSECONDS = {
    "D": 86_400 * 10**9,
    "h": 3600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}
# Number of digits of a fraction in nanoseconds.
MAX_DIGITS = 9

# Counts have 64 bits; the smallest is NaT, the missing value.
LIMIT = 2**63
# Seconds from 1970 to the second day of year 1, and to the last day of year 9999.
FIRST_S, LAST_S = -62_135_510_400, 253_402_214_400

DTYPE = re.compile(r"datetime64\[(\w+)(?:, (.+))?\]", re.ASCII)
FIXED_OFFSET = re.compile(r"UTC([+-])(\d{2}):(\d{2})", re.ASCII)
TEXT = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:(?<=:\d{2}:\d{2})[.,](\d+))?"
    r"([Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?)?",
    re.ASCII,
)


class TimeDtype(NamedTuple):
    """Unit and time zone of a datetime64 dtype.

    Parameters
    ----------
    unit : str
        A key of `NANOSECONDS`.
    zone : str
        Name of the time zone; empty if there is none.
    """

    unit: str
    zone: str


@lru_cache
def read_dtype(name: str) -> TimeDtype:
    """Return the unit and the time zone in the name of a dtype of NumPy or pandas.

    Raises
    ------
    ValueError
        It is not a datetime64 dtype; the time zone is unknown.
    """
    match = DTYPE.fullmatch(name)
    if not match or match[1] not in NANOSECONDS:
        raise ValueError(f"{name} is not a dtype of times.")
    if match[2]:
        get_zone(match[2])
    return TimeDtype(match[1], match[2] or "")


def is_timestamp(value: Any) -> bool:
    """Return whether a value is a Timestamp of pandas, which need not be imported."""
    return type(value).__name__ == "Timestamp"


def read_timestamp(timestamp: Any) -> tuple[int, str]:
    """Return the count of a Timestamp of pandas, and the dtype of a column that contains it."""
    zone = f", {timestamp.tz}" if timestamp.tz else ""
    return int(timestamp.asm8.astype("int64")), f"datetime64[{timestamp.unit}{zone}]"


@lru_cache
def get_zone(name: str) -> tzinfo:
    """Return the time zone of a name such as Europe/Oslo or UTC+02:00.

    Raises
    ------
    ValueError
        The time zone is unknown.
    """
    if match := FIXED_OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as exc:  # a name of a directory is an OSError
        raise ValueError(f"The time zone {name} is unknown.") from exc


def count_limits(dtype: str) -> tuple[int, int]:
    """Return counts of the dtype between which every time has a text."""
    seconds = 10**9 / NANOSECONDS[read_dtype(dtype).unit]
    return max(int(FIRST_S * seconds), 1 - LIMIT), min(int(LAST_S * seconds), LIMIT - 1)


def parse_time(value: Any, dtype: str) -> int:
    """Return a parsed JSON value as a count of the dtype's unit since 1970, in UTC.

    Raises
    ------
    InvalidValue
        The value is not an ISO 8601 text; it has a time zone, but the dtype has none; the dtype
        cannot represent the time exactly.
    """
    unit, zone = read_dtype(dtype)
    if type(value) is not str:
        raise InvalidValue(JSON_TYPE_NAMES[type(value)])
    match = TEXT.fullmatch(value.strip())
    if not match:
        raise InvalidValue("a string that is not an ISO 8601 date or time")
    day, clock, fraction, offset = match.groups(default="")
    try:
        time = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset.upper()}")
        since = (time if offset else time.replace(tzinfo=UTC)).astimezone(UTC) - EPOCH
    except ValueError as exc:
        raise InvalidValue("a date or time that does not exist") from exc
    except OverflowError as exc:
        raise InvalidValue(f"a time out of the range of {dtype}") from exc
    if offset and not zone:
        raise InvalidValue("a time with a time zone")
    digits = fraction.rstrip("0")
    nanoseconds = (since.days * 86_400 + since.seconds) * 10**9
    nanoseconds += int(digits[:MAX_DIGITS].ljust(MAX_DIGITS, "0"))
    count, rest = divmod(nanoseconds, NANOSECONDS[unit])
    if rest or len(digits) > MAX_DIGITS:
        raise InvalidValue(f"a time that is more precise than {dtype}")
    if not -LIMIT < count < LIMIT:
        raise InvalidValue(f"a time out of the range of {dtype}")
    return count


def format_time(count: int, dtype: str) -> str:
    """Return the ISO 8601 text of a count, in the time zone of the dtype.

    Raises
    ------
    OverflowError
        The time is before the year 1, or after the year 9999.
    """
    unit, zone = read_dtype(dtype)
    seconds, nanoseconds = divmod(count * NANOSECONDS[unit], 10**9)
    text = _to_local(EPOCH + timedelta(seconds=seconds), zone).isoformat()
    fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
    return f"{text[:19]}{fraction}{text[19:]}"


def _to_local(time: datetime, zone: str) -> datetime:
    """Return a time in a time zone; without the zone if the name is empty."""
    if not zone:
        return time.replace(tzinfo=None)
    try:
        return time.astimezone(get_zone(zone))
    except OverflowError:  # the first and the last hours that datetime represents stay in UTC
        return time
