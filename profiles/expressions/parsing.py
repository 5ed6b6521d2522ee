"""Text to syntax tree, cached by the text: a rule is parsed once, never per profile."""

from functools import lru_cache

from profiles.expressions import ast
from profiles.expressions.grammar import parse_raw
from profiles.expressions.names import resolve


@lru_cache(maxsize=2048)
def parse(text: str) -> ast.Node:
    """The syntax tree of a text; ExprError with position and hint otherwise. The tree is shared: do not
    change it.
    """
    tree = resolve(parse_raw(text), text)
    ast.refuse_oversize(tree, text)
    return tree
