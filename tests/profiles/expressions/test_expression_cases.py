"""The published cases of the expression language, run as they are."""

import json
import math
import os
from datetime import datetime
from pathlib import Path

import pytest

from profiles.expressions import (
    ExprError,
    compile_expression,
    from_json,
    parse,
    print_text,
    to_json,
    to_json_value,
)

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = Path(os.environ.get("SHARED_SAMPLES", ROOT.parent / "shared" / "samples"))


def load_cases() -> list[dict]:
    path = SAMPLES / "expressions" / "visible.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


CASES = load_cases()
if not CASES:
    pytest.skip("the shared samples are not here", allow_module_level=True)


def expected_error(case: dict) -> str | None:
    expect = case["expect"]
    return expect["error"] if isinstance(expect, dict) and set(expect) == {"error"} else None


def same(found: object, expected: object) -> bool:
    """Equality with numbers to 1e-12 and lists in order."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, int | float) and isinstance(expected, int | float):
        return math.isclose(found, expected, rel_tol=0, abs_tol=1e-12)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case):
    wanted = expected_error(case)
    if wanted:
        with pytest.raises(ExprError) as found:
            compile_expression(case["text"], case.get("want"))
        assert found.value.kind == wanted
        return

    run = compile_expression(case["text"], case.get("want"))
    value = to_json_value(run(case["context"], datetime.fromisoformat(case["now"])))

    assert same(value, case["expect"]), value


@pytest.mark.parametrize(
    "case", [case for case in CASES if not expected_error(case)], ids=lambda case: case["id"]
)
def test_printing_and_json_keep_the_tree(case):
    tree = parse(case["text"])

    assert parse(print_text(tree)) == tree
    assert from_json(json.loads(json.dumps(to_json(tree)))) == tree
