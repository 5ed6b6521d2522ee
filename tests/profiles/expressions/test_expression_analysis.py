"""What is found without running a rule, when it may change by itself, and the import of foreign trees."""

# ruff: noqa: E501 - a row per case reads best on one line

import json
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment

from profiles.expressions import (
    ExprError,
    analyse,
    catalogue,
    check,
    compile_expression,
    describe,
    fields_used,
    from_json,
    from_pql_json,
    next_change,
    parse,
    print_text,
    template_filters,
    to_json,
)

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = Path(os.environ.get("SHARED_SAMPLES", ROOT.parent / "shared" / "samples"))
NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
DAY_OLD = 'eventType = "a" and timestamp occurs <= 24 hours before now'


@pytest.mark.parametrize(
    ("text", "eligibility"),
    [
        ("profile.a = 1", "edge"),
        (f"xEvent[{DAY_OLD}].exists() and profile.a = 1", "edge"),
        ("xEvent[timestamp occurs today].exists()", "edge"),
        (f"xEvent[{DAY_OLD}].count() >= 3", "streaming"),
        (f"xEvent[{DAY_OLD}].exists() and not xEvent[inLastHours(timestamp, 3)].exists()", "streaming"),
        ("chain(xEvent, timestamp, [A: WHAT(a = 1) WHEN(<= 1 day before now), B: WHEN(<= 3 hours before now)])", "streaming"),
        ('inAudience("vip") and profile.a = 1', "streaming"),
        (f"not xEvent[{DAY_OLD}].exists()", "batch"),
        ('xEvent[eventType = "a"].exists()', "batch"),
        ("xEvent[timestamp occurs <= 2 days before now].exists()", "batch"),
        ("xEvent[timestamp occurs after date(2026, 3, 15)].exists()", "batch"),
        ("xEvent[timestamp occurs <= 3 hours before profile.d].exists()", "batch"),
        ("person.birthDate.getMonth() = currentMonth()", "batch"),
        ("random() < 0.5", "batch"),
        ("@datasetLookup{L.a} = 1", "batch"),
    ],
)  # fmt: skip
def test_eligibility(text, eligibility):
    found = analyse(check(text).ast)

    assert found.eligibility == eligibility
    assert (
        set(found.why_not)
        == {"edge": set(), "streaming": {"edge"}, "batch": {"edge", "streaming"}}[eligibility]
    )


def test_an_audience_of_attributes_keeps_a_rule_at_the_edge():
    assert analyse(check('inAudience("vip")').ast, {"vip"}).eligibility == "edge"


