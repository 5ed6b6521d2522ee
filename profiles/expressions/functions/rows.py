"""What a row of the function table states, and the decorator that writes one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

# How missing arguments are taken: strict gives null, predicate gives false, aggregate reads a null list as
# empty, own leaves it to the function.
NULLS = frozenset(("strict", "predicate", "aggregate", "own"))
PARAM_TYPES = frozenset(
    [
        "any",
        "str",
        "int",
        "num",
        "bool",
        "list",
        "map",
        "date",
        "dur",
        "durtext",
        "regex",
        "like",
        "zone",
        "part",
        "cond",
        "expr",
    ]
)


class Env(Protocol):
    """What a function that asks for it learns about the evaluation."""

    now: datetime
    zone: tzinfo
    watch: list | None  # where comparisons with the clock are told, see `recheck`

    def audiences(self) -> dict: ...


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its type, whether it may be left out, must be literal, or is a body over items."""

    type: str
    optional: bool = False
    literal: bool = False
    item: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One row: everything the product knows about a function or operator."""

    name: str
    aliases: tuple[str, ...]
    forms: tuple[tuple[Param, ...], ...]
    result: str
    nulls: str
    python: Callable
    sql: object
    volatile: bool
    env: bool
    group: str
    help: str
    example: str
    operator: bool

    def form_for(self, count: int) -> tuple[tuple[Param, ...], ...]:
        """The forms that take this many arguments."""
        return tuple(
            form for form in self.forms if sum(not param.optional for param in form) <= count <= len(form)
        )

    @property
    def signature(self) -> str:
        """The forms as a person reads them."""
        return " or ".join(f"{self.name}({', '.join(map(_written, form))})" for form in self.forms)


def _written(param: Param) -> str:
    words = {
        "cond": "condition",
        "expr": "expression",
        "num": "number",
        "str": "text",
        "durtext": "text",
        "dur": "duration",
    }
    return words.get(param.type, param.type) + ("?" if param.optional else "")


def read_forms(text: str) -> tuple[tuple[Param, ...], ...]:
    """`"list, *cond? | list, str!, list"` as forms: ? optional, ! literal, * a body over items."""
    return tuple(
        tuple(_read_param(part.strip()) for part in form.split(",") if part.strip())
        for form in text.split("|")
    )


def _read_param(text: str) -> Param:
    name = text.strip("*?!")
    if name not in PARAM_TYPES:
        raise ValueError(f"unknown parameter type {text!r}")
    return Param(name, "?" in text, "!" in text, "*" in text)


def row(
    names: str,
    params: str,
    result: str,
    *,
    help: str,
    example: str,
    nulls: str = "strict",
    sql: object = None,
    volatile: bool = False,
    env: bool = False,
    operator: bool = False,
) -> Callable[[Callable], Callable]:
    """Make a row of the Python function below it. `names` is the name and its aliases, separated by spaces.

    `result` is a type, or argN (the type of an argument), itemN (of its items), bodyN (list of what the body
    gives), number (dec if an argument is). `sql` is a pattern for the SQL back end, None where Python must do
    it.
    """
    if nulls not in NULLS:
        raise ValueError(f"unknown rule for nulls {nulls!r}")

    def write(python: Callable) -> Callable:
        name, *aliases = names.split()
        group = python.__module__.rsplit(".", 1)[-1]
        written = Function(
            name=name,
            aliases=tuple(aliases),
            forms=read_forms(params),
            result=result,
            nulls=nulls,
            python=python,
            sql=sql,
            volatile=volatile,
            env=env,
            group=group,
            help=help,
            example=example,
            operator=operator,
        )
        python.expression_rows = (*getattr(python, "expression_rows", ()), written)
        return python

    return write
