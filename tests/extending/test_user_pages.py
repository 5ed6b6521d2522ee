"""What the user pages promise is what the product says."""

import re
from pathlib import Path

import pytest

from channels_app.content.personalization import Template, TemplateProblem
from channels_app.delivery import checks
from journeys import reasons

PAGES = Path(__file__).resolve().parents[2] / "docs" / "user"
INA = {
    "profile": {
        "person": {"name": {"firstName": "Ina", "lastName": "Okafor"}},
        "loyalty": {"tier": "gold", "points": 1240},
        "cart": [{"name": "Lamp", "price": 90}, {"name": "Sofa", "price": 20}],
    },
    "event": {"Signup": {"web": {"webPageDetails": {"name": "Newsletter form"}}}},
}


def examples() -> list[tuple[str, str]]:
    """The rows of the page's tables: (template, what comes of it)."""
    text = (PAGES / "personalization.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\{.*)` \| `(.*)` \|$", text, re.MULTILINE)
    return [(template.replace(r"\|", "|"), answer) for template, answer in rows]


def test_the_page_has_examples():
    assert len(examples()) == 16


@pytest.mark.parametrize(("template", "answer"), examples())
def test_a_template_gives_what_the_page_says(template, answer):
    try:
        said = Template(template, html=False).render(INA)
    except TemplateProblem as problem:
        said = str(problem)

    assert said == answer


@pytest.mark.parametrize("code", [*reasons.REASONS, *checks.REASONS])
def test_every_code_is_explained(code):
    assert f"`{code}`" in (PAGES / "why-not.md").read_text(encoding="utf-8")
