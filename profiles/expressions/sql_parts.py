"""Pieces of SQL with their bound values, put together without ever writing a value into the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

PLACE = re.compile(r"\$(\d)")


class Fallback(Exception):
    """SQL cannot say this; the message is the reason shown to people."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A value to bind."""

    value: object


SANDBOX = Bind("the sandbox")
IDS = object()  # where a subquery may be limited to some profiles


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL: texts, bound values and the two markers, in the order they are printed.

    `bare` is the same condition without its guard against null: enough in a `where`, and able to use an
    index.
    """

    parts: tuple
    bare: "Sql | None" = field(default=None, compare=False)

    def render(self, sandbox_id: int, ids: Sequence[int] | None) -> tuple[str, list]:
        """The text with %s placeholders, and the values in their order."""
        text, params = [], []
        for part in self.parts:
            if part is IDS:
                if ids is not None:
                    text.append(" and e.profile_id = any(%s)")
                    params.append(list(ids))
            elif isinstance(part, Bind):
                text.append("%s")
                params.append(sandbox_id if part is SANDBOX else part.value)
            else:
                text.append(part.replace("%", "%%"))
        return "".join(text), params


def sql_of(template: str, *parts: Sql) -> Sql:
    """A template whose $1, $2 ... stand for pieces; a piece printed twice is bound twice."""
    result: list = []
    for index, text in enumerate(PLACE.split(template)):
        if index % 2:
            result.extend(parts[int(text) - 1].parts)
        elif text:
            result.append(text)
    return Sql(tuple(result))


def sure(template: str, *parts: Sql) -> Sql:
    """An atom that is false where it would be null."""
    bare = sql_of(template, *parts)
    return Sql(("coalesce(", *bare.parts, ", false)"), bare)


def bind(value: object, cast: str = "") -> Sql:
    """A bound value with its type."""
    return Sql((Bind(value), f"::{cast}")) if cast else Sql((Bind(value),))


def join(word: str, pieces: Sequence[Sql]) -> Sql:
    """Conditions joined by and/or, in parentheses."""
    parts: list = ["("]
    for index, piece in enumerate(pieces):
        parts.extend((f" {word} ",) if index else ())
        parts.extend(piece.parts)
    return Sql((*parts, ")"))


TRUE, FALSE = Sql(("true",)), Sql(("false",))
