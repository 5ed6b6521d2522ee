"""Dates, moments, durations and calendar units: reading ISO texts, writing them, and counting with them."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

DateKind = date | datetime
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)

ISO_DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.(\d{1,9}))?)?(?:Z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?)?",
    re.ASCII,
)
ISO_DURATION = re.compile(
    r"([+-]?)P(?:([+-]?\d{1,12})D)?(T?)(?:([+-]?\d{1,12})H)?(?:([+-]?\d{1,12})M)?(?:([+-]?\d{1,14})(?:\.(\d{1,9}))?S)?",
    re.ASCII | re.IGNORECASE,
)
OFFSET_ZONE = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?", re.ASCII)
EXACT_UNITS = {
    "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
}
MONTHS = {"month": 1, "year": 12, "decade": 120, "century": 1_200, "millennium": 12_000}


@lru_cache(maxsize=8192)
def read_date(text: str) -> DateKind | None:
    """An ISO text as date, local date and time, or moment with offset; None for anything else."""
    found = ISO_DATE.fullmatch(text)
    if not found:
        return None
    fraction = found[1]
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        if fraction is None or len(fraction) <= 6:
            return datetime.fromisoformat(text if fraction is None else _six_digits(text, found))
        whole = datetime.fromisoformat(text[: found.start(1) - 1] + text[found.end(1) :])
        return whole + timedelta(microseconds=round(float("0." + fraction) * 1e6))
    except (ValueError, OverflowError):
        return None


def _six_digits(text: str, found: re.Match) -> str:
    return text[: found.start(1)] + found[1].ljust(6, "0") + text[found.end(1) :]


@lru_cache(maxsize=512)
def read_duration(text: str) -> timedelta | None:
    """An ISO duration of days, hours, minutes and seconds; months and years have no length: None."""
    found = ISO_DURATION.fullmatch(text)
    if not found:
        return None
    sign, days, mark, hours, minutes, seconds, fraction = found.groups()
    if not (days or hours or minutes or seconds) or (mark and not (hours or minutes or seconds)):
        return None
    if minutes and not (mark or hours or seconds):
        return None
    micros = int((fraction or "0").ljust(6, "0")[:6]) * (-1 if (seconds or "").startswith("-") else 1)
    try:
        value = timedelta(
            days=int(days or 0),
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=int(seconds or 0),
            microseconds=micros,
        )
    except OverflowError:
        return None
    return -value if sign == "-" else value


@lru_cache(maxsize=512)
def read_zone(name: str) -> tzinfo | None:
    """A time zone by its IANA name, or a fixed offset such as +02:00; None if there is none."""
    if name in ("UTC", "Z", "GMT"):
        return UTC
    found = OFFSET_ZONE.fullmatch(name)
    try:
        if found:
            offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
            return timezone(-offset if found[1] == "-" else offset)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def write_date(value: DateKind) -> str:
    """The ISO text: seconds always, fractions only if there are any, Z for offset zero."""
    if not isinstance(value, datetime):
        return value.isoformat()
    text = value.replace(tzinfo=None, microsecond=0).isoformat()
    if value.microsecond:
        text += (
            f".{value.microsecond:06d}" if value.microsecond % 1000 else f".{value.microsecond // 1000:03d}"
        )
    if value.tzinfo is None:
        return text
    offset = value.utcoffset()
    if not offset:
        return text + "Z"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{text}{'-' if offset < timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def write_duration(value: timedelta) -> str:
    """The text Java gives a duration: PT26H30M, PT-1H-30M, PT2.75S."""
    micros = value // timedelta(microseconds=1)
    if not micros:
        return "PT0S"
    sign = "-" if micros < 0 else ""
    seconds, micros = divmod(abs(micros), 1_000_000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    text = "PT" + (f"{sign}{hours}H" if hours else "") + (f"{sign}{minutes}M" if minutes else "")
    if seconds or micros:
        text += f"{sign}{seconds}" + (f".{micros:06d}".rstrip("0") if micros else "") + "S"
    return text


def instant(value: DateKind, zone: tzinfo) -> datetime:
    """The moment in UTC; a date is its first instant, a local time is read in `zone`. May overflow."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same moment with the offset that `zone` has then."""
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    return local.replace(tzinfo=timezone(offset) if offset else UTC)


def from_millis(millis: int) -> datetime:
    """The moment of an epoch value in milliseconds. May overflow."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)


def to_millis(moment: datetime) -> int:
    """Epoch milliseconds of a moment."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def add_months(local: DateKind, months: int) -> DateKind:
    """Calendar months later, the day clamped to the length of the month. May overflow."""
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("year out of range")
    return local.replace(year=year, month=month + 1, day=min(local.day, days_in_month(year, month + 1)))


def days_in_month(year: int, month: int) -> int:
    """The number of days of a month."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def add_units(moment: datetime, n: int, unit: str, zone: tzinfo) -> datetime:
    """A moment n units later: hours and smaller exactly, days and larger by the clock on the wall of
    `zone`.
    """
    if unit in EXACT_UNITS:
        return moment + n * EXACT_UNITS[unit]
    local = moment.astimezone(zone).replace(tzinfo=None)
    return instant(add_local(local, n, unit), zone)


def edge(moment: datetime, n: int, unit: str, zone: tzinfo) -> datetime:
    """n units later; what lies beyond the calendar is its first or last moment."""
    try:
        return add_units(moment, n, unit, zone)
    except OverflowError:
        return FIRST if n < 0 else LAST


def add_local(local: DateKind, n: int, unit: str) -> DateKind:
    """A local date or time n days or larger units later."""
    if unit in ("day", "week"):
        return local + timedelta(days=n * (7 if unit == "week" else 1))
    return add_months(local, n * MONTHS[unit])


def unit_around(moment: datetime, unit: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """First instant of the calendar unit that holds the moment, and first instant after it. Weeks start on
    Sunday.
    """
    local = moment.astimezone(zone)
    if unit in EXACT_UNITS:
        offset = local.utcoffset() or timedelta(0)
        wall = local.replace(tzinfo=None)
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        start = (midnight + (wall - midnight) // EXACT_UNITS[unit] * EXACT_UNITS[unit] - offset).replace(
            tzinfo=UTC
        )
        return start, start + EXACT_UNITS[unit]
    start = _first_day(local.date(), unit)
    return instant(start, zone), instant(add_local(start, 1, unit), zone)


def _first_day(day: date, unit: str) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    if unit == "month":
        return day.replace(day=1)
    years = MONTHS[unit] // 12
    # Decades start at 0; centuries and millennia at 1, as in 2001.
    first = day.year - (day.year - (0 if unit in ("year", "decade") else 1)) % years
    return date(max(first, 1), 1, 1)


def period(word: str, unit: str, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """First instant of this, last or next unit, and first instant after it."""
    start, end = unit_around(now, unit, zone)
    if word == "this":
        return start, end
    step = -1 if word == "last" else 1
    return add_units(start, step, unit, zone), add_units(end, step, unit, zone)
