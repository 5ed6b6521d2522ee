"""Texts. Case is ignored by comparing both sides in lower case, with the full Unicode mapping."""

from profiles.expressions import values
from profiles.expressions.functions.rows import row
from profiles.expressions.limits import RESULT_CHARACTERS

ASCII_SPACE = " \t\n\r\f\v"


def folded(text: str, other: str, case_sensitive: bool) -> tuple[str, str]:
    return (text, other) if case_sensitive else (text.lower(), other.lower())


@row(
    "concat",
    "any, any | list",
    "str",
    help="Two texts joined, or all texts of a list.",
    example='concat("a", "b")',
)
def concat(*parts: object) -> str | None:
    texts = [values.to_text(part) for part in (parts if len(parts) == 2 else _texts(parts[0]))]
    if None in texts or sum(map(len, texts)) > RESULT_CHARACTERS:
        return None
    return "".join(texts)


def _texts(items: list) -> list:
    return [item for item in items if item is not None]


@row(
    "contain contains",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="strpos($1, $2) > 0",
    help="The first text holds the second.",
    example='contain("night train", "train")',
)
def contain(text: str, part: str, case_sensitive: bool = True) -> bool:
    text, part = folded(text, part, case_sensitive)
    return part in text


@row(
    "doesNotContain",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="strpos($1, $2) = 0",
    help="The first text does not hold the second.",
    example='doesNotContain("night", "x")',
)
def does_not_contain(text: str, part: str, case_sensitive: bool = True) -> bool:
    return not contain(text, part, case_sensitive)


@row(
    "startWith startsWith",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="starts_with($1, $2)",
    help="The first text begins with the second.",
    example='startWith("night train", "night")',
)
def start_with(text: str, part: str, case_sensitive: bool = True) -> bool:
    text, part = folded(text, part, case_sensitive)
    return text.startswith(part)


@row(
    "doesNotStartWith",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="not starts_with($1, $2)",
    help="The first text does not begin with the second.",
    example='doesNotStartWith("night", "x")',
)
def does_not_start_with(text: str, part: str, case_sensitive: bool = True) -> bool:
    return not start_with(text, part, case_sensitive)


@row(
    "endWith endsWith",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="right($1, length($2)) = $2",
    help="The first text ends with the second.",
    example='endWith("night train", "train")',
)
def end_with(text: str, part: str, case_sensitive: bool = True) -> bool:
    text, part = folded(text, part, case_sensitive)
    return text.endswith(part)


@row(
    "doesNotEndWith",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="right($1, length($2)) <> $2",
    help="The first text does not end with the second.",
    example='doesNotEndWith("night", "x")',
)
def does_not_end_with(text: str, part: str, case_sensitive: bool = True) -> bool:
    return not end_with(text, part, case_sensitive)


@row(
    "equals",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="$1 = $2",
    help="Both texts are equal.",
    example='equals("a", "A", false)',
)
def equals(text: str, other: str, case_sensitive: bool = True) -> bool:
    text, other = folded(text, other, case_sensitive)
    return text == other


@row(
    "notEqualTo",
    "str, str, bool?",
    "bool",
    nulls="predicate",
    sql="$1 <> $2",
    help="The texts differ.",
    example='notEqualTo("a", "b")',
)
def not_equal_to(text: str, other: str, case_sensitive: bool = True) -> bool:
    return not equals(text, other, case_sensitive)


@row(
    "containIgnoreCase",
    "str, str",
    "bool",
    nulls="predicate",
    sql="fold: strpos($1, $2) > 0",
    help="As contain, upper and lower case alike.",
    example='containIgnoreCase("night train", "TRAIN")',
)
def contain_ignore_case(text: str, part: str) -> bool:
    return contain(text, part, False)


@row(
    "startWithIgnoreCase",
    "str, str",
    "bool",
    nulls="predicate",
    sql="fold: starts_with($1, $2)",
    help="As startWith, upper and lower case alike.",
    example='startWithIgnoreCase("night", "NI")',
)
def start_with_ignore_case(text: str, part: str) -> bool:
    return start_with(text, part, False)


@row(
    "endWithIgnoreCase",
    "str, str",
    "bool",
    nulls="predicate",
    sql="fold: right($1, length($2)) = $2",
    help="As endWith, upper and lower case alike.",
    example='endWithIgnoreCase("train", "AIN")',
)
def end_with_ignore_case(text: str, part: str) -> bool:
    return end_with(text, part, False)


@row(
    "equalIgnoreCase",
    "str, str",
    "bool",
    nulls="predicate",
    sql="fold: $1 = $2",
    help="Both texts are equal, upper and lower case alike.",
    example='equalIgnoreCase("Lyon", "LYON")',
)
def equal_ignore_case(text: str, other: str) -> bool:
    return equals(text, other, False)


@row(
    "notEqualIgnoreCase",
    "str, str",
    "bool",
    nulls="predicate",
    sql="fold: $1 <> $2",
    help="The texts differ in more than upper and lower case.",
    example='notEqualIgnoreCase("iPad", "IPAD")',
)
def not_equal_ignore_case(text: str, other: str) -> bool:
    return not equals(text, other, False)


@row(
    "indexOf",
    "str, str",
    "int",
    help="Where the second text begins in the first, from 0; -1 if nowhere.",
    example='indexOf("ballad", "l")',
)
def index_of(text: str, part: str) -> int:
    return text.find(part)


