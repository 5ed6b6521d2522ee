"""What an expression reads, found without running it."""

from profiles.expressions import ast


def fields_used(tree: ast.Node) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Root and path of every field read; `("audiences", (name,))` for memberships."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Field):
            found.add((node.root, node.path))
        elif isinstance(node, ast.Call) and node.fn == "inAudience" and isinstance(node.args[0], ast.Literal):
            found.add(("audiences", (node.args[0].value,)))
    return frozenset(found)
