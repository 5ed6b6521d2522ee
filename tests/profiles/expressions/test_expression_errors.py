"""Every kind of refusal: where it points, what it says and what it advises; and that bad text never crashes."""

# ruff: noqa: E501 - a row per case reads best on one line

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.expressions import ExprError, check, from_json, from_pql_json, parse, print_text, to_json

SCHEMA = {
    "profile": {
        "person.name.firstName": "str",
        "person.birthDate": "date",
        "loyalty.points": "int",
        "orders": "list:obj",
        "orders.price": "dec",
        "identityMap": "map",
    },
    "xEvent": {"eventType": "str", "timestamp": "dt", "commerce.order.priceTotal": "dec"},
}


def refusal(text: str, **options) -> ExprError:
    with pytest.raises(ExprError) as found:
        check(text, **options)
    return found.value


@pytest.mark.parametrize(
    ("text", "kind", "place", "message", "hint"),
    [
        ("a && b", "syntax", (1, 3), 'Use "and" instead of "&&".', ""),
        ("a || b", "syntax", (1, 3), 'Use "or" instead of "||".', ""),
        ("“x” = 1", "syntax", (1, 1), "Typographic quote “ found.", "Use \" or '."),
        ("if (a) then 1 else 2", "syntax", (1, 13), '"then" needs parentheses around its value: if (...) then (...) else (...)', ""),
        ("a = b = c", "syntax", (1, 7), 'A second comparison cannot follow here: "=".', "Join two comparisons with and."),
        ("a <> b", "syntax", (1, 4), '"<>" is no comparison.', 'Use "!=" for "is not equal".'),
        ("a\n  and", "syntax", (2, 6), 'The expression ends too early: a value is missing after "and".', ""),
        ("", "syntax", (1, 1), "The expression is empty.", ""),
        ("(1 + 2", "syntax", (1, 1), 'The bracket opened here is never closed: ")" is missing.', ""),
        ("1 + 2)", "syntax", (1, 6), 'This ")" closes nothing.', ""),
        ("[1, 2)", "syntax", (1, 6), 'Expected "]" for the bracket opened at 1:1, found ")".', ""),
        ('"abc', "syntax", (1, 1), 'The text that begins here is never closed with ".', ""),
        ("a\u200b = 1", "syntax", (1, 2), "There is a hidden character U+200B here.", "Delete it."),
        ('"a\0b"', "syntax", (1, 3), "There is a character U+0000 here that cannot be stored.", "Delete it."),
        ('"\\ud800"', "syntax", (1, 1), "A \\u escape stands for half a character.", "Write both halves."),
        ("rain.3h > 0", "syntax", (1, 6), "A name cannot begin with a digit.", "Put the name in quotes: rain.'3h'"),
        ("9223372036854775808", "syntax", (1, 1), "A whole number may have 64 bits at most.", ""),
        ("profile.a 5", "syntax", (1, 11), 'Between "a" and "5" an operator is missing.', "For example: and, or, =, +"),
        ('profile.startwith("a")', "unknown_function", (1, 9), 'There is no function "startwith".', "Did you mean startWith?"),
        ("frobnicate(1)", "unknown_function", (1, 1), 'There is no function "frobnicate".', ""),
        ('substr("a")', "arity", (1, 1), "substr takes 2 or 3 arguments. There are 1 here.", "Write it as substr(text, int, int?)"),
        ('toString(profile.age) > 3', "type", (1, 23), '">" cannot compare a text with a number.', "toInteger(profile.age.toString()) > 3"),
        ('profile.ok and "a"', "type", (1, 16), "A condition is needed here, this is a text.", 'Compare it: "a" = ...'),
        ('[1, "a"]', "type", (1, 5), "The values of a list have one type: a number and a text do not go together.", ""),
        ("a[0]", "type", (1, 1), "Square brackets after a list hold a condition, not a number.", "For the item at a place: .at(0)"),
        (
            'xEvent.eventType = "x"', "type", (1, 1), "xEvent.eventType is a list.",
            'xEvent[eventType = "x"] or exists E from xEvent where E.eventType = "x"',
        ),
        ("date(2026,1,1) + toDuration(\"PT1H\")", "type", (1, 16), '"+" cannot join a date and a duration.', ""),
        ("filter(profile.orders, price > 10)", "type", (1, 24), "filter takes a condition on the items as a method.", "Write it as list.filter(profile.price > 10)"),
        ("toDateTime(profile.zone, today)", "literal_required", (1, 12), "The time zone must be written as a text, it cannot come from a field.", ""),
        ("inAudience(profile.name)", "literal_required", (1, 12), "This name must be written as a text, it cannot come from a field.", ""),
        ('now("Mars/Base")', "bad_literal", (1, 5), 'There is no time zone "Mars/Base". Write it as "Europe/Paris".', ""),
        ('nowWithDelta(1, "moons")', "bad_literal", (1, 17), 'There is no part "moons". Use years, months, weeks, days, hours, minutes or seconds.', ""),
        ("date(2026, 2, 30)", "bad_literal", (1, 6), "This is not a date.", 'Write it as date("2030-02-19") or date(2030, 2, 19).'),
        ('matches("a", "(?=a)")', "bad_literal", (1, 14), "This pattern uses look-around, which is not supported.", ""),
        ('matches("a", "(a)\\1")', "bad_literal", (1, 14), "This pattern uses a back reference, which is not supported.", ""),
        ('matches("a", "a++")', "bad_literal", (1, 14), "This pattern uses a possessive repeat, which is not supported.", ""),
        ("currentEventField.qty > 2", "unavailable", (1, 1), "There is no item here: this name belongs in a condition on a list.", "For example: profile.orders.all(currentDataPackField.price > 10)"),
        ("orders[^^a = 1]", "unavailable", (1, 8), '"^^" leaves more conditions than there are here: 1.', ""),
        ("$2.a = 1", "unavailable", (1, 1), "There is no parameter $2: $1 is the profile.", ""),
        ('modelInstances("https://ns.adobe.com/xdm/context/profile")', "unavailable", (1, 1), "Only experience events can be listed by the name of their class.", ""),
    ],
)  # fmt: skip
def test_refusal_says_where_what_and_what_to_do(text, kind, place, message, hint):
    found = refusal(text)

    assert (found.kind, (found.line, found.column), found.message, found.hint) == (kind, place, message, hint)


