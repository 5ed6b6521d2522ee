"""Both back ends agree: generated rules over odd profiles and events, in Python and in a real PostgreSQL."""

# ruff: noqa: E501 - a row per case reads best on one line

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.expressions import (
    ExprError,
    analyse,
    check,
    describe,
    from_json,
    next_change,
    parse,
    print_text,
    select_profile_ids,
    sql,
    to_json,
)
from profiles.expressions.compiled import wanted
from profiles.expressions.evaluate import compile

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
ZONE = "Europe/Paris"

NUMBERS = [0, 1, -1, 2, 2.0, 2.5, 0.1, 0.3, 7, -7.25, 1000000000000, 0.000001]
TEXTS = ["", "abc", "ABC", "2", "true", "straße", "STRASSE", "a%b", "b\nc", "ΑΣ", " pad\t", "12ab"]
DATES = [
    "2026-03-15", "2026-03-14T10:30:00Z", "2026-03-15T11:30:00+01:00", "2026-03-15T10:30:00", "2026-02-30",
    "2026-03-08", "1990-03-15", "2026-03-15T10:30:00.1234567Z", "2026-03-22T10:29:59.999Z", "2026-13-01", "now",
    "infinity", "2026-03-15 10:30", "2026-03-15T24:00:00Z", "0000-01-01", "2026-03-15T10:30:60Z", "20260315",
]  # fmt: skip
SCALARS = [None, True, False, *NUMBERS, *TEXTS, *DATES]
EVENT_TYPES = ["buy", "open", "view"]


def odd_value(draw: random.Random) -> object:
    kind = draw.random()
    if kind < 0.85:
        return draw.choice(SCALARS)
    return draw.choice(
        [[], [1, None, "abc"], ["abc", "2"], [1, 1, 2.0], [2, 1, 1], {}, {"k": 1}, {"x": "abc"}]
    )


def odd_object(draw: random.Random, names: list[str]) -> dict:
    return {name: odd_value(draw) for name in names if draw.random() < 0.75}


def odd_items(draw: random.Random) -> object:
    if draw.random() < 0.15:
        return odd_value(draw)
    # No lists inside: SQL reads a path as objects all the way, a list in between needs the schema.
    return [
        odd_object(draw, ["x", "y", "when"]) if draw.random() < 0.9 else draw.choice(SCALARS)
        for _ in range(draw.randrange(4))
    ]


def odd_profile(draw: random.Random) -> dict:
    profile = odd_object(draw, ["a", "b", "when"])
    if draw.random() < 0.8:
        profile["c"] = odd_object(draw, ["d", "e"])
    if draw.random() < 0.8:
        profile["items"] = odd_items(draw)
    if draw.random() < 0.8:
        profile["tags"] = draw.choice(
            [["abc", "2"], ["abc"], [], [1, 2.5, None], [None], "abc", {"abc": 1}, None, [1, 1]]
        )
    return profile


EDGES = [
    timedelta(0),
    timedelta(hours=1),
    timedelta(hours=24),
    timedelta(days=7),
    timedelta(days=14),
    timedelta(days=31),
]