def test_the_record():
    found = analyse(
        check(
            'xEvent[eventType in ["a", "b"] and inLastDays(timestamp, 7)].sum(v) > #{S.G.x, params: {id: profile.k}}'
        ).ast
    )

    (use,) = found.events
    assert (use.types, use.longest_age, use.moving, use.aggregate) == (
        ("a", "b"),
        timedelta(days=7),
        True,
        "sum",
    )
    assert found.sources == {("S", True)}
    assert ("profile", ("k",)) in found.fields and ("xEvent", ()) in found.fields
    assert fields_used(parse('inAudience("vip") and a.b = 1')) == {
        ("audiences", ("vip",)),
        ("profile", ("a", "b")),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('loyalty.points >= 1000 and city in ["Paris", "Lyon"]', 'loyalty.points is at least 1000 and city is one of "Paris", "Lyon"'),
        ("a and (b = 1 or c = 2)", "a and (b is 1 or c is 2)"),
        ('xEvent[eventType = "x"].count() > 2', 'the number of the experience events where eventType is "x" is more than 2'),
        ('not inAudience("vip")', 'it is not so that the profile is in the audience "vip"'),
        ("d occurs <= 3 days before now", "d occurs at most 3 days before now"),
    ],
)  # fmt: skip
def test_describe(text, expected):
    assert describe(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("profile.a = 1", None),
        ("xEvent[inLastDays(timestamp, 7)].exists()", datetime(2026, 3, 16, 10, 0, 0, 1, tzinfo=UTC)),
        ("xEvent[timestamp occurs <= 1 month before now].exists()", datetime(2026, 3, 23, tzinfo=UTC)),
        # The event of the 23rd comes into "this week" on Sunday the 22nd.
        ("xEvent[timestamp occurs this week].exists()", datetime(2026, 3, 22, tzinfo=UTC)),
        ("profile.day occurs today", datetime(2026, 3, 20, tzinfo=UTC)),
        ("profile.day occurs before today", datetime(2026, 3, 21, tzinfo=UTC)),
        ("currentMonth() = 3", datetime(2026, 3, 16, tzinfo=UTC)),
        ("toDateTime(profile.at) < now", datetime(2026, 3, 15, 12, 30, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_next_change(text, expected):
    snapshot = {
        "profile": {"day": "2026-03-20", "at": "2026-03-15T12:30:00Z"},
        "xEvent": [{"timestamp": "2026-03-09T10:00:00Z"}, {"timestamp": "2026-03-23T00:00:00Z"}],
    }

    found = next_change(check(text).ast, snapshot, NOW)

    assert found == expected


def test_sequences_are_found_the_same_way_with_and_without_looking_back(monkeypatch):
    draw = random.Random(7)
    clauses = ["", "COUNT(2)", "COUNT(= 1)", "COUNT(= 0)", "COUNT(< 2)", "GAP(<= 2 hours)", "GAP(> 1 hours)", "GAP(= 1 hour)", "COUNT(2) GAP(< 3 hours)", "GAP(!= 1 hour)"]  # fmt: skip
    for _ in range(300):
        steps = [f'S{n}: WHAT(t in {draw.choice([["a"], ["b"], ["a", "c"]])}) {draw.choice(clauses) if n else ""}' for n in range(draw.randrange(1, 5))]  # fmt: skip
        text = f"chain(xEvent, timestamp, [{', '.join(steps)}])"
        events = [{"timestamp": f"2026-03-10T{draw.randrange(12):02d}:00:00Z", "t": draw.choice("abc")} for _ in range(draw.randrange(9))]  # fmt: skip

        swept = compile_expression(text)({"xEvent": list(events)}, NOW)
        with monkeypatch.context() as patch:
            patch.setattr("profiles.expressions.chains.looks_back", lambda node: True)
            searched = compile_expression(text)({"xEvent": list(events)}, NOW)

        assert swept is searched, (text, events)


def sample_trees() -> list[Path]:
    return sorted((SAMPLES / "xdm").glob("*filter-expression*.json"))


@pytest.mark.parametrize("path", sample_trees() or [None], ids=lambda path: path and path.stem[-5:])
def test_published_trees_are_imported(path):
    if path is None:
        pytest.skip("the shared samples are not here")

    tree = from_pql_json(json.loads(path.read_text("utf-8")))

    assert parse(print_text(tree)) == tree
    assert from_json(to_json(tree)) == tree


def test_the_identity_join_is_dropped_on_import():
    def field(name, of):
        return {"nodeType": "fieldLookup", "fieldName": name, "object": of}

    event, profile = (
        {"nodeType": "varRef", "varName": "x"},
        {"nodeType": "literal", "literalType": "XDMObject", "value": "profile"},
    )
    join = {
        "nodeType": "quantification", "quantifier": "some",
        "variables": [{
            "nodeType": "varDecl", "varName": "id", "from": field("xdm:endUserIDs", event),
            "where": {"nodeType": "fnApply", "fnName": "in", "params": [{"nodeType": "varRef", "varName": "id"}, field("xdm:identities", profile)]},
        }],
    }  # fmt: skip
    city = {
        "nodeType": "fnApply",
        "fnName": "=",
        "params": [
            field("xdm:city", event),
            {"nodeType": "literal", "literalType": "String", "value": "Lyon"},
        ],
    }
    source = {
        "nodeType": "fnApply",
        "fnName": "modelInstances",
        "params": [
            {
                "nodeType": "literal",
                "literalType": "String",
                "value": "https://ns.adobe.com/xdm/context/experienceevent",
            }
        ],
    }
    tree = {
        "nodeType": "quantification", "quantifier": "some",
        "variables": [{"nodeType": "varDecl", "varName": "x", "from": source, "where": {"nodeType": "fnApply", "fnName": "and", "params": [join, city]}}],
    }  # fmt: skip

    assert print_text(from_pql_json(tree)) == 'xEvent.exists((x) => x.city = "Lyon")'


@pytest.mark.parametrize(
    "data",
    [
        None,
        1,
        [],
        {},
        {"nodeType": "select"},
        {"nodeType": "literal", "literalType": "Integer", "value": "x"},
    ],
)
def test_other_trees_are_refused(data):
    with pytest.raises(ExprError):
        from_pql_json(data)


def test_functions_serve_as_template_filters():
    filters = template_filters(clock=lambda: NOW)
    environment = Environment(autoescape=False)
    environment.filters.update(filters)
    environment.globals.update(filters)

    template = environment.from_string(
        "{{ name | upper }} {{ missing | length is none }} {{ 'a,b' | split(',') | count }} {{ inLastDays(when, 3) }} {{ nothing.startWith is undefined }}"
    )

    assert template.render(name="straße", when="2026-03-14", nothing={}) == "STRASSE True 2 True True"
    assert filters["substr"]("hello", 1, 3) == "el"
    assert filters["substr"](5, 1) is None
    assert filters["now"]() == NOW
    assert "filter" in filters and "map" not in filters and "inAudience" not in filters


def test_the_catalogue_tells_everything_an_editor_shows():
    entry = next(entry for entry in catalogue() if entry["name"] == "startWith")

    assert entry["aliases"] == ["startsWith"]
    assert entry["signature"] == "startWith(text, text, bool?)"
    assert entry["help"] and entry["example"] and entry["group"] == "texts"
