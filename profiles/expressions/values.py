"""Values at run time: what counts as which type, equality and order, arithmetic in base ten, and texts of
values.

A value is None, bool, int, float, str, date, datetime (local or with a fixed offset), timedelta, list or
dict. Nothing here raises for odd values; what cannot be computed is None, and a comparison with None is
False.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, Overflow

from profiles.expressions.dates import instant, read_date, read_duration, write_date, write_duration
from profiles.expressions.limits import INT_MAX, INT_MIN, RESULT_CHARACTERS

BASE_TEN = Context(prec=60, traps=[InvalidOperation, Overflow])
WIDE = Context(prec=400, traps=[InvalidOperation, Overflow])
TWELVE_PLACES = Decimal(1).scaleb(-12)
NUMBERS = (int, float)


# Reading a value as a type; None if it is not one.


def as_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def as_number(value: object) -> int | float | None:
    """Whole numbers beyond 64 bits are read as decimals."""
    if type(value) is float:
        return value if value - value == 0 else None
    if type(value) is int:
        return value if INT_MIN <= value <= INT_MAX else float(value) if abs(value) < 10**308 else None
    return None


def as_int(value: object) -> int | None:
    if type(value) is int:
        return value if INT_MIN <= value <= INT_MAX else None
    if type(value) is float and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return None


def as_bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def as_list(value: object) -> list | None:
    return value if isinstance(value, list) else list(value) if isinstance(value, tuple) else None


def as_map(value: object) -> Mapping | None:
    return value if isinstance(value, Mapping) else None


def as_date(value: object) -> date | datetime | None:
    if isinstance(value, str):
        return read_date(value)
    return value if isinstance(value, date) else None


def as_duration(value: object) -> timedelta | None:
    return value if isinstance(value, timedelta) else None


def truth(value: object) -> bool:
    """The value as a condition: true itself, a list that is not empty, any object."""
    if value is True or value is False or value is None:
        return value is True
    return bool(value) if isinstance(value, list) else isinstance(value, Mapping)


def as_moment(value: object, zone: tzinfo) -> datetime | None:
    """A date of any kind as a moment in UTC, read in the evaluation zone where it has none."""
    found = as_date(value)
    if found is None:
        return None
    try:
        return instant(found, zone)
    except OverflowError:
        return None


# Equality and order


def equal(left: object, right: object) -> bool:
    """Equality across all types: int and dec by value, a text against a date as a date, lists free of
    order.
    """
    if left is None or right is None:
        return False
    kind, other = type(left), type(right)
    if kind is other:
        if kind is list:
            return bag(left) == bag(right)
        return key(left) == key(right) if kind is dict else left == right
    if kind in NUMBERS and other in NUMBERS:
        return left == right
    if kind is str and isinstance(right, date):
        left = read_date(left)
        return type(left) is other and left == right
    if other is str and isinstance(left, date):
        right = read_date(right)
        return type(right) is kind and left == right
    if isinstance(left, list) and isinstance(right, list):
        return bag(left) == bag(right)
    return isinstance(left, Mapping) and isinstance(right, Mapping) and key(left) == key(right)


def different(left: object, right: object) -> bool:
    """Not equal; false for null, and for a list against a single value."""
    if left is None or right is None or isinstance(left, list) is not isinstance(right, list):
        return False
    return not equal(left, right)


def bag(items: list) -> Counter:
    """The values of a list without their order."""
    return Counter(map(key, items))


def key(value: object) -> object:
    """A hashable stand-in with the same equality; 1 and true differ, lists inside a value keep their
    order.
    """
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, list):
        return ("list", *map(key, value))
    if isinstance(value, Mapping):
        return ("map", frozenset((name, key(part)) for name, part in value.items()))
    if isinstance(value, datetime):
        return ("dto" if value.tzinfo is None else "dt", value)
    return value


def comparable(left: object, right: object, zone: tzinfo) -> tuple | None:
    """Both values in a form that Python orders, or None where no order is defined."""
    left_number, right_number = type(left) in NUMBERS, type(right) in NUMBERS
    if left_number and right_number:
        return left, right
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        return left, right
    if isinstance(left, date) or isinstance(right, date):
        left, right = as_date(left), as_date(right)
        if left is None or right is None:
            return None
        if type(left) is date and type(right) is date:
            return left, right
        left, right = as_moment(left, zone), as_moment(right, zone)
        return None if left is None or right is None else (left, right)
    return None


# Arithmetic


def decimal_of(value: int | float) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def number_of(value: Decimal) -> float | None:
    """A base-ten result as a double; None if it is too large."""
    result = float(value)
    return result + 0.0 if result - result == 0 else None


def whole(value: int) -> int | None:
    """A whole result, None beyond 64 bits."""
    return value if INT_MIN <= value <= INT_MAX else None


def add(left: object, right: object) -> object:
    """Text if one side is text, else number, else date or duration plus duration."""
    if left is None or right is None:
        return None
    if isinstance(left, str) or isinstance(right, str):
        left, right = to_text(left), to_text(right)
        if left is None or right is None or len(left) + len(right) > RESULT_CHARACTERS:
            return None
        return left + right
    if isinstance(left, timedelta) and not isinstance(right, timedelta):
        left, right = right, left
    if isinstance(right, timedelta):
        return _shift(left, right)
    return _numbers(left, right, int.__add__, BASE_TEN.add)


def subtract(left: object, right: object) -> object:
    """Number minus number, date or duration minus duration."""
    if isinstance(right, timedelta):
        return _shift(left, -right)
    return _numbers(left, right, int.__sub__, BASE_TEN.subtract)


def _shift(left: object, by: timedelta) -> object:
    if isinstance(left, timedelta | datetime):
        try:
            return left + by
        except OverflowError:
            return None
    return None


def multiply(left: object, right: object) -> object:
    """The product of two numbers."""
    return _numbers(left, right, int.__mul__, BASE_TEN.multiply)


def _numbers(left: object, right: object, of_ints, of_decimals) -> int | float | None:
    left, right = as_number(left), as_number(right)
    if left is None or right is None:
        return None
    if isinstance(left, int) and isinstance(right, int):
        return whole(of_ints(left, right))
    return number_of(of_decimals(decimal_of(left), decimal_of(right)))


def divide(left: object, right: object) -> int | float | None:
    """The quotient rounded to 12 places, half up; 0 for a division by 0."""
    left, right = as_number(left), as_number(right)
    if left is None or right is None:
        return None
    return 0 if right == 0 else quotient(decimal_of(left), decimal_of(right))


def quotient(left: Decimal, right: Decimal) -> float | None:
    result = WIDE.divide(left, right)
    if result.adjusted() < 40:
        result = result.quantize(TWELVE_PLACES, ROUND_HALF_UP, WIDE)
    return number_of(result)


def remainder(left: object, right: object) -> int | float | None:
    """The remainder with the sign of the dividend; 0 for a division by 0."""
    left, right = as_number(left), as_number(right)
    if left is None or right is None:
        return None
    if right == 0:
        return 0
    if isinstance(left, int) and isinstance(right, int):
        return abs(left) % abs(right) * (-1 if left < 0 else 1)
    try:
        return number_of(WIDE.remainder(decimal_of(left), decimal_of(right)))
    except InvalidOperation:
        return None


def negative(value: object) -> object:
    if isinstance(value, timedelta):
        return -value
    value = as_number(value)
    if value is None:
        return None
    return whole(-value) if isinstance(value, int) else -value + 0.0


# Texts


def to_text(value: object) -> str | None:
    """The text `toString` gives: moments in UTC; None for lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    result = to_json_value(value)
    if isinstance(result, bool):
        return "true" if result else "false"
    if isinstance(result, int):
        return str(result)
    if isinstance(result, float):
        return decimal_text(result)
    return result if isinstance(result, str) else None


def decimal_text(value: float) -> str:
    """A decimal without exponent and with at least one place: 1.5, 2.0."""
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else text + ".0"


def to_json_value(value: object) -> object:
    """The value in JSON: dates and durations as texts, a moment with its own offset."""
    if isinstance(value, date):
        return write_date(value)
    if isinstance(value, timedelta):
        return write_duration(value)
    if isinstance(value, list):
        return [to_json_value(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): to_json_value(part) for name, part in value.items()}
    return value


def read_number(text: str) -> Decimal | None:
    """A text as a number: digits with sign, point and exponent, nothing else."""
    body = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    if len(text) > 400 or not body[:1].isascii() or not (body[:1].isdigit() or body[:1] == "."):
        return None
    if not all(char in "0123456789.eE+-" for char in body):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if abs(number.adjusted()) < 400 else None


READ_AS = {
    "any": lambda value: value,
    "str": as_text,
    "num": as_number,
    "int": as_int,
    "bool": as_bool,
    "list": as_list,
    "map": as_map,
    "date": as_date,
    "dur": as_duration,
    "durtext": lambda value: read_duration(value) if isinstance(value, str) else None,
}
