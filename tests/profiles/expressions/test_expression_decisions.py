"""Decisions of the language where documents are silent or disagree, one row each."""

# ruff: noqa: E501 - a row per case reads best on one line

from datetime import UTC, datetime

import pytest

from profiles.expressions import (
    ExprError,
    check,
    compile_expression,
    compile_text,
    parse,
    print_text,
    to_json_value,
)
from profiles.expressions.functions import TABLE

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)  # a Sunday
SNAPSHOT = {
    "timezone": "Europe/Paris",
    "profile": {
        "five": 5, "text": "abc", "nothing": None, "yes": True, "day": "2026-03-14", "at": "2026-03-15T10:30:00Z",
        "local": "2026-03-15T11:30", "list": [1, 2, None], "empty": [], "object": {}, "matrix": [[1], [2]],
        "map": {"b": 1, "a": 2}, "exists": 7, "select": 8, "count": 9,
        "orders": [{"p": 1, "q": [1, 2]}, {"p": 3}, {"p": None}],
        "big": 9223372036854775807,
    },
    "trigger": {"x": 1},
    "xEvent": [
        {"timestamp": "2026-03-01T08:00:00Z", "eventType": "a", "v": 3},
        {"timestamp": "2026-03-15T08:00:00Z", "eventType": "a", "v": 1},
        {"timestamp": "2026-03-14T08:00:00Z", "eventType": "b", "v": 2, "items": [{"s": "x"}, {"s": "y"}]},
        {"timestamp": "2026-03-14T08:00:00Z", "eventType": "b", "v": 9},
    ],
    "audiences": {"vip": "existing", "gone": "exited", "in": "realized"},
}  # fmt: skip


