"""Types known before anything runs: what fits where, what two branches have in common, what a schema says.

A type is str int dec bool date dto dt dur map obj null any period lambda entry, or list:<type>. An object of
a schema carries its place: obj:profile/homeAddress.
"""

import difflib
from collections.abc import Mapping

from profiles.expressions import ast

WORDS = {
    "str": "a text", "int": "a number", "dec": "a number", "bool": "true or false", "date": "a date",
    "dto": "a local time", "dt": "a moment", "dur": "a duration", "map": "a map", "obj": "an object",
    "list": "a list", "null": "null", "period": "a period", "lambda": "a function", "entry": "a map entry",
}  # fmt: skip
PARAM_WORDS = {
    "num": "a number", "int": "a whole number", "regex": "a pattern as text", "like": "a pattern as text",
    "zone": "a time zone as text", "part": "a part such as \"days\"", "cond": "a condition",
    "expr": "an expression over the items", "durtext": "a text",
}  # fmt: skip
DATES = frozenset(("date", "dto", "dt"))
NUMBERS = frozenset(("int", "dec"))
ACCEPTED = {
    "str": {"str"}, "num": {"int", "dec"}, "int": {"int"}, "bool": {"bool"}, "list": {"list"},
    "map": {"map", "obj"}, "date": {"date", "dto", "dt", "str"}, "dur": {"dur"}, "durtext": {"str"},
    "regex": {"str"}, "like": {"str"}, "zone": {"str"}, "part": {"str"},
    "cond": {"bool", "list", "obj", "map"},
}  # fmt: skip


def base(type_: str) -> str:
    """The type without what it holds or where it comes from."""
    return type_.partition(":")[0]


def public(type_: str) -> str:
    """The type without places in a schema."""
    if type_.startswith("list:"):
        return "list:" + public(type_[5:])
    return base(type_)


def words(type_: str) -> str:
    """A type as a person says it."""
    return WORDS.get(base(type_), "a value")


def param_words(param_type: str) -> str:
    """What a parameter asks for, as a person says it."""
    return PARAM_WORDS.get(param_type) or words(param_type)


def fits(type_: str, wanted: str) -> bool:
    """Whether a value of this type may stand where `wanted` is asked."""
    kind = base(type_)
    if kind in ("lambda", "period"):
        return False
    if kind in ("any", "null") or wanted in ("any", "expr"):
        return True
    return kind in ACCEPTED.get(wanted, {wanted})


def of_node(node: ast.Node) -> str:
    """The type of a checked node."""
    if isinstance(node, ast.Literal) and node.type == "timeword":
        return "dt" if node.value == "now" else "date"
    return node.type


def item_type(type_: str) -> str:
    """The type of the items of a list."""
    return type_[5:] if type_.startswith("list:") else "any"


def unify(left: str, right: str) -> str | None:
    """The common type of two values, None if they do not go together."""
    if left == right or right == "null":
        return left
    if left == "null":
        return right
    if "any" in (left, right):
        return "any"
    if left in NUMBERS and right in NUMBERS:
        return "dec"
    if left.startswith("list") and right.startswith("list"):
        common = unify(item_type(left), item_type(right))
        return None if common is None else f"list:{common}"
    if base(left) in ("obj", "map") and base(right) in ("obj", "map"):
        return "obj"
    return None


class Schema:
    """Known fields of each root: `{"profile": {"person.name.firstName": "str", "orders": "list:obj", ...}}`.

    A field that is an object need not be listed. The type `map` allows any key. Roots that are not listed are
    unknown: everything goes.
    """

    def __init__(self, fields: Mapping[str, Mapping[str, str]]):
        self.fields = fields
        self.parents = {
            root: {name[:index] for name in known for index, char in enumerate(name) if char == "."}
            for root, known in fields.items()
        }

    def knows(self, root: str) -> bool:
        return root in self.fields

    def type_of(self, root: str, names: tuple[str, ...], item_of: int = 0) -> str | None:
        """The type at a path, None for an unknown field. The first `item_of` names lead to an item, not its
        list.
        """
        known, parents = self.fields[root], self.parents[root]
        found, through_list, place = "obj", False, ""
        for index, name in enumerate(names):
            if base(found) in ("map", "any"):
                found = "any"
                break
            through_list = through_list or (found.startswith("list") and index > item_of)
            place = f"{place}.{name}" if place else name
            found = known.get(place) or ("obj" if place in parents else None)
            if found is None:
                return None
        return self.placed(found, root, place, through_list)

    def placed(self, found: str, root: str, place: str, through_list: bool) -> str:
        if found == "obj":
            found = f"obj:{root}/{place}"
        elif found in ("list", "list:obj"):
            found = f"list:obj:{root}/{place}"
        return f"list:{found}" if through_list and not found.startswith("list") else found

    def nearest(self, root: str, names: tuple[str, ...]) -> str:
        """The known field closest to an unknown one, or nothing."""
        wanted = ".".join(names)
        close = difflib.get_close_matches(wanted, list(self.fields[root]), n=1, cutoff=0.6)
        if close:
            return close[0]
        by_last = [name for name in self.fields[root] if name.rpartition(".")[2] == names[-1]]
        return by_last[0] if len(by_last) == 1 else ""


def place_of(type_: str) -> tuple[str, tuple[str, ...]] | None:
    """Root and path of an object that comes from a schema."""
    if not type_.startswith("obj:"):
        return None
    root, _, path = type_[4:].partition("/")
    return root, tuple(path.split(".")) if path else ()
