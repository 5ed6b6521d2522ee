"""Set-based SQL: COPY, reads into plain rows, locks. The only place that knows the driver."""

import io
from collections.abc import Iterable, Sequence
from contextlib import contextmanager

from django.db import connection, transaction

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_field(value: object) -> str:
    """One value in the text form of COPY."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if value is True:
        return "t"
    if value is False:
        return "f"
    return str(value)


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """COPY rows into a table; the number written. JSON goes in as text."""
    lines = ["\t".join(map(copy_field, row)) for row in rows]
    if not lines:
        return 0
    return copy_text(table, columns, "\n".join(lines) + "\n", len(lines))


def copy_text(table: str, columns: Sequence[str], text: str, count: int) -> int:
    """COPY text that is already in COPY's form."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, io.StringIO(text))
    return count


def rows(statement: str, params: Sequence | dict | None = None) -> list[tuple]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def run(statement: str, params: Sequence | dict | None = None) -> int:
    """Run a statement; the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.rowcount


def try_lock(space: int, key: int) -> bool:
    """Take an advisory lock until the end of the transaction, if nobody holds it."""
    return rows("SELECT pg_try_advisory_xact_lock(%s, %s)", [space, key])[0][0]


@contextmanager
def only_one(space: int, key: int):
    """A transaction that yields True to one holder at a time, False to the others."""
    with transaction.atomic():
        yield try_lock(space, key)