def value(text: str, want: str | None = None, **more) -> object:
    return to_json_value(compile_expression(text, want)({**SNAPSHOT, **more}, NOW))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # null
        ("nothing = 1", False), ("nothing != 1", False), ("nothing notIn [1]", False), ("nothing not in [1]", False),
        ("not (nothing in [1])", True), ("nothing not like \"a\"", False), ("nothing.doesNotContain(\"a\")", False),
        ("nothing == null", True), ("nothing != null", False), ("five != null", True), ("null == null", True),
        ("nothing + 1", None), ('"a" + nothing', None), ("nothing.length()", None), ("not nothing", True),
        ("nothing not occurs today", False), ("text not occurs today", False),
        ("nothing.isEmpty()", False), ("nothing.isNotEmpty()", False), ("if (nothing) then (1) else (2)", 2),
        # empty and null lists
        ("count(nothing)", 0), ("sum(nothing)", 0), ("avg(nothing)", None), ("min(empty)", None), ("max(nothing)", None),
        ("exists E from nothing where E.x = 1", False), ("forall E from nothing where E.x = 1", True),
        ("intersect(nothing, [1])", []), ("subsetOf(empty, [1])", True), ("subsetOf(nothing, [1])", False),
        ("list.intersects([null, 3])", False), ("list.subsetOf([1, 2, null])", False), ("distinct(list)", [1, 2]),
        # truth
        ("not empty", True), ("not list", False), ("not object", False), ("not text", True), ("not five", True),
        # equality
        ('"5" = 5', False), ("five = 5.0", True), ("yes = 1", False), ("list = [2, null, 1]", True), ("list = [1, 2]", False),
        ("list = 1", False), ("list != 1", False), ("list notIn [1]", False), ("[1, 2] = [2, 1, 1]", False),
        ("at = toDateTime(\"2026-03-15T11:30:00+01:00\")", True), ("day = date(2026, 3, 14)", True),
        ("day = toDateTime(\"2026-03-14T00:00:00+01:00\")", False), ("toDateTime(at) = at", True),
        ("at < toDateTime(\"2026-03-15T10:30:01Z\")", True), ("day < now", True), ("local <= now", True), ("at < at", False),
        ("object = object", True), ("matrix = [[2], [1]]", True),
        # numbers
        ("0.1 + 0.2", 0.3), ("1.1 * 1.1", 1.21), ("1 / 3", 0.333333333333), ("2 / 3", 0.666666666667), ("-2 / 3", -0.666666666667),
        ("five / 0", 0), ("nothing / 0", None), ("five % 0", 0), ("-7 % 3", -1), ("7 % -3", 1), ("5.5 % 2", 1.5), ("3 * 4.0", 12.0),
        ("big + 1", None), ("0 - big - 2", None), ("sum([0.1, 0.2, null])", 0.3), ("avg([1, 2])", 1.5), ("avg([0.1, 0.2])", 0.15),
        ("round(2.5)", 3), ("round(-2.5)", -2), ("round(-2.6)", -3), ("- -five", 5), ("2 - -3", 5), ("+five", 5),
        ("1 + 2 + \"x\"", "3x"), ("\"x\" + 1 + 2", "x12"), ("\"x\" + true", "xtrue"), ("\"a\" + list", None),
        # time
        ("toDateTime(\"2026-07-01T10:00:00\")", "2026-07-01T10:00:00+02:00"), ("toDateTime(day)", "2026-03-14T00:00:00+01:00"),
        ("toDateOnly(toDateTime(\"2026-03-15T23:30:00-05:00\"))", "2026-03-15"), ("toDateOnly(\"2026-02-30\")", None),
        ("toDateTimeOnly(toDateTime(\"2026-03-15T23:30:00-05:00\"))", "2026-03-15T23:30:00"), ("toDateOnly(2026, 2, 30)", None),
        ("date(\"2026-03-15\")", "2026-03-15"), ("date(\"2026-03-15T08:00:00Z\")", "2026-03-15T08:00:00Z"), ("date(text)", None),
        ("toDuration(\"P1M\")", None), ("toDuration(\"P1Y\")", None), ("toDuration(\"P2H30M\")", "PT2H30M"), ("toDuration(\"-PT1H30M\")", "PT-1H-30M"),
        ("toString(toDuration(0))", "PT0S"), ("toDuration(\"PT1H\") < toDuration(\"PT2H\")", True),
        ("toDateTime(at) - toDuration(\"P1D\")", "2026-03-14T10:30:00Z"),
        ("setHours(toDateTimeOnly(local), 25)", None), ("setDays(now, 31)", "2026-03-31T10:30:00Z"), ("setDays(now, 32)", None),
        ("nowWithDelta(1, \"week\")", "2026-03-22T10:30:00Z"), ("nowWithDelta(-1, \"months\")", "2026-02-15T10:30:00Z"),
        ("nowWithDelta(14, \"days\", \"Europe/Paris\")", "2026-03-29T11:30:00+02:00"), ("now(\"Asia/Kolkata\")", "2026-03-15T16:00:00+05:30"),
        ("toDateTime(\"2026-03-31T12:00:00Z\") occurs <= 1 month after date(2026, 2, 28)", False), ("today", "2026-03-15"),
        ("getDayOfMonth(toDateTime(\"2026-03-14T23:30:00Z\"))", 15), ("getDayOfMonth(\"2026-03-14T23:30:00\")", 14),
        ("inLastDays(at, 0)", True), ("inNextDays(at, 0)", True), ("inLastHours(\"2026-03-15T09:30:00Z\", 1)", True),
        ("inLastMonths(\"2026-02-15T10:29:59Z\", 1)", False), ("inLastMonths(\"2026-02-15T10:30:00Z\", 1)", True),
        ("day occurs yesterday", True), ("day occurs on last week", True), ("at occurs this week", True), ("at occurs last week", False),
        ("day occurs before today", True), ("day occurs after yesterday", False), ("today occurs after yesterday", True),
        ("\"2026-03-15T07:59:59Z\" occurs = 3 hours before now", True), ("\"2026-03-15T08:00:00Z\" occurs = 3 hours before now", False), ("\"2026-03-15T07:00:00Z\" occurs = 3 hours before now", True),
        ("\"2026-03-15T06:59:59Z\" occurs != 3 hours before now", True), ("text occurs != 3 hours before now", False),
        ("at occurs < 1 day after now", True), ("at occurs < 0 days before now", False), ("at occurs <= 0 days before now", True),
        ("at occurs >= 0 days before now", True), ("at occurs > 0 days before now", False), ("at occurs between now and now", True),
        ("day occurs between day and day", True), ("at occurs <= 1 day from now", True),
        # lists
        ("orders.q", [1, 2, None, None]), ("matrix", [[1], [2]]), ("orders.p.count()", 2), ("countWithNull(orders.p)", 3),
        ("xEvent.v", [1, 2, 9, 3]), ("xEvent.first().v", 1), ("xEvent.last().v", 3), ("xEvent.at(1).v", 2), ("xEvent.items.s", [None, "x", "y", None, None]),
        ("orders.topN(p, 1).p", [3]), ("orders.bottomN(p, 5).p", [1, 3]), ("orders.sort(\"p\", false).p", [3, 1, None]), ("sort([2, null, 1])", [1, 2, None]),
        ("list.at(-1)", None), ("list.at(9)", None), ("limit([1, 2, 3], 2)", [1, 2]), ("limit([1, 2], 9, false)", [1, 2]),
        ("map.keys()", ["a", "b"]), ("map.values()", [2, 1]), ("map.map((K, V) => mapEntry(K, V + 1))", {"a": 3, "b": 2}),
        ("map.map((K, V) => K)", ["a", "b"]), ("orders.groupBy(p).keys()", ["1", "3"]), ("map.firstEntryKey()", "a"), ("map.get(\"z\")", None),
        ("five.filter(x > 1)", None), ("count(five)", 0), ("filter(orders, \"p\", [3]).p", [3]), ("orders.all().p", [1, 3, None]),
        ("concat([\"a\", null, \"b\"])", "ab"), ("concat(\"a\", nothing)", None), ("serializeList([1, null, 2], \"-\", false)", "1-2"),
        ("distinctCount(orders, \"p\")", 2), ("min([toDuration(\"PT2H\"), toDuration(\"PT1H\")])", "PT1H"), ("max(xEvent.timestamp)", "2026-03-15T08:00:00Z"),
        # texts
        ("substr(\"hello\", 3, 1)", ""), ("substr(\"hello\", -4, 99)", "hello"), ("split(\"a,b,,\", \",\")", ["a", "b"]), ("split(\",\", \",\")", []),
        ("split(\"abc\", \"\")", ["a", "b", "c"]), ("split(\"\", \",\")", [""]), ("upper(\"straße\")", "STRASSE"), ("\"\\d\" = \"\\\\d\"", True),
        ("replaceAll(\"a1b22\", \"([0-9]+)\", \"<$1$2>\")", "a<1$2>b<22$2>"), ("replace(\"aaa\", \"a\", \"$\")", "$aa"), ("\"a\\nb\" like \"a_b\"", True),
        ("\"50%\" like \"50\\%\"", True), ("\"50x\" like \"50\\%\"", False), ("matches(\"(a)\", \"[(]a\")", True), ("matchRegExp(\"xab\", \"ab\")", False),
        ("regexGroup(\"abc\", \"x\", 0)", None), ("trim(\"\u00a0 a\t\")", "\u00a0 a"), ("toBool(\"TRUE\")", False), ("toBool(0)", False), ("toInteger(\"4.7\")", 4),
        ("toInteger(true)", 1), ("toInteger(at)", None), ("toInteger(toDateTime(at))", 1773570600000), ("toString(2.0)", "2.0"), ("toString(0.0000001)", "0.0000001"),
        ("five is integer", True), ("5.0 is integer", False), ("5.0 is decimal", True), ("text is numeric", False), ("yes is numeric", False),
        # names and forms
        ("exists = 7", True), ("profile.select = 8", True), ("count = 9", True), ("$1.five", 5), ("(P) => P.five", 5), ("event.x", 1),
        ("orders[p = 1 and ^five = 5].p", [1]), ("xEvent[items[s = \"x\" and ^v = 2 and ^^five = 5]].count()", 1), ("profile.'five'", 5), ("`five`", 5),
        ("if (yes) then (1) else (2) + 10", 11), ("not 3 < 1", True), ("!five = 1", True), ("yes AND NOT nothing", True), ("five Is Not Null", True),
        ("let x = five in x in [5]", True), ("let x = 2 in let y = x * 3 in y + x", 8), ("sum E.v over E from xEvent where (E.eventType = \"a\") > 3", True),
        ("(count E over E from xEvent where E.eventType = \"a\") = 2", True), ("five /* c */ + 1 // end", 6), ("count(xEvent) + (max E.v over E from xEvent)", 13),
        ("yes and exists E from xEvent where E.v = 9 and E.eventType = \"b\"", True), ("in(5, [five])", True),
        ("exists E from xEvent where E.v = 2 , I from E.items where I.s = \"y\"", True), ("if(exists E from xEvent where E.v = 9, 1, 0)", 1),
        ("forall A from [1, 2], B from [3, 4] where A < B", True), ("(select E from xEvent, I from E.items where I.s = \"x\").v", [2]),
        # audiences
        ("inAudience(\"vip\")", True), ("inSegment(\"gone\")", False), ("inAudience(\"gone\") == false", True), ("inAudience(\"in\")", True),
    ],
)  # fmt: skip
def test_decision(text, expected):
    found = value(text)

    assert found == expected
    assert type(found) is type(expected) or isinstance(found, int | float)
    assert parse(print_text(parse(text))) == parse(text)


