"""The function of docs/extending/expression-function.md: one row, and every rule may use it."""

import pytest

from profiles.expressions import ExprError, compile_text, compiled, functions, parsing
from tests.factories import NOW


@pytest.fixture(autouse=True)
def table(add_example, monkeypatch):
    """The table as the next start collects it."""
    add_example("expression-function.md", "profiles.expressions.functions", "initials")
    collected = functions._collect()
    for name in set(collected) - set(functions.TABLE):
        row = collected[name]
        monkeypatch.setitem(functions.TABLE, name, row)
        for spelling in (name, *row.aliases):
            monkeypatch.setitem(functions.NAMES, spelling, name)
    yield collected
    parsing.parse.cache_clear()
    compiled.compile_text.cache_clear()


def value(text: str, **profile: object) -> object:
    return compile_text(text, want=None).run({"profile": profile}, NOW)


def test_the_row_is_in_the_catalogue(table):
    row = next(row for row in functions.catalogue() if row["name"] == "initials")

    assert row["signature"] == "initials(text, int?)"
    assert row["aliases"] == ["monogram"]
    assert value(row["example"]) == "IM"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('initials("ina berg")', "IB"),
        ("initials(profile.name)", "IMB"),
        ("profile.name.initials(1)", "I"),
        ("monogram(profile.name)", "IMB"),
        ('initials(profile.name) = "IMB"', True),
        ("initials(profile.unknown)", None),
    ],
)
def test_rules_use_it(text, expected):
    assert value(text, name="Ina Maria Berg") == expected


def test_its_arguments_are_checked():
    with pytest.raises(ExprError, match="initials"):
        compile_text('initials("a", "b")', want=None)
