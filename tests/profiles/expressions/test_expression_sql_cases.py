"""The published cases that SQL accepts give the same answer in PostgreSQL."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from profiles.expressions import ExprError, check, select_profile_ids, sql
from profiles.expressions.compiled import compile_expression

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = (
    Path(os.environ.get("SHARED_SAMPLES", ROOT.parent / "shared" / "samples"))
    / "expressions"
    / "visible.jsonl"
)
CASES = [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines()] if SAMPLES.exists() else []
if not CASES:
    pytest.skip("the shared samples are not here", allow_module_level=True)


def conditions() -> list[tuple[str, dict]]:
    """Cases whose result is true or false and whose data are profile, events and audiences."""
    found = []
    for case in CASES:
        if isinstance(case["expect"], bool) and set(case["context"]) <= {
            "profile",
            "xEvent",
            "audiences",
            "timezone",
        }:
            found.append((case["id"], case))
    return found


@pytest.mark.parametrize("case", [case for _, case in conditions()], ids=[name for name, _ in conditions()])
def test_case_in_sql(case, rules):
    now = datetime.fromisoformat(case["now"])
    try:
        tree = check(case["text"], "bool").ast
    except ExprError:
        pytest.skip("not a condition")
    rule = sql(tree, now, timezone=case["context"].get("timezone", "UTC"))
    if not rule.is_complete:
        pytest.skip(f"Python: {rule.reason_for_fallback}")
    rules.store({7: case["context"]})

    statement, params = select_profile_ids(rule, 1)
    limited, limited_params = select_profile_ids(rule, 1, [7])

    assert compile_expression(case["text"], "bool")(case["context"], now) is case["expect"]
    assert rules.select(statement, params) == ({7} if case["expect"] else set())
    assert rules.select(limited, limited_params) == ({7} if case["expect"] else set())
