"""Operators, as rows of the same table. `and`, `or`, `if` and comparisons are compiled specially by
`evaluate`.
"""

from collections.abc import Mapping
from datetime import datetime

from profiles.expressions import values
from profiles.expressions.functions.rows import row


@row("and", "cond, cond", "bool", operator=True, nulls="own", help="Both are true.", example="true and false")
def both(left: object, right: object) -> bool:
    return values.truth(left) and values.truth(right)


@row(
    "or",
    "cond, cond",
    "bool",
    operator=True,
    nulls="own",
    help="At least one is true.",
    example="true or false",
)
def either(left: object, right: object) -> bool:
    return values.truth(left) or values.truth(right)


@row(
    "not",
    "cond",
    "bool",
    operator=True,
    nulls="own",
    help="True where the condition is not.",
    example="not (1 > 2)",
)
def opposite(value: object) -> bool:
    return not values.truth(value)


@row(
    "eq",
    "any, any",
    "bool",
    operator=True,
    nulls="predicate",
    help="Equal; false for null.",
    example='"a" = "a"',
)
def eq(left: object, right: object) -> bool:
    return values.equal(left, right)


@row(
    "ne",
    "any, any",
    "bool",
    operator=True,
    nulls="predicate",
    help="Not equal; false for null.",
    example="1 != 2",
)
def ne(left: object, right: object) -> bool:
    return values.different(left, right)


def order(env, left: object, right: object) -> tuple | None:
    """The two values as Python orders them; a watched run hears of moments."""
    pair = values.comparable(left, right, env.zone)
    if pair is not None and env.watch is not None and isinstance(pair[0], datetime):
        env.watch.append(("order", *pair))
    return pair


@row("lt", "any, any", "bool", operator=True, env=True, nulls="predicate", help="Less than.", example="1 < 2")
def lt(env, left: object, right: object) -> bool:
    pair = order(env, left, right)
    return pair is not None and pair[0] < pair[1]


@row("le", "any, any", "bool", operator=True, env=True, nulls="predicate", help="At most.", example="1 <= 2")
def le(env, left: object, right: object) -> bool:
    pair = order(env, left, right)
    return pair is not None and pair[0] <= pair[1]


@row("gt", "any, any", "bool", operator=True, env=True, nulls="predicate", help="More than.", example="2 > 1")
def gt(env, left: object, right: object) -> bool:
    pair = order(env, left, right)
    return pair is not None and pair[0] > pair[1]


@row("ge", "any, any", "bool", operator=True, env=True, nulls="predicate", help="At least.", example="2 >= 1")
def ge(env, left: object, right: object) -> bool:
    pair = order(env, left, right)
    return pair is not None and pair[0] >= pair[1]


@row("add", "any, any", "sum", operator=True, help="Texts joined, numbers or times added.", example="1 + 2")
def add(left: object, right: object) -> object:
    return values.add(left, right)


@row(
    "sub", "any, any", "sum", operator=True, help="Number minus number, time minus duration.", example="3 - 2"
)
def sub(left: object, right: object) -> object:
    return values.subtract(left, right)


@row("mul", "num, num", "number", operator=True, help="The product.", example="3 * 4")
def mul(left: object, right: object) -> object:
    return values.multiply(left, right)


@row("div", "num, num", "dec", operator=True, help="The quotient; 0 for a division by 0.", example="5 / 2")
def div(left: object, right: object) -> object:
    return values.divide(left, right)


@row(
    "mod",
    "num, num",
    "number",
    operator=True,
    help="The remainder, with the sign of the first.",
    example="11 % 4",
)
def mod(left: object, right: object) -> object:
    return values.remainder(left, right)


@row("neg", "any", "arg0", operator=True, help="The opposite number or duration.", example="-(3)")
def neg(value: object) -> object:
    return values.negative(value)


@row(
    "if", "cond, any, any", "branches", operator=True, nulls="own",
    help="The second value where the condition is true, else the third.",
    example="if (1 < 2) then (1) else (2)",
)  # fmt: skip
def choose(test: object, first: object, second: object) -> object:
    return first if values.truth(test) else second


@row("isNumeric", "any", "bool", operator=True, nulls="predicate", help="A number.", example="3.5 is numeric")
def is_numeric(value: object) -> bool:
    return values.as_number(value) is not None


@row(
    "isInteger",
    "any",
    "bool",
    operator=True,
    nulls="predicate",
    help="A whole number.",
    example="3 is integer",
)
def is_integer(value: object) -> bool:
    return type(values.as_number(value)) is int


@row(
    "isDecimal", "any", "bool", operator=True, nulls="predicate", help="A decimal.", example="3.5 is decimal"
)
def is_decimal(value: object) -> bool:
    return type(values.as_number(value)) is float


@row(
    "hasNull",
    "list",
    "bool",
    operator=True,
    nulls="predicate",
    help="A list with a null.",
    example="[1, null] has null",
)
def has_null(items: list) -> bool:
    return any(item is None for item in items)


@row(
    "notLike",
    "str, like",
    "bool",
    operator=True,
    nulls="predicate",
    help="A text unlike the pattern.",
    example='"ab" not like "b%"',
)
def not_like(text: str, pattern) -> bool:
    return pattern.fullmatch(text) is None


@row(
    "isNull",
    "any",
    "bool",
    nulls="own",
    help="There is no value.",
    example="profile.person.nickName.isNull()",
)
def is_null(value: object) -> bool:
    return value is None


@row(
    "isNotNull",
    "any",
    "bool",
    nulls="own",
    help="There is a value.",
    example="profile.homeAddress.isNotNull()",
)
def is_not_null(value: object) -> bool:
    return value is not None


@row(
    "ifNull",
    "any, any",
    "branches",
    nulls="own",
    help="The first, or if it is null the second.",
    example="ifNull(profile.loyalty.points, 0)",
)
def if_null(value: object, default: object) -> object:
    return default if value is None else value


@row(
    "in",
    "any, list",
    "bool",
    nulls="predicate",
    help="The value is one of the list.",
    example='in(profile.homeAddress.city, ["Paris", "Lyon"])',
)
def is_in(value: object, items: list) -> bool:
    return any(values.equal(value, item) for item in items)


@row(
    "notIn",
    "any, list",
    "bool",
    nulls="predicate",
    help="The value is none of the list; false for null.",
    example='notIn(profile.homeAddress.city, ["Paris"])',
)
def is_not_in(value: object, items: list) -> bool:
    if isinstance(value, list) and not any(isinstance(item, list) for item in items):
        return False
    return not is_in(value, items)


@row(
    "includes",
    "list, any",
    "bool",
    nulls="predicate",
    help="The list has the value.",
    example='profile.favoriteColors.includes("red")',
)
def includes(items: list, value: object) -> bool:
    return is_in(value, items)


def entries(value: Mapping) -> list[tuple]:
    """The entries of a map in the order of their keys, by code point."""
    return sorted(value.items(), key=lambda entry: entry[0])
