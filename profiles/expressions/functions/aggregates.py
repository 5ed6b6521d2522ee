"""Counting and adding up lists. A null list is an empty one; nulls and values of a wrong type are left
out.
"""

from datetime import date, timedelta
from decimal import Decimal

from profiles.expressions import values
from profiles.expressions.dates import instant
from profiles.expressions.functions.rows import row


@row(
    "count",
    "list",
    "int",
    nulls="aggregate",
    help="How many values are not null.",
    example="count([7, 4, null])",
)
def count(items: list) -> int:
    return sum(item is not None for item in items)


@row(
    "countOnlyNull",
    "list",
    "int",
    nulls="aggregate",
    help="How many values are null.",
    example="countOnlyNull([7, null])",
)
def count_only_null(items: list) -> int:
    return sum(item is None for item in items)


@row(
    "countWithNull",
    "list",
    "int",
    nulls="aggregate",
    help="How many values there are, null or not.",
    example="countWithNull([7, null])",
)
def count_with_null(items: list) -> int:
    return len(items)


@row(
    "listSize",
    "list",
    "int",
    nulls="aggregate",
    help="How many values there are, null or not.",
    example="listSize([4, 4, 1])",
)
def list_size(items: list) -> int:
    return len(items)


@row(
    "distinctCount",
    "list, str?",
    "int",
    nulls="aggregate",
    help="How many different values, or objects by a key.",
    example="distinctCount([7, 4, 7])",
)
def distinct_count(items: list, name: str | None = None) -> int:
    return len({values.key(item) for item in keyed(items, name) if item is not None})


@row(
    "distinctCountWithNull",
    "list, str?",
    "int",
    nulls="aggregate",
    help="How many different values; null counts as one.",
    example="distinctCountWithNull([7, null])",
)
def distinct_count_with_null(items: list, name: str | None = None) -> int:
    return len({values.key(item) for item in keyed(items, name)})


def keyed(items: list, name: str | None) -> list:
    """The items themselves, or one field of each."""
    if name is None:
        return items
    return [item.get(name) if isinstance(item, dict) else None for item in items]


@row(
    "sum",
    "list | any, any",
    "total",
    env=True,
    nulls="aggregate",
    help="The sum of a list or of two values.",
    example="sum([1.5, 2.25])",
)
def total(env, *args: object) -> object:
    numbers, others = numbers_and_others(args)
    durations = [value for value in others if isinstance(value, timedelta)]
    if durations and not numbers:
        return sum(durations, timedelta())
    return add_up(numbers)


def add_up(numbers: list) -> int | float | None:
    """Whole numbers exactly, anything else in base ten."""
    if all(isinstance(number, int) for number in numbers):
        return values.whole(sum(numbers))
    return values.number_of(sum_in_base_ten(numbers))


def sum_in_base_ten(numbers: list) -> Decimal:
    result = Decimal(0)
    for number in numbers:
        result = values.BASE_TEN.add(result, values.decimal_of(number))
    return result


def numbers_and_others(args: tuple) -> tuple[list, list]:
    """The values to add up: those of a list, or the two given; numbers apart from the rest."""
    items = args[0] if len(args) == 1 else args
    numbers = [number for number in map(values.as_number, items) if number is not None]
    return numbers, [item for item in items if values.as_number(item) is None]


@row(
    "avg average",
    "list | any, any",
    "mean",
    env=True,
    nulls="aggregate",
    help="The mean; null of an empty list.",
    example="avg([9, 3, 6])",
)
def average(env, *args: object) -> object:
    numbers, others = numbers_and_others(args)
    durations = [value for value in others if isinstance(value, timedelta)]
    if durations and not numbers:
        return sum(durations, timedelta()) / len(durations)
    if not numbers:
        return None
    return values.quotient(sum_in_base_ten(numbers), Decimal(len(numbers)))


@row(
    "min",
    "list | any, any",
    "best",
    env=True,
    nulls="aggregate",
    help="The lowest number, date or duration.",
    example="min([6, 11])",
)
def lowest(env, *args: object) -> object:
    return best(env, args, min)


@row(
    "max",
    "list | any, any",
    "best",
    env=True,
    nulls="aggregate",
    help="The highest number, date or duration.",
    example="max([6, 11])",
)
def highest(env, *args: object) -> object:
    return best(env, args, max)


def best(env, args: tuple, choose) -> object:
    """The lowest or highest of the numbers, else of the durations, else of the dates."""
    numbers, others = numbers_and_others(args)
    if numbers:
        return choose(numbers)
    durations = [value for value in others if isinstance(value, timedelta)]
    if durations:
        return choose(durations)
    dates = [found for found in map(values.as_date, others) if isinstance(found, date)]
    return choose(dates, key=lambda value: instant(value, env.zone)) if dates else None
