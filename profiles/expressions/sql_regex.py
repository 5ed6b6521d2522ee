"""Regular expressions for PostgreSQL: what both engines read alike, with \\d \\w \\s . written as ASCII
classes.
"""

import re

from profiles.expressions.sql_parts import Fallback

CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\f\\r"}
BOUND = re.compile(r"\{(\d{1,3})(,(\d{1,3})?)?\}")
PLAIN_ESCAPES = frozenset("tnrf")


def to_postgres(pattern: str, *, whole: bool) -> str:
    """The pattern as PostgreSQL reads it; Fallback outside the common subset."""
    prefix = ""
    if pattern.startswith("(?i)"):
        if not pattern.isascii():
            raise Fallback("a pattern that ignores the case of letters beyond ASCII")
        prefix, pattern = "(?i)", pattern[4:]
    body = _translate(pattern)
    return f"{prefix}^(?:{body})$" if whole else f"{prefix}{body}" or "(?:)"


def _translate(pattern: str) -> str:
    result, index, in_class = [], 0, False
    while index < len(pattern):
        char, following = pattern[index], pattern[index + 1 : index + 2]
        if char == "\\":
            result.append(_escape(following, in_class))
            index += 2
            continue
        if in_class:
            if char == "[":
                raise Fallback("a pattern with a bracket inside a class")
            in_class = char != "]"
            result.append(char)
        elif char == "[":
            in_class = True
            start = 2 if following == "^" else 1
            if pattern[index + start : index + start + 1] == "]":
                raise Fallback("a pattern with a bracket inside a class")
            result.append(pattern[index : index + start])
            index += start - 1
        elif char == ".":
            result.append("[^\\n]")
        elif char == "{":
            found = BOUND.match(pattern, index)
            if not found or int(found[1]) > 255 or int(found[3] or 0) > 255:
                raise Fallback("a pattern with large or unusual repeats")
            result.append(found[0])
            index = _refuse_lazy(pattern, found.end()) - 1
        else:
            result.append(char)
            if char in "*+?":
                _refuse_lazy(pattern, index + 1)
            elif char == "(" and following == "?" and pattern[index + 1 : index + 3] != "?:":
                raise Fallback("a pattern with options inside")
        index += 1
    return "".join(result)


def _refuse_lazy(pattern: str, index: int) -> int:
    if pattern[index : index + 1] in ("?", "*", "+", "{"):
        raise Fallback("a pattern with lazy repeats")
    return index


def _escape(char: str, in_class: bool) -> str:
    name = char.lower()
    if name in CLASSES and char:
        if in_class:
            if char.isupper():
                raise Fallback("a pattern with a negated class inside a class")
            return CLASSES[name]
        return f"[{'^' if char.isupper() else ''}{CLASSES[name]}]"
    if char in PLAIN_ESCAPES or (char.isascii() and char and not char.isalnum()):
        return "\\" + char
    raise Fallback("a pattern with an escape that PostgreSQL reads in another way")
