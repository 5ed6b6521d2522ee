"""The clock, windows around now, and parts of dates."""

from datetime import UTC, date, datetime, tzinfo

from profiles.expressions import dates
from profiles.expressions.dates import edge
from profiles.expressions.functions.rows import row

PARTS = {
    name: unit
    for unit in ("year", "month", "week", "day", "hour", "minute", "second")
    for name in (unit, unit + "s")
}


@row("now", "zone!?", "dt", env=True, help="This moment, in UTC or in the zone.", example="now()")
def now(env, zone: tzinfo = UTC) -> datetime:
    return dates.in_zone(env.now, zone)


@row(
    "nowWithDelta",
    "int, part!, zone!?",
    "dt",
    env=True,
    help="This moment moved by so many years, months, weeks, days, hours, minutes or seconds.",
    example='nowWithDelta(-2, "hours")',
)
def now_with_delta(env, amount: int, part: str, zone: tzinfo = UTC) -> datetime:
    return dates.in_zone(dates.add_units(env.now, amount, part, zone), zone)


@row(
    "currentTimeInMillis",
    "",
    "int",
    env=True,
    help="This moment as epoch milliseconds.",
    example="currentTimeInMillis()",
)
def current_time_in_millis(env) -> int:
    return dates.to_millis(env.now)


def in_window(env, value: date, amount: int, unit: str, sign: int) -> bool:
    """The date lies between now and so many units away, both ends included."""
    moment, other = dates.instant(value, env.zone), edge(env.now, sign * amount, unit, env.zone)
    if env.watch is not None:
        env.watch.append(("period", (sign * amount, unit), moment))
    return (other <= moment <= env.now) if sign < 0 else (env.now <= moment <= other)


@row(
    "inLastHours",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many hours before now.",
    example="inLastHours(now(), 4)",
)
def in_last_hours(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "hour", -1)


@row(
    "inLastDays",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many days before now.",
    example="inLastDays(now(), 4)",
)
def in_last_days(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "day", -1)


@row(
    "inLastMonths",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many months before now.",
    example="inLastMonths(now(), 2)",
)
def in_last_months(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "month", -1)


@row(
    "inLastYears",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many years before now.",
    example="inLastYears(now(), 2)",
)
def in_last_years(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "year", -1)


@row(
    "inNextHours",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many hours from now.",
    example="inNextHours(now(), 4)",
)
def in_next_hours(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "hour", 1)


@row(
    "inNextDays",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many days from now.",
    example="inNextDays(now(), 4)",
)
def in_next_days(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "day", 1)


@row(
    "inNextMonths",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many months from now.",
    example="inNextMonths(now(), 1)",
)
def in_next_months(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "month", 1)


@row(
    "inNextYears",
    "date, int",
    "bool",
    env=True,
    nulls="predicate",
    help="Within so many years from now.",
    example="inNextYears(now(), 1)",
)
def in_next_years(env, value: date, amount: int) -> bool:
    return in_window(env, value, amount, "year", 1)


@row(
    "setHours",
    "date, int",
    "arg0",
    help="The same time with another hour; minutes stay.",
    example="setHours(now(), 4)",
)
def set_hours(value: date, hour: int) -> datetime | None:
    return value.replace(hour=hour) if isinstance(value, datetime) else None


@row(
    "setDays",
    "date, int",
    "arg0",
    help="The same time on another day of its month.",
    example="setDays(now(), 25)",
)
def set_days(value: date, day: int) -> datetime | None:
    return value.replace(day=day) if isinstance(value, datetime) else None


@row(
    "updateTimeZone",
    "date, zone!",
    "dt",
    help="The same moment in another zone.",
    example='updateTimeZone(now(), "Europe/Rome")',
)
def update_time_zone(value: date, zone: tzinfo) -> datetime | None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return dates.in_zone(value, zone)


@row("currentMonth", "", "int", env=True, help="The month now, from 1.", example="currentMonth()")
def current_month(env) -> int:
    return env.now.astimezone(env.zone).month


@row("currentYear", "", "int", env=True, help="The year now.", example="currentYear()")
def current_year(env) -> int:
    return env.now.astimezone(env.zone).year


@row(
    "currentDayOfMonth", "", "int", env=True, help="The day of the month now.", example="currentDayOfMonth()"
)
def current_day_of_month(env) -> int:
    return env.now.astimezone(env.zone).day


@row(
    "getMonth",
    "date",
    "int",
    env=True,
    sql="month",
    help="The month of a date, from 1.",
    example="getMonth(now())",
)
def get_month(env, value: date) -> int:
    return local(env, value).month


@row("getYear", "date", "int", env=True, sql="year", help="The year of a date.", example="getYear(now())")
def get_year(env, value: date) -> int:
    return local(env, value).year


@row(
    "getDayOfMonth",
    "date",
    "int",
    env=True,
    sql="day",
    help="The day of the month of a date.",
    example="getDayOfMonth(now())",
)
def get_day_of_month(env, value: date) -> int:
    return local(env, value).day


def local(env, value: date) -> date:
    """A moment in the evaluation zone; a date or local time as it is."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(env.zone)
    return value
