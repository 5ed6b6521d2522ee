"""Regular expressions and LIKE patterns on RE2, which takes linear time whatever the pattern says."""

from functools import lru_cache

import re2

from profiles.expressions.limits import REGEX_LENGTH

OPTIONS = re2.Options()
OPTIONS.log_errors = False
OPTIONS.max_mem = 16 << 20

LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")


class BadPattern(ValueError):
    """A pattern outside the common subset; the message says why."""

    kind = "bad_literal"


class LongPattern(BadPattern):
    """A pattern with too many characters."""

    kind = "limit"


@lru_cache(maxsize=2048)
def compile_regex(pattern: str):
    """A compiled regular expression; BadPattern if it is outside the subset."""
    if len(pattern) > REGEX_LENGTH:
        raise LongPattern(f"A pattern may have {REGEX_LENGTH} characters.")
    refused = outside_subset(pattern)
    if refused:
        raise BadPattern(f"This pattern uses {refused}, which is not supported.")
    try:
        return re2.compile(pattern, OPTIONS)
    except re2.error as found:
        raise BadPattern(f"This is not a valid pattern: {_reason(found)}.") from None


def outside_subset(pattern: str) -> str:
    """What the pattern uses that Java has and RE2 or PostgreSQL has not; empty if nothing."""
    index, in_class, repeated = 0, False, False
    while index < len(pattern):
        char, ahead = pattern[index], pattern[index : index + 4]
        if char == "\\":
            if not in_class and (ahead[1:2] in set("123456789") or ahead[1:3] == "k<"):
                return "a back reference"
            index, repeated = index + 2, False
            continue
        if in_class:
            if ahead[:2] == "&&":
                return "an intersection of classes"
            in_class = char != "]"
        elif char == "[":
            in_class = True
            index += 1 if ahead[1:2] == "^" else 0
            index += 1 if pattern[index + 1 : index + 2] == "]" else 0
        elif char == "+" and repeated:
            return "a possessive repeat"
        elif ahead.startswith(LOOK_AROUND):
            return "look-around"
        elif ahead.startswith("(?>"):
            return "an atomic group"
        elif ahead.startswith(("(?<", "(?P<")):
            return "a named group"
        repeated = not in_class and char in "*+?}"
        index += 1
    return ""


def _reason(found: Exception) -> str:
    reason = found.args[0] if found.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def as_regex(value: object):
    """A compiled pattern, or None for what is no pattern."""
    try:
        return compile_regex(value) if isinstance(value, str) else None
    except (BadPattern, UnicodeEncodeError):
        return None


@lru_cache(maxsize=2048)
def compile_like(pattern: str):
    """A LIKE pattern: % any characters, _ one character, a backslash before either makes it plain."""
    if pattern.endswith("\\") and (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise BadPattern("A LIKE pattern cannot end with a backslash.")
    parts, escaped = [], False
    for char in pattern:
        if escaped or char not in "%_\\":
            parts.append(re2.escape(char))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            parts.append("(?s:.*)" if char == "%" else "(?s:.)")
    try:
        return re2.compile("".join(parts), OPTIONS)
    except re2.error:
        raise BadPattern("This LIKE pattern is too long.") from None


def as_like(value: object):
    """A compiled LIKE pattern, or None for what is no pattern."""
    try:
        return compile_like(value) if isinstance(value, str) else None
    except (BadPattern, UnicodeEncodeError):
        return None