EVENTS = [
    {"timestamp": "2026-03-10T10:00:00Z", "t": "A", "p": 1},
    {"timestamp": "2026-03-10T12:00:00Z", "t": "A", "p": 2},
    {"timestamp": "2026-03-10T13:00:00Z", "t": "B", "p": 2},
    {"timestamp": "2026-03-10T13:00:00Z", "t": "C", "p": 2},
    {"timestamp": "2026-03-10T14:00:00Z", "t": "C", "p": 1},
]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ('A: WHAT(t = "A"), B: WHAT(t = "B"), C: WHAT(t = "C")', True),
        ('A: WHAT(t = "B"), B: WHAT(t = "A")', False),
        ('A: WHAT(t = "B"), B: WHAT(t = "C" and p = 2)', False),  # the same instant is not after
        ('A: WHAT(t = "A"), B: WHAT(t = "B") GAP(<= 1 hour)', True),  # the later A, not the first
        ('A: WHAT(t = "A"), B: WHAT(t = "B") GAP(< 1 hour)', False),
        ('A: WHAT(t = "A"), B: WHAT(t = "B") GAP(= 3 hours)', True),
        ('A: WHAT(t = "A"), B: WHAT(t = "B") GAP(> 3 hours)', False),
        ('A: WHAT(t = "A"), B: WHAT(t = "B") GAP(<= 1 hour), C: WHAT(t = "C") GAP(<= 1 hour)', True),
        ('A: WHAT(t = "A") COUNT(2), B: WHAT(t = "C")', True),
        ('A: WHAT(t = "A") COUNT(3)', False),
        ('A: WHAT(t = "A") COUNT(= 2)', True),
        ('A: WHAT(t = "A") COUNT(= 1)', False),
        ('A: WHAT(t = "B"), B: WHAT(t = "A") COUNT(= 0)', True),
        ('A: WHAT(t = "A"), B: WHAT(t = "A") COUNT(= 1)', True),
        ('A: WHAT(t = "C") COUNT(< 3)', True),
        ('A: WHAT(t = "A"), B: WHAT(t = "B" and p = A.p)', True),
        ('A: WHAT(t = "A"), B: WHAT(t = "C" and p != A.p) GAP(<= 1 hour)', False),
        ('A: WHAT(t = "A") WHERE(p = 2), B: WHAT(t = "C") WHEN(after A.timestamp)', True),
        ('A: WHAT(t = "A") WHEN(before date(2026, 3, 10))', False),
        ('A: WHAT(t = "A") WHEN(on date(2026, 3, 10))', True),
        ("A: , B: , C: , D:", True),
        ("A: , B: , C: , D: , E:", False),
    ],
)
def test_chain(steps, expected):
    text = f"chain(xEvent, timestamp, [{steps}])"

    assert value(text, xEvent=EVENTS) is expected
    assert parse(print_text(parse(text))) == parse(text)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_function_has_a_working_example_and_help(row):
    snapshot = {"profile": {}, "audiences": {}}

    compile_expression(row.example)(snapshot, NOW)

    assert row.help.endswith(".") and parse(print_text(parse(row.example))) == parse(row.example)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_no_function_raises_for_odd_arguments(row):
    odd = [
        "profile.n",
        "profile.t",
        "profile.i",
        "profile.d",
        "profile.l",
        "profile.o",
        "profile.b",
        "profile.w",
        "profile.z",
    ]
    snapshot = {
        "profile": {
            "t": "a\u00e9\ud800", "i": -(2**70), "d": float("nan"), "l": [1, "a", None, [2], {"x": 1}], "o": {"x": {}},
            "b": True, "w": "9999-12-31T23:59:59Z", "z": "0001-01-01T00:00:00+14:00",
        }
    }  # fmt: skip
    for form in row.forms:
        for first in odd:
            for second in odd:
                args = [first, second, *odd[3:]][: len(form)]
                for place, param in enumerate(form):
                    if param.literal:
                        args[place] = {"zone": '"UTC"', "part": '"days"'}.get(param.type, '"a"')
                    elif param.item:
                        args[place] = "(x) => x"
                try:
                    checked = check(f"{row.name}({', '.join(args)})") if not row.operator else None
                except ExprError:
                    continue
                if checked is not None:
                    compile_expression(checked.ast)(snapshot, NOW)


