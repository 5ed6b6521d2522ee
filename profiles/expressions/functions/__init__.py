"""The function table: every module of this package adds the rows written in it.

A new function is one decorated Python function in the module of its group; nothing else has to be told.
"""

import difflib
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from profiles.expressions.functions.rows import Function, Param


def _collect() -> dict[str, Function]:
    table: dict[str, Function] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            for found in getattr(value, "expression_rows", ()):
                table[found.name] = found
    return table


TABLE: dict[str, Function] = _collect()
NAMES: dict[str, str] = {name: row.name for row in TABLE.values() for name in (row.name, *row.aliases)}
CALLABLE: tuple[str, ...] = tuple(sorted(name for name in NAMES if not TABLE[NAMES[name]].operator))
LOWER: dict[str, str] = {name.lower(): name for name in CALLABLE}


def canonical_name(name: str) -> str:
    """The name of the row for a name or alias; an unknown name as it is."""
    return NAMES.get(name, name)


def find(name: str) -> Function | None:
    """The row of a canonical name."""
    return TABLE.get(name)


def nearest(name: str) -> str:
    """The function somebody probably meant, or nothing."""
    if name.lower() in LOWER:
        return LOWER[name.lower()]
    close = difflib.get_close_matches(name, CALLABLE, n=1, cutoff=0.7)
    return close[0] if close else ""


def item_params(name: str, count: int) -> dict[int, Param]:
    """Which arguments of a call are bodies over items, for this number of arguments."""
    function = TABLE.get(name)
    if function is None:
        return {}
    for form in function.form_for(count):
        found = {index: param for index, param in enumerate(form[:count]) if param.item}
        if found:
            return found
    return {}


def catalogue() -> list[dict]:
    """The table for autocomplete and documentation."""
    return [
        {
            "name": row.name,
            "aliases": list(row.aliases),
            "signature": row.signature,
            "result": row.result,
            "group": row.group,
            "help": row.help,
            "example": row.example,
            "volatile": row.volatile,
        }
        for row in TABLE.values()
        if not row.operator
    ]


__all__ = [
    "CALLABLE",
    "NAMES",
    "TABLE",
    "Callable",
    "Function",
    "canonical_name",
    "catalogue",
    "find",
    "item_params",
    "nearest",
]