def test_unknown_field_names_the_nearest_one():
    found = refusal('profile.person.name.fristName = "Ina"', schema=SCHEMA)

    assert (found.kind, found.start, found.hint) == (
        "unknown_field",
        0,
        "Did you mean person.name.firstName?",
    )


def test_unknown_field_of_an_item():
    found = refusal("orders[prize > 4]", schema=SCHEMA)

    assert (found.kind, found.start, found.hint) == ("unknown_field", 7, "Did you mean orders.price?")


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("person.birthDate", "date"),
        ("orders.price", "list:dec"),
        ("orders[price > 4].price", "list:dec"),
        ("orders.first().price", "dec"),
        ("identityMap.ECID", "any"),
        ("person.name", "obj"),
        ("loyalty.points + 1", "int"),
        ("xEvent.eventType", "list:str"),
        ("sum(orders.price)", "dec"),
    ],
)
def test_a_schema_gives_types(text, type_):
    assert check(text, schema=SCHEMA).type == type_


def test_a_list_of_the_schema_is_never_a_single_value():
    found = refusal("orders.price = 4", schema=SCHEMA)

    assert (found.kind, found.message, found.hint) == (
        "type", "profile.orders.price is a list.", "profile.orders.price.includes(4)",
    )  # fmt: skip


def test_a_bare_field_of_the_item_in_a_quantifier_is_taken_with_a_warning():
    checked = check('exists E from xEvent where eventType = "x"', schema=SCHEMA)

    assert print_text(checked.ast) == 'xEvent.exists((E) => E.eventType = "x")'
    assert [problem.message for problem in checked.problems] == [
        'The profile has no field "eventType"; E.eventType is used.'
    ]


def test_all_type_errors_come_together_in_the_order_of_the_text():
    found = refusal('"a" > 3 and foo(1) and substr("a")')

    assert [error.kind for error in found.errors] == ["type", "unknown_function", "arity"]
    assert [error.start for error in found.errors] == [4, 12, 23]


@pytest.mark.parametrize(
    ("text", "roots", "allowed"),
    [
        ("xEvent.count() > 0", frozenset(), False),
        ("xEvent.count() > 0", frozenset(["xEvent"]), True),
        ("offer.rank = 1", frozenset(["xEvent"]), False),
        ('inAudience("vip") and a = 1', frozenset(), True),
        ("@event{E.a} = 1", frozenset(["trigger"]), False),
        ("event.a = 1", frozenset(["trigger"]), True),
    ],
)
def test_roots_of_the_place_of_use(text, roots, allowed):
    if allowed:
        assert check(text, roots=roots).type == "bool"
    else:
        assert refusal(text, roots=roots).kind == "unavailable"


@pytest.mark.parametrize(
    ("text", "want", "fits"),
    [
        ("profile.orders", "bool", True), ("1 + 1", "bool", False), ('"a"', "bool", False),
        ('toDateTimeOnly("2026-01-01")', "dto", True), ("now()", "dto", False), ('"2026-01-01"', "dto", False),
        ("profile.when", "dto", True), ("offer.rank * 2", "number", True), ('"a"', "number", False), ('"a"', "str", True),
    ],
)  # fmt: skip
def test_wanted_type(text, want, fits):
    if fits:
        check(text, want)
    else:
        assert refusal(text, want=want).kind == "type"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 40_000,
        "é" * 20_000,
        "(" * 65 + "1" + ")" * 65,
        "[" * 65 + "]" * 65,
        "not " * 300 + "a",
        "-" * 300 + "a",
        " + ".join(["a"] * 300),
        "[" + ",".join(["1"] * 1001) + "]",
        " and ".join(f'inAudience("{n}")' for n in range(101)),
        "chain(xEvent, timestamp, [" + ", ".join(f"A{n}: WHAT(a = 1)" for n in range(11)) + "])",
        "exists A from a where exists B from b where exists C from c where exists D from d where exists E from e where E.x = 1",
    ],
    ids=lambda text: text[:20],
)
def test_limits(text):
    assert refusal(text).kind == "limit"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 64 + "a" + ")" * 64,
        " and ".join(["a = 1"] * 1500),
        "[" + ",".join(["1"] * 1000) + "]",
        "a" + ".b" * 5000,
        " or ".join(f"(a = {n} and b)" for n in range(800)),
    ],
    ids=lambda text: text[:20],
)
def test_within_the_limits(text):
    assert parse(print_text(parse(text))) == parse(text)


