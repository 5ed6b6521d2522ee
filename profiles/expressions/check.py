"""Checking before anything runs: functions, arguments, literals, types, fields, and what the place of use
offers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from profiles.expressions import ast, limits
from profiles.expressions.call_rules import check_call
from profiles.expressions.errors import ExprError, all_of
from profiles.expressions.parsing import parse
from profiles.expressions.printer import print_text
from profiles.expressions.static_types import (
    DATES,
    Schema,
    fits,
    item_type,
    of_node,
    param_words,
    place_of,
    public,
    unify,
    words,
)

ALWAYS = frozenset(("profile", "audiences"))
WANTED = {"number": "num", "num": "num", "int": "num", "dec": "num", "bool": "cond", "condition": "cond"}


@dataclass(slots=True)
class Checked:
    """A tree whose every node has its type, the type of the whole, and warnings that do not forbid it."""

    ast: ast.Node
    type: str
    problems: list[ExprError] = field(default_factory=list)
    text: str = ""
    want: str | None = None


def check(
    source: str | ast.Node,
    want: str | None = None,
    schema: Schema | Mapping | None = None,
    roots: frozenset[str] | None = None,
) -> Checked:
    """The checked tree of a text or tree; ExprError (with all errors in `.errors`) if something is wrong.

    `want` is the type the place of use asks for: bool, dto, number, str, ... `schema` gives known field types
    per root, see `Schema`. `roots` are the roots that exist at the place of use besides profile and
    audiences: xEvent, event, trigger, source, action, decision, datasetLookup, properties, offer, context;
    None allows all.
    """
    text = source if isinstance(source, str) else ""
    tree = parse(source) if isinstance(source, str) else source
    ast.refuse_oversize(tree, text)
    known = schema if schema is None or isinstance(schema, Schema) else Schema(schema)
    checker = Checker(text, known, None if roots is None else roots | ALWAYS)
    result = checker.visit(tree, ())
    checker.refuse_large(result)
    checker.refuse_unwanted(result, want)
    if checker.errors:
        raise all_of(checker.errors)
    return Checked(result, public(of_node(result)), checker.warnings, text, want)


# A scope is a tuple of (kind, name, type): ("var", name, type) or ("item", "", type).
Scope = tuple[tuple[str, str, str], ...]


class Checker:
    """One pass that gives every node its type and collects what is wrong."""

    def __init__(self, text: str, schema: Schema | None, roots: frozenset[str] | None):
        self.text = text
        self.schema = schema
        self.roots = roots
        self.errors: list[ExprError] = []
        self.warnings: list[ExprError] = []

    def error(self, kind: str, message: str, pos: ast.Pos, hint: str = "") -> None:
        self.errors.append(ExprError(kind, message, *pos, hint, self.text))

    def visit(self, node: ast.Node, scope: Scope) -> ast.Node:
        """A typed copy of the node."""
        return getattr(self, "visit_" + type(node).__name__.lower())(node, scope)

    def visit_literal(self, node: ast.Literal, scope: Scope) -> ast.Node:
        return node

    def visit_list(self, node: ast.List, scope: Scope) -> ast.Node:
        items, common = [], "null"
        for item in node.items:
            item = self.visit(item, scope)
            found = unify(common, of_node(item))
            if found is None:
                self.error(
                    "type",
                    f"The values of a list have one type: {words(common)} and {words(of_node(item))} do "
                    f"not go together.",
                    item.pos,
                )
                found = "any"
            common = found
            items.append(item)
        return replace(node, items=tuple(items), type=f"list:{'any' if common == 'null' else common}")

    def visit_field(self, node: ast.Field, scope: Scope) -> ast.Node:
        if self.roots is not None and node.root not in self.roots:
            self.error("unavailable", f"{ROOT_WORDS[node.root]} cannot be used in this place.", node.pos)
        params = tuple((name, self.visit(value, scope)) for name, value in node.params)
        found = self.field_type(node)
        if found is None:
            return self.unknown_field(replace(node, params=params), scope)
        return replace(node, params=params, type=found)

    def field_type(self, node: ast.Field) -> str | None:
        """The type of a path from a root; None for a field the schema does not have."""
        found = "any" if node.path else f"obj:{node.root}/"
        if self.schema is not None and self.schema.knows(node.root) and node.path:
            found = self.schema.type_of(node.root, node.path)
        if node.root == "xEvent" and found is not None:
            return found if found.startswith("list:") else f"list:{found}"
        return found

    def unknown_field(self, node: ast.Field, scope: Scope) -> ast.Node:
        """A field the schema lacks; in a quantifier it may be one of the item, which is accepted with a
        warning.
        """
        if node.root == "profile":
            for kind, name, type_ in reversed(scope):
                place = place_of(type_)
                if kind == "var" and place and self.schema.knows(place[0]):
                    found = self.schema.type_of(place[0], place[1] + node.path, len(place[1]))
                    if found is not None:
                        written = ".".join(node.path)
                        message = f'The profile has no field "{written}"; {name}.{written} is used.'
                        self.warnings.append(ExprError("unknown_field", message, *node.pos, "", self.text))
                        return ast.Path(ast.Var(name, 0, node.pos, type_), node.path, node.pos, found)
        self.refuse_field(node.root, node.path, node.pos)
        return replace(node, type="any")

    def refuse_field(self, root: str, path: tuple[str, ...], pos: ast.Pos) -> None:
        nearest = self.schema.nearest(root, path)
        hint = f"Did you mean {nearest}?" if nearest else ""
        self.error("unknown_field", f'There is no field "{".".join(path)}".', pos, hint)

    def visit_var(self, node: ast.Var, scope: Scope) -> ast.Node:
        if node.name:
            for kind, name, type_ in reversed(scope):
                if kind == "var" and name == node.name:
                    return replace(node, type=type_)
            self.error("unavailable", f'There is no variable "{node.name}" here.', node.pos)
            return replace(node, type="any")
        items = [type_ for kind, _, type_ in reversed(scope) if kind == "item"]
        if node.up >= len(items):
            self.error(
                "unavailable", "There is no item here: this belongs in a condition on a list.", node.pos
            )
            return replace(node, type="any")
        return replace(node, type=items[node.up])

    def visit_path(self, node: ast.Path, scope: Scope) -> ast.Node:
        of = self.visit(node.of, scope)
        return replace(node, of=of, type=self.after(of_node(of), node))

    def after(self, type_: str, node: ast.Path) -> str:
        """The type of a path on a value of a type."""
        if type_.startswith("list:"):
            inner = self.after(item_type(type_), node)
            return inner if inner.startswith("list:") else f"list:{inner}"
        place = place_of(type_)
        if place and self.schema is not None and self.schema.knows(place[0]):
            found = self.schema.type_of(place[0], place[1] + node.names, len(place[1]))
            if found is None:
                self.refuse_field(place[0], place[1] + node.names, node.pos)
            return found or "any"
        if public(type_) not in ("any", "obj", "map", "null", "list"):
            self.error("type", f'{words(type_).capitalize()} has no field "{node.names[0]}".', node.pos)
        return "any"

    def visit_call(self, node: ast.Call, scope: Scope) -> ast.Node:
        return check_call(self, node, scope)

    def visit_lambda(self, node: ast.Lambda, scope: Scope) -> ast.Node:
        self.error(
            "type", "A function with => can only be the body of a list function such as map.", node.pos
        )
        return self.lambda_over(node, scope, ("any",) * len(node.params))

    def lambda_over(self, node: ast.Lambda, scope: Scope, types: tuple[str, ...]) -> ast.Lambda:
        """A body whose parameters have these types."""
        if node.params == ("",):
            inner = (*scope, ("item", "", types[0]))
        else:
            inner = (*scope, *(("var", name, type_) for name, type_ in zip(node.params, types, strict=False)))
        return replace(node, body=self.visit(node.body, inner), type="lambda")

    def visit_let(self, node: ast.Let, scope: Scope) -> ast.Node:
        value = self.visit(node.value, scope)
        body = self.visit(node.body, (*scope, ("var", node.name, of_node(value))))
        return replace(node, value=value, body=body, type=of_node(body))

    def visit_occurs(self, node: ast.Occurs, scope: Scope) -> ast.Node:
        parts = {}
        for part in ("value", "a", "b"):
            old = getattr(node, part)
            if old is not None:
                parts[part] = new = self.visit(old, scope)
                if of_node(new) != "period" and not fits(of_node(new), "date"):
                    self.error("type", f'"occurs" works on times, this is {words(of_node(new))}.', new.pos)
                if part == "value" and of_node(new) == "period":
                    self.error("type", "A period stands after occurs, not before it.", new.pos)
        return replace(node, **parts)

    def visit_period(self, node: ast.Period, scope: Scope) -> ast.Node:
        return node

    def visit_chain(self, node: ast.Chain, scope: Scope) -> ast.Node:
        events = self.visit(node.events, scope)
        if not fits(of_node(events), "list"):
            self.error(
                "type", f"A chain needs a list of events, this is {words(of_node(events))}.", events.pos
            )
        item, steps, inner = item_type(of_node(events)), [], scope
        for step in node.steps:
            what = step.what and self.lambda_over(step.what, inner, (item,))
            if what:
                self.need_condition(what.body)
            steps.append(replace(step, what=what, when=step.when and self.visit(step.when, inner)))
            inner = (*inner, ("var", step.name, item))
        return replace(node, events=events, steps=tuple(steps))

    def need_condition(self, node: ast.Node) -> None:
        if not fits(of_node(node), "cond"):
            self.error(
                "type",
                f"A condition is needed here, this is {words(of_node(node))}.",
                node.pos,
                f"Compare it: {shown(node)} = ...",
            )

    def refuse_large(self, tree: ast.Node) -> None:
        names = {node.args[0].value for node in ast.walk(tree) if is_audience(node)}
        if len(names) > limits.AUDIENCES:
            self.error(
                "limit",
                f"A rule may ask for {limits.AUDIENCES} audiences, this one asks for {len(names)}.",
                (0, 0),
            )
        if quantifier_depth(tree) > limits.QUANTIFIER_DEPTH:
            self.error("limit", f"Quantifiers may be nested {limits.QUANTIFIER_DEPTH} deep.", tree.pos)

    def refuse_unwanted(self, tree: ast.Node, want: str | None) -> None:
        type_ = of_node(tree)
        if want in (None, "any"):
            if type_ == "period":
                self.error("type", "A period such as last week stands after occurs.", tree.pos)
        elif not fits(type_, WANTED.get(want, want)) or (want in DATES and type_ == "str"):
            self.error(
                "type",
                f"This place needs {param_words(WANTED.get(want, want))}, the expression gives "
                f"{words(type_)}.",
                tree.pos,
            )


ROOT_WORDS = {
    "profile": "The profile", "xEvent": "The experience events", "event": "The events of a journey",
    "trigger": "The event being judged", "source": "Data sources", "action": "Action responses",
    "decision": "Content decisions", "datasetLookup": "Dataset look-ups", "properties": "Journey properties",
    "offer": "The offer under ranking", "context": "The request context", "audiences": "Audiences",
}  # fmt: skip


def is_audience(node: ast.Node) -> bool:
    """Whether the node asks for an audience by name."""
    return (
        isinstance(node, ast.Call)
        and node.fn == "inAudience"
        and bool(node.args)
        and isinstance(node.args[0], ast.Literal)
    )


def quantifier_depth(tree: ast.Node) -> int:
    """How deep exists and forall are nested."""
    deepest, stack = 0, [(tree, 0)]
    while stack:
        node, level = stack.pop()
        if isinstance(node, ast.Call) and node.fn in ("exists", "forall") and len(node.args) == 2:
            level += 1
            deepest = max(deepest, level)
        stack.extend((child, level) for child in ast.children(node))
    return deepest


def shown(node: ast.Node) -> str:
    """A short text of a node for a hint."""
    text = print_text(node)
    return text if len(text) <= 60 else text[:57] + "..."
