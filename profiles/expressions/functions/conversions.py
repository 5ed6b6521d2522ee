"""From one type to another. What cannot be read is null."""

from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_FLOOR, Decimal
from random import Random
from uuid import uuid4

from profiles.expressions import dates, values
from profiles.expressions.functions.rows import row

RANDOM = Random()


@row(
    "toInteger",
    "any",
    "int",
    env=True,
    help="A whole number: text read, decimals cut off, moments as epoch milliseconds.",
    example='toInteger("4")',
)
def to_integer(env, value: object) -> int | None:
    number = as_decimal(value, env.zone)
    return None if number is None else values.whole(int(number))


@row(
    "toDecimal",
    "any",
    "dec",
    env=True,
    help="A decimal: text read, moments as epoch milliseconds.",
    example='toDecimal("4.0")',
)
def to_decimal(env, value: object) -> float | None:
    number = as_decimal(value, env.zone)
    return None if number is None else values.number_of(number)


def as_decimal(value: object, zone: tzinfo) -> Decimal | None:
    """A text, number, boolean or date as a number in base ten."""
    if isinstance(value, str):
        return values.read_number(value)
    if isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, date):
        return Decimal(dates.to_millis(dates.instant(value, zone)))
    number = values.as_number(value)
    return None if number is None else values.decimal_of(number)


@row(
    "toBool",
    "any",
    "bool",
    help='A text is true if it is exactly "true", a number if it is not 0.',
    example='toBool("true")',
)
def to_bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value == "true"
    number = values.as_number(value)
    return None if number is None else number != 0


@row(
    "toString",
    "any",
    "str",
    help="The text of a value; moments in UTC, durations as in PT26H30M.",
    example="toString(4)",
)
def to_string(value: object) -> str | None:
    return values.to_text(value)


@row(
    "toDateOnly",
    "any | int, int, int",
    "date",
    help="The date of a text, a date, an epoch value in milliseconds, or year, month, day.",
    example='toDateOnly("2025-04-09T00:00:00.000Z")',
)
def to_date_only(value: object, month: int | None = None, day: int | None = None) -> date | None:
    if month is not None:
        return date(value, month, day)
    number = values.as_int(value)
    found = dates.from_millis(number) if number is not None else values.as_date(value)
    return found.date() if isinstance(found, datetime) else found


@row(
    "toDateTimeOnly",
    "date",
    "dto",
    help="The local date and time, without offset.",
    example='toDateTimeOnly("2025-04-09")',
)
def to_date_time_only(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)


@row(
    "toDateTime",
    "any | zone!, date",
    "dt",
    env=True,
    help="The moment of a text, an epoch value in milliseconds, or a local time in a zone.",
    example='toDateTime("2030-02-19T08:00:00Z")',
)
def to_date_time(env, value: object, local: date | None = None) -> datetime | None:
    if local is not None:
        return at_zone(local, value)
    number = values.as_int(value)
    if number is not None:
        return dates.from_millis(number)
    found = values.as_date(value)
    return None if found is None else at_zone(found, env.zone)


def at_zone(value: date, zone: tzinfo) -> datetime:
    """A moment as it is; a date or local time in the zone, with the offset the zone has then."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    return dates.in_zone(dates.instant(value, zone), zone)


@row(
    "toDuration",
    "any",
    "dur",
    help="A duration from an ISO text or from milliseconds.",
    example='toDuration("PT15M")',
)
def to_duration(value: object) -> timedelta | None:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return dates.read_duration(value)
    number = values.as_number(value)
    return None if number is None else timedelta(milliseconds=number)


@row(
    "date",
    "str | int, int, int",
    "datelike",
    help="A date, local time or moment, by the form of the text; or year, month, day.",
    example="date(2022, 5, 6)",
)
def date_of(value: object, month: int | None = None, day: int | None = None) -> date | None:
    return dates.read_date(value) if month is None else date(value, month, day)


@row("random", "", "dec", volatile=True, help="A random number from 0 to below 1.", example="random() < 0.5")
def random_number() -> float:
    return RANDOM.random()


@row("uuid", "", "str", volatile=True, help="A random UUID.", example="length(uuid()) = 36")
def random_uuid() -> str:
    return str(uuid4())


@row(
    "round",
    "num",
    "int",
    sql="floor($1 + 0.5)",
    help="The nearest whole number; ties go up.",
    example="round(-2.5)",
)
def round_number(number: float) -> int | None:
    return values.whole(int((values.decimal_of(number) + Decimal("0.5")).to_integral_value(ROUND_FLOOR)))