def test_lazy_parts_are_called_once_and_only_when_needed():
    calls = []

    def profile():
        calls.append("profile")
        return {"a": 1}

    def events():
        calls.append("events")
        return [{"timestamp": "2026-03-01T00:00:00Z"}]

    snapshot = {"profile": profile, "xEvent": events}

    assert compile_text("profile.a = 1 and profile.a < 2").run(snapshot, NOW) is True
    assert calls == ["profile"]
    assert (
        compile_text("profile.a = 1 and xEvent.count() = 1 and xEvent.count() < 2").run(snapshot, NOW) is True
    )
    assert calls == ["profile", "events"]


def test_a_part_that_cannot_be_loaded_is_no_null():
    def profile():
        raise KeyError("the database is away")

    with pytest.raises(KeyError, match="the database is away"):
        compile_text("not profile.a").run({"profile": profile}, NOW)


def test_the_budget_ends_in_null():
    snapshot = {"profile": {"l": list(range(2000))}}

    assert compile_expression("l.map((a) => l.filter((b) => b > a).count()).count()")(snapshot, NOW) is None
    assert compile_text("l.exists((a) => l.exists((b) => b < 0))").run(snapshot, NOW) is False
    assert (
        compile_expression("l.map((a) => l.count()).count()")({"profile": {"l": list(range(300))}}, NOW)
        == 300
    )


def test_texts_do_not_grow_without_bound():
    snapshot = {"profile": {"t": "a" * 600_000}}

    assert compile_expression("length(t)")(snapshot, NOW) == 600_000
    assert compile_expression("t + t")(snapshot, NOW) is None
    assert compile_expression('replaceAll(t, "a", t)')(snapshot, NOW) is None
    assert compile_expression("concat([t, t])")(snapshot, NOW) is None


def test_a_wait_gets_a_local_time():
    assert compile_text("profile.when", "dto").run({"profile": {"when": "2026-03-15"}}, NOW) == datetime(
        2026, 3, 15
    )
    assert compile_text("profile.when", "dto").run({"profile": {"when": "soon"}}, NOW) is None


def test_the_only_event_is_the_one_being_judged():
    assert compile_text("event.x = 1").run({"event": {"OrderPlaced": {"x": 1}}}, NOW) is True