@row(
    "lastIndexOf",
    "str, str",
    "int",
    help="Where the second text begins in the first for the last time; -1 if nowhere.",
    example='lastIndexOf("ballad", "l")',
)
def last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


@row(
    "isEmpty",
    "str",
    "bool",
    nulls="predicate",
    sql="$1 = ''",
    help="The text has no characters; false for null.",
    example='isEmpty("")',
)
def is_empty(text: str) -> bool:
    return text == ""


@row(
    "isNotEmpty",
    "str",
    "bool",
    nulls="predicate",
    sql="$1 <> ''",
    help="The text has characters; false for null.",
    example='isNotEmpty("x")',
)
def is_not_empty(text: str) -> bool:
    return text != ""


@row(
    "length",
    "str",
    "int",
    sql="length($1)",
    help="The number of characters.",
    example='length("night train")',
)
def length(text: str) -> int:
    return len(text)


@row(
    "lower",
    "str",
    "str",
    sql="lower($1 collate pg_catalog.pg_unicode_fast)",
    help="The text in lower case.",
    example='lower("MiX")',
)
def lower(text: str) -> str:
    return text.lower()


@row(
    "upper",
    "str",
    "str",
    sql="upper($1 collate pg_catalog.pg_unicode_fast)",
    help="The text in upper case.",
    example='upper("mix")',
)
def upper(text: str) -> str:
    return text.upper()


@row(
    "trim",
    "str",
    "str",
    sql="btrim($1, E' \\t\\n\\r\\f\\v')",
    help="The text without white space at both ends.",
    example='trim("  ok ")',
)
def trim(text: str) -> str:
    return text.strip(ASCII_SPACE)


@row(
    "like",
    "str, like",
    "bool",
    nulls="predicate",
    sql="like",
    help="The whole text fits: % any characters, _ one character.",
    example='like("Lyon", "L%n")',
)
def like(text: str, pattern) -> bool:
    return pattern.fullmatch(text) is not None


@row(
    "matches",
    "str, regex",
    "bool",
    nulls="predicate",
    sql="search",
    help="The pattern is found somewhere in the text.",
    example='matches("Ines", "(?i)^in")',
)
def matches(text: str, pattern) -> bool:
    return pattern.search(text) is not None


@row(
    "matchRegExp",
    "str, regex",
    "bool",
    nulls="predicate",
    sql="whole",
    help="The pattern fits the whole text.",
    example='matchRegExp("70815", "[0-9]+")',
)
def match_reg_exp(text: str, pattern) -> bool:
    return pattern.fullmatch(text) is not None


@row(
    "regexGroup",
    "str, regex, int",
    "str",
    help="What a group of the pattern found; null without a match.",
    example='regexGroup("a@b.c", "@(.+)", 1)',
)
def regex_group(text: str, pattern, number: int) -> str | None:
    found = pattern.search(text)
    return found.group(number) if found and 0 <= number <= pattern.groups else None


@row(
    "replace",
    "str, regex, str",
    "str",
    help="The text with the first match replaced; $1 is the first group.",
    example='replace("ballad", "l", "r")',
)
def replace(text: str, pattern, by: str) -> str | None:
    return replaced(text, pattern, by, once=True)


@row(
    "replaceAll",
    "str, regex, str",
    "str",
    help="The text with every match replaced; $1 is the first group.",
    example='replaceAll("ballad", "l", "r")',
)
def replace_all(text: str, pattern, by: str) -> str | None:
    return replaced(text, pattern, by, once=False)


def replaced(text: str, pattern, by: str, *, once: bool) -> str | None:
    """The text with matches replaced, None if it grows too long on the way."""
    parts, end, size = [], 0, 0
    for found in pattern.finditer(text):
        new = expanded(by, found, pattern.groups)
        parts += [text[end : found.start()], new]
        end, size = found.end(), size + len(new)
        if size > RESULT_CHARACTERS:
            return None
        if once:
            break
    return "".join(parts) + text[end:]


def expanded(by: str, found, groups: int) -> str:
    """The replacement with $n as group n where it exists."""
    if "$" not in by:
        return by
    parts = by.split("$")
    result = parts[0]
    for part in parts[1:]:
        digit = part[:1]
        if digit.isascii() and digit.isdigit() and int(digit) <= groups:
            result += (found.group(int(digit)) or "") + part[1:]
        else:
            result += "$" + part
        if len(result) > RESULT_CHARACTERS:
            return result
    return result


@row(
    "split",
    "str, regex",
    "list:str",
    help="The parts between matches; empty parts at the end are dropped.",
    example='split("11.3.8", "[.]")',
)
def split(text: str, pattern) -> list[str]:
    parts, start = [], 0
    for found in pattern.finditer(text):
        if found.end() == 0 or (found.end() == found.start() and found.start() >= len(text)):
            continue
        parts.append(text[start : found.start()])
        start = found.end()
    if not parts:
        return [text]
    parts.append(text[start:])
    while parts and not parts[-1]:
        parts.pop()
    return parts


@row(
    "substr",
    "str, int, int?",
    "str",
    help="The characters from a place up to before another, counted from 0.",
    example='substr("night", 1, 3)',
)
def substr(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else min(max(end, 0), len(text))
    return text[min(max(start, 0), len(text)) : end]