def test_a_hundred_kilobytes_are_refused_at_once():
    started = time.process_time()

    assert refusal("a = 1 and " * 10_000).kind == "limit"
    assert time.process_time() - started < 0.05


# Robustness

PIECES = [
    *"()[]{}.,:=<>!+-*/%^$@#&|;?\"'`\\ \n", "=>", "==", "!=", "<=", ">=", "@event{", "#{", "${", "@{", "and", "or", "not",
    "in", "notIn", "like", "is", "null", "has", "true", "occurs", "between", "if", "then", "else", "exists", "some",
    "forall", "all", "select", "from", "where", "over", "sum", "count", "let", "chain", "WHAT", "WHEN", "COUNT", "GAP",
    "last", "week", "before", "3", "days", "now", "today", "xEvent", "profile", "timestamp", "A", "E", "x.y", "4.5",
    '"t"', "substr", "defaultValue", "params", "numeric", "é", "\u200b", "“", "\0", "\ud800", "9" * 30, "currentEventField",
]  # fmt: skip
VALID = [
    'sum E.p over E from xs where (E.c = "x") > 100', "exists E from xEvent, I from E.items where (E.a = 1 and I.b > 2)",
    "chain(xEvent, timestamp, [A: WHAT(a = 1) WHEN(<= 3 days before now) COUNT(2), B: GAP(> 2 hours)])",
    "@event{E.lines.all(currentEventField.qty > 2).sku, defaultValue: [\"a\"]}", "let x = 1 + 2 in x in [3]",
    "if (a > 1) then (\"x\") else ('y') + 1", "xs[a[b = 1 or ^c = 2] and not d].map((n) => n * n).count() >= 2",
    "a occurs between date(2026, 1, 2) and today or b not in [1, 2]", "#{S.G.a, params: {id: @event{E.id}}} is not null",
]  # fmt: skip


def parses_or_refuses(text: str) -> None:
    """Parsing ends in time with a tree or an ExprError whose place lies in the text."""
    started = time.process_time()
    try:
        tree = check(text).ast
        assert parse(print_text(tree)) == tree
    except ExprError as found:
        assert 0 <= found.start <= found.end <= max(len(text), 1), found
        assert found.message and found.line >= 1 and found.column >= 1
    assert time.process_time() - started < 0.25 + 0.05 * len(text) / 1024


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
        st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    )
)
def test_random_text_is_parsed_or_refused(text):
    parses_or_refuses(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(VALID), st.randoms(use_true_random=False))
def test_damaged_text_is_parsed_or_refused(text, damage: random.Random):
    for _ in range(damage.randrange(1, 4)):
        place = damage.randrange(len(text) + 1)
        text = text[:place] + damage.choice(["", *PIECES]) + text[place + damage.randrange(3) :]

    parses_or_refuses(text)


junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["node", "fn", "args", "value", "type", "root", "path", "of", "names", "params", "body", "nodeType"]),
            st.one_of(inner, st.sampled_from(["Call", "Literal", "Field", "Lambda", "Path", "Chain", "eq", "and", "str", "fnApply"])),
            max_size=5,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(junk, st.sampled_from(VALID), st.randoms(use_true_random=False))
def test_junk_json_is_read_or_refused(data, text, damage: random.Random):
    tree = to_json(parse(text))
    damaged = tree
    while isinstance(damaged, dict) and damage.random() < 0.8:
        key = damage.choice(list(damaged))
        if isinstance(damaged[key], dict):
            damaged = damaged[key]
        else:
            damaged[key] = data
            break

    for read, value in ((from_json, data), (from_json, tree), (from_pql_json, data)):
        try:
            found = read(value)
        except ExprError:
            continue
        assert from_json(to_json(found)) == found
        check_quietly(found)


def check_quietly(tree) -> None:
    try:
        check(tree)
    except ExprError:
        pass


def test_deep_json_is_refused():
    data: dict = {"node": "Literal", "value": 1, "type": "int"}
    for _ in range(100_000):
        data = {"node": "Call", "fn": "neg", "args": [data]}

    for read in (from_json, from_pql_json):
        with pytest.raises(ExprError) as found:
            read(data)
        assert found.value.kind == "limit"
