"""Personalization: the sandboxed Jinja2, and nowhere else.

A template may read data, branch, loop and filter. It may not define or call code, nor use more time or memory than
its limits: loops share a budget of steps, texts have a longest length, and what could multiply either is not there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from time import monotonic

from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError
from jinja2.visitor import NodeTransformer, NodeVisitor
from markupsafe import Markup

from profiles.expressions import template_filters

MAX_STEPS = 20_000  # loop steps in one rendering
MAX_TEXT = 1_000_000  # characters of any text and of the result
MAX_SECONDS = 1.0
MAX_SOURCE = 1_000_000

PLAIN_FILTERS = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "e",
    "escape",
    "first",
    "float",
    "forceescape",
    "int",
    "last",
    "length",
    "lower",
    "max",
    "min",
    "reverse",
    "round",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
]
FORBIDDEN_NODES: dict[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Block: "block",
}


class TemplateProblem(Exception):
    """A template that cannot be compiled or rendered: a sentence with its line and, where known, column."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.message, self.line, self.column = message, line, column
        place = f"line {line}, column {column}: " if line and column else f"line {line}: " if line else ""
        super().__init__(f"{place}{message}")


class _Budget:
    """What one rendering may use."""

    __slots__ = ("ends_at", "steps")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.ends_at = monotonic() + MAX_SECONDS

    def spend(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise SecurityError(f"The loops of this template run for more than {MAX_STEPS:,} steps.")
        if self.steps % 256 == 0 and monotonic() > self.ends_at:
            raise SecurityError(f"Rendering takes longer than {MAX_SECONDS:g} s.")


_budget: ContextVar[_Budget] = ContextVar("budget")


def _bounded(items: Iterable) -> Iterator:
    """Items of a loop, each paid from the budget."""
    budget = _budget.get()
    for item in items if not isinstance(items, Mapping) else list(items):
        budget.spend()
        yield item


def _short(text):
    if isinstance(text, str) and len(text) > MAX_TEXT:
        raise SecurityError(f"A text grows longer than {MAX_TEXT:,} characters.")
    return text


def _joined(*parts) -> str:
    return _short(
        Markup("").join(parts) if any(isinstance(p, Markup) for p in parts) else "".join(map(str, parts))
    )


def _join(items: Iterable, separator: str = "") -> str:
    return _short(str(separator).join(str(item) for item in _bounded(items or ())))


def _replace(text: object, old: str, new: str, count: int = -1) -> str:
    text, old, new = str(text), str(old), str(new)
    if old and len(text) // len(old) * max(len(new), 1) > MAX_TEXT:
        raise SecurityError(f"A text grows longer than {MAX_TEXT:,} characters.")
    return text.replace(old, new, count)


class _Environment(ImmutableSandboxedEnvironment):
    """Attributes of plain data only; no methods, no products of texts."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def call_binop(self, context: Context, operator: str, left, right):
        if operator == "**":
            raise SecurityError("Powers cannot be used in templates.")
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _short(left + right)
        if not all(isinstance(value, int | float) for value in (left, right)):
            raise SecurityError(f"“{operator}” works on numbers only.")
        if operator == "*" and max(abs(left), abs(right)) > 10**15:
            raise SecurityError("Numbers this large cannot be multiplied.")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj, attribute):
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value) -> None:
        """No str.format: its widths could ask for any amount of memory."""
        return

    def is_safe_attribute(self, obj, attr, value) -> bool:
        return type(obj).__name__ == "LoopContext" and super().is_safe_attribute(obj, attr, value)


class _Guard(NodeTransformer):
    """Puts loops and joined texts on the budget."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        node = self.generic_visit(node)
        if node.recursive:
            raise TemplateProblem("Recursive loops cannot be used in templates.", node.lineno)
        node.iter = nodes.Filter(node.iter, "__bounded", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        node = self.generic_visit(node)
        first, *rest = node.nodes
        return nodes.Filter(first, "__joined", rest, [], None, None, lineno=node.lineno)


class _Gate(NodeVisitor):
    """Refuses what templates may not hold."""

    def visit(self, node, *args, **kwargs):
        if name := FORBIDDEN_NODES.get(type(node)):
            raise TemplateProblem(f"“{name}” cannot be used in templates.", node.lineno)
        return super().visit(node, *args, **kwargs)

    generic_visit = NodeVisitor.generic_visit


def _environment(*, autoescape: bool) -> _Environment:
    environment = _Environment(autoescape=autoescape, undefined=ChainableUndefined, trim_blocks=False)
    known = environment.filters
    environment.filters = {name: known[name] for name in PLAIN_FILTERS}
    functions = template_filters()
    environment.filters |= {name: f for name, f in functions.items() if name not in environment.filters}
    environment.filters |= {"join": _join, "replace": _replace, "__bounded": _bounded, "__joined": _joined}
    environment.globals = dict(functions)
    return environment


_environments = {True: _environment(autoescape=True), False: _environment(autoescape=False)}


class Template:
    """A compiled template. `html`: values are escaped."""

    def __init__(self, source: str, *, html: bool) -> None:
        if len(source) > MAX_SOURCE:
            raise TemplateProblem(f"A template has at most {MAX_SOURCE:,} characters.")
        environment = _environments[html]
        try:
            tree = environment.parse(source)
            _Gate().visit(tree)
            tree = _Guard().visit(tree)
            code = environment.compile(tree, filename="<template>")
            self._template = environment.template_class.from_code(
                environment, code, dict(environment.globals)
            )
        except TemplateSyntaxError as error:
            raise TemplateProblem(
                error.message or "The template cannot be read.", error.lineno, column(source, error)
            ) from error
        except TemplateProblem as error:
            raise TemplateProblem(
                error.message, error.line, error.column or column_of_line(source, error.line)
            ) from None
        except (RecursionError, TemplateError) as error:
            raise TemplateProblem(f"The template cannot be read: {error}") from error
        self._source = source

    def render(self, data: dict) -> str:
        """The finished text; TemplateProblem instead of a half-filled one."""
        token = _budget.set(_Budget())
        try:
            size, parts = 0, []
            for part in self._template.generate(data):
                size += len(part)
                if size > MAX_TEXT:
                    raise SecurityError(f"The result is longer than {MAX_TEXT:,} characters.")
                parts.append(part)
            return "".join(parts)
        except Exception as error:  # whatever data does to a template: the message is parked with the place
            line = line_of(error)
            raise TemplateProblem(str(error), line, column_of_line(self._source, line)) from error
        finally:
            _budget.reset(token)


def line_of(error: BaseException) -> int | None:
    """The template's line in a traceback that Jinja has rewritten."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def column(source: str, error: TemplateSyntaxError) -> int | None:
    return column_of_line(source, error.lineno)


def column_of_line(source: str, line: int | None) -> int | None:
    """The column (from 1) of the first template mark in a line."""
    lines = source.splitlines()
    if not line or line > len(lines):
        return None
    mark = re.search(r"\{[{%#]", lines[line - 1])
    return mark.start() + 1 if mark else 1


@lru_cache(maxsize=2_000)
def compiled(source: str, html: bool) -> Template:
    """The template of a source, compiled once per process."""
    return Template(source, html=html)