def odd_event(draw: random.Random) -> dict:
    event = odd_object(draw, ["v", "w", "when"])
    shift = draw.choice(EDGES) + timedelta(seconds=draw.choice([-1, 0, 0, 1, 43200]))
    moment = NOW - shift if draw.random() < 0.85 else NOW + shift
    event["timestamp"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if draw.random() < 0.95:
        event["eventType"] = draw.choice(EVENT_TYPES)
    if draw.random() < 0.5:
        event["items"] = odd_items(draw)
    return event


def population(seed: int = 4711, size: int = 70) -> dict[int, dict]:
    draw = random.Random(seed)
    return {
        number: {
            "profile": odd_profile(draw),
            "xEvent": [odd_event(draw) for _ in range(draw.choice([0, 1, 2, 3, 5, 8]))],
            "audiences": {
                name: draw.choice(["realized", "existing", "exited"])
                for name in ("vip", "old")
                if draw.random() < 0.6
            },
            "timezone": ZONE,
        }
        for number in range(1, size + 1)
    }


# Rules as text


def quoted(text: str) -> str:
    return (
        '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    )


def written(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    return (
        {None: "null", True: "true", False: "false"}.get(value, str(value))
        if isinstance(value, bool | None)
        else format(value, "f")
        if isinstance(value, float)
        else str(value)
    )


number = st.sampled_from([written(n) for n in NUMBERS])
text = st.sampled_from([quoted(t) for t in TEXTS])
short_text = st.sampled_from([quoted(t) for t in ["", "a", "b", "C", "ss", "σ", "2"]])
date_text = st.sampled_from([quoted(t) for t in DATES])
scalar = st.one_of(number, text, date_text, st.sampled_from(["true", "false"]))
constant_time = st.sampled_from(
    ["now", "today", "yesterday", "now()", 'toDateTime("2026-03-14T10:30:00Z")', "date(2026, 3, 15)", 'date("2026-03-15T10:30")',
     'nowWithDelta(-7, "days")', 'toDateTime("2026-03-15T11:30:00+01:00")']
)  # fmt: skip
comparison = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
unit = st.sampled_from(["hours", "days", "weeks", "months"])
text_test = st.sampled_from(
    [
        "contains",
        "startsWith",
        "endsWith",
        "equals",
        "doesNotContain",
        "doesNotStartWith",
        "doesNotEndWith",
        "notEqualTo",
    ]
)
folded_test = st.sampled_from(
    ["containIgnoreCase", "startWithIgnoreCase", "endWithIgnoreCase", "equalIgnoreCase", "notEqualIgnoreCase"]
)
when = st.one_of(
    st.builds(
        "{} {} {} {} {}".format,
        comparison,
        st.sampled_from(["1", "7", "24"]),
        unit,
        st.sampled_from(["before", "after"]),
        constant_time,
    ),
    st.builds(
        "{} {}".format,
        st.sampled_from(["before", "after", "on"]),
        st.one_of(constant_time, st.sampled_from(["last week", "this month", "next day", "this hour"])),
    ),
    st.builds("between {} and {}".format, constant_time, constant_time),
)


@cache
def numeric(field: str) -> st.SearchStrategy[str]:
    return st.one_of(
        st.just(field),
        number,
        st.builds(
            "({} {} {})".format,
            st.sampled_from([field, "2"]),
            st.sampled_from(["-", "*", "/", "%"]),
            st.sampled_from([field, "0", "3", "0.7"]),
        ),
        st.just(f"round({field})"),
        st.just(f"length({field})"),
        st.just(f"-{field}"),
        st.just(f"({field} + 1)"),
        st.sampled_from([f"getMonth({field})", f"getYear({field})", f"getDayOfMonth({field})"]),
    )


@cache
def atom(field: str, other: str) -> st.SearchStrategy[str]:
    """A condition on a field, perhaps with a second one."""
    pattern = st.sampled_from(
        [
            r"^a",
            r"[A-C]+",
            r"\d",
            r"\w+$",
            r"(?i)ABC",
            r"^.$",
            r"a|S",
            r"\s",
            r"b.c",
            r"^[^a]+$",
            r"[0-9]{1,2}$",
        ]
    )
    return st.one_of(
        st.builds("{} {} {}".format, st.just(field), comparison, scalar),
        st.builds("{} {} {}".format, numeric(field), comparison, number),
        st.builds("{} {} {}".format, numeric(field), st.sampled_from(["<", ">=", "="]), numeric(field)),
        st.builds("{} {} {}".format, st.just(field), comparison, constant_time),
        st.builds("{} {} {}".format, st.just(field), comparison, st.just(other)),
        st.builds("{} {} [{}]".format, st.just(field), st.sampled_from(["in", "notIn"]), st.lists(text, max_size=3).map(", ".join)),
        st.builds("{} {} [{}]".format, st.just(field), st.sampled_from(["in", "notIn"]), st.lists(number, max_size=3).map(", ".join)),
        st.builds("{} {} {}".format, scalar, st.sampled_from(["in", "notIn"]), st.just(field)),
        st.just(f"{field} in {other}"),
        st.builds("{}.includes({})".format, st.just(field), scalar),
        st.builds("{}.{}({})".format, st.just(field), text_test, short_text),
        st.builds("{}.{}({}, false)".format, st.just(field), text_test, short_text),
        st.builds("{}.{}({})".format, st.just(field), folded_test, short_text),
        st.builds("{}.{}({})".format, st.just(field), st.sampled_from(["matches", "matchRegExp"]), pattern.map(quoted)),
        st.builds("{} {} {}".format, st.just(field), st.sampled_from(["like", "not like"]), st.sampled_from(['"a%"', '"%\\\\%%"', '"_"', '"%b_c"', '"ABC"'])),
        st.builds("{} {} {}".format, st.just(field), st.sampled_from(["occurs", "not occurs"]), when),
        st.builds("in{}({}, {})".format, st.sampled_from(["LastHours", "LastDays", "LastMonths", "LastYears", "NextHours", "NextDays", "NextMonths"]), st.just(field), st.sampled_from(["1", "7", "24", "0"])),
        st.sampled_from([
            f"{field} is null", f"{field} is not null", f"{field} is numeric", f"{field} is integer", f"{field} is decimal",
            f"{field} has null", f"{field}.isEmpty()", f"{field}.isNotEmpty()", field, f"lower({field}) = \"abc\"",
            f"upper({field}) = \"STRASSE\"", f"trim({field}) = \"pad\"", f"ifNull({field}, 5) > 3", f"ifNull({field}, {other}) = 1",
            f"{field} = null", f"if ({field} > 1) then ({other} = 2) else ({field} is null)",
            f"(if ({field} is numeric) then ({field}) else ({other})) = 2", f'{field}.get("k") = 1', f"{field}.at(0) = 1",
            f"{field}.intersects([1, \"abc\"])", f"{field}.subsetOf([1, 2, 2.5, \"abc\"])", f"{field}.supersetOf([1])",
            f"{field} = [1, 1, 2]", f"{field} != [\"2\", \"abc\"]", f"{field}.subsetOf({other})", f"{field}.count() >= 2",
            f"sum({field}) > 1", f"avg({field}) = 1.5", f"max({field}) >= 2", f"{field}.exists()", f"count({field}) < 1",
        ]),
    )  # fmt: skip


PROFILE_FIELDS = [
    "profile.a",
    "profile.b",
    "profile.c.d",
    "profile.c.e",
    "profile.when",
    "profile.tags",
    "profile.items",
]
profile_atom = st.sampled_from([(a, b) for a in PROFILE_FIELDS for b in PROFILE_FIELDS]).flatmap(
    lambda pair: atom(*pair)
)


def combined(atoms: st.SearchStrategy[str], depth: int = 2) -> st.SearchStrategy[str]:
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not ({})".format, inner),
        ),
        max_leaves=depth,
    )


def item_condition(prefix: str, fields: list[str], also: list[str]) -> st.SearchStrategy[str]:
    own = [prefix + field for field in fields]
    return combined(
        st.sampled_from([(a, b) for a in own for b in [*own, *also]]).flatmap(lambda pair: atom(*pair))
    )


items_rule = st.one_of(
    st.builds(
        "{} I from profile.items where {}".format,
        st.sampled_from(["exists", "forall"]),
        item_condition("I.", ["x", "y", "when"], ["profile.a"]),
    ).map("({})".format),
    st.builds(
        "profile.items[{}].count() {} {}".format,
        item_condition("", ["x", "y"], ["^a"]),
        comparison,
        st.sampled_from(["0", "1", "2"]),
    ),
    st.builds(
        "profile.items[{}].{}({}) > 1".format,
        item_condition("", ["x", "y"], []),
        st.sampled_from(["sum", "min", "max", "avg"]),
        st.sampled_from(["x", "y", "x * 2"]),
    ),
)
event_test = st.one_of(
    st.builds("eventType = {}".format, st.sampled_from([quoted(t) for t in EVENT_TYPES])),
    st.builds("timestamp occurs {}".format, when),
    st.builds("inLastDays(timestamp, {})".format, st.sampled_from(["1", "7", "14"])),
    item_condition("", ["v", "w", "when"], []),
    st.just('eventType in ["buy", "view"]'),
    st.just("timestamp not occurs today"),
    st.just("items[x = 1 or ^v > 0]"),
    st.just("v = ^a"),
)
events = st.builds("xEvent[{}]".format, st.lists(event_test, min_size=1, max_size=3).map(" and ".join))
event_rule = st.one_of(
    st.builds("{}.count() {} {}".format, events, comparison, st.sampled_from(["0", "1", "2", "3"])),
    st.builds("{}.exists()".format, events),
    st.builds("not {}".format, events),
    st.builds("{}.{}({}) {} {}".format, events, st.sampled_from(["sum", "avg", "min", "max", "average"]), st.sampled_from(["v", "w", "v * 2"]), comparison, number),
    st.builds("(forall E from xEvent where {})".format, item_condition("E.", ["v", "w"], ["profile.a"])),
    st.builds('(exists E from xEvent, I from E.items where (E.eventType = "buy" and {}))'.format, item_condition("I.", ["x", "y"], ["E.v"])),
    st.builds("{} in {}.v".format, scalar, events),
    st.builds("{} notIn {}.v".format, scalar, events),
    st.builds('chain(xEvent, timestamp, [A: WHAT({}) WHEN({}) COUNT({})])'.format, event_test, when, st.sampled_from(["1", "2", "= 1", "< 2"])),
    st.just("count(xEvent) = 0"), st.just("xEvent"),
)  # fmt: skip
audience_rule = st.sampled_from(
    ['inAudience("vip")', 'inAudience("old") = false', 'inAudience("none")', 'inAudience("vip") != true']
)
let_rule = st.builds(
    '(let n = xEvent[eventType = "buy"].count() in (n {} {} and {}))'.format,
    comparison,
    st.sampled_from(["1", "2"]),
    profile_atom,
)
rule = combined(
    st.one_of(profile_atom, profile_atom, items_rule, event_rule, audience_rule, let_rule), depth=3
)

PEOPLE = population()
OUTCOMES: Counter = Counter()


@pytest.fixture(scope="module")
def stored(rules):
    rules.store(PEOPLE)
    return rules


@settings(
    max_examples=int(os.environ.get("EXPRESSION_EXAMPLES", "250")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(text=rule)
def test_python_and_sql_select_the_same_profiles(stored, text):
    try:
        tree = check(text, "bool").ast
    except ExprError as refused:
        assert refused.kind in ("type", "bad_literal", "limit"), refused
        OUTCOMES["refused"] += 1
        return
    written = parse(text)
    assert parse(print_text(written)) == written
    assert from_json(to_json(written)) == written
    assert describe(written) and analyse(tree).eligibility in ("edge", "streaming", "batch")
    compiled = sql(tree, NOW, timezone=ZONE)
    evaluate = wanted(compile(tree), "bool")
    expected = {number for number, snapshot in PEOPLE.items() if evaluate(snapshot, NOW)}
    statement, params = select_profile_ids(compiled, 1)

    found = stored.select(statement, params)

    if compiled.is_complete:
        OUTCOMES["complete"] += 1
        assert found == expected
    else:
        OUTCOMES["narrowed"] += 1
        finish = wanted(compile(compiled.rest), "bool")
        assert {number for number in found if finish(PEOPLE[number], NOW)} == expected


def test_limiting_to_some_profiles_gives_the_same_answers(stored):
    tree = check(
        'xEvent[eventType = "buy" and v > 0].count() >= 1 or not xEvent[timestamp occurs <= 7 days before now]'
    ).ast
    compiled = sql(tree, NOW, timezone=ZONE)
    evaluate = wanted(compile(tree), "bool")
    some = list(range(1, 30))

    found = stored.select(*select_profile_ids(compiled, 1, some))

    assert found == {number for number in some if evaluate(PEOPLE[number], NOW)}


def test_another_sandbox_is_not_seen(stored):
    compiled = sql(check("profile.a is null or profile.a is not null").ast, NOW)

    assert stored.select(*select_profile_ids(compiled, 1)) == set(PEOPLE)
    assert stored.select(*select_profile_ids(compiled, 2)) == set()


@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
@given(text=rule.filter(lambda text: "now" in text or "occurs" in text or "inLast" in text))
def test_nothing_changes_before_the_next_change(text):
    try:
        tree = check(text, "bool").ast
    except ExprError:
        return
    evaluate = wanted(compile(tree), "bool")

    for number in range(1, len(PEOPLE), 11):
        before = evaluate(PEOPLE[number], NOW)
        moment = next_change(tree, PEOPLE[number], NOW)
        end = moment or NOW + timedelta(days=4000)
        for share in (1e-5, 0.01, 0.3, 0.9, 0.9999):
            then = NOW + (end - NOW) * share
            if then >= end:
                continue
            # Equality with the running clock holds for an instant only, and is looked at every minute.
            assert evaluate(PEOPLE[number], then) is before or moment == NOW + timedelta(minutes=1)
