"""What axe-core finds on the main pages, light and dark: nothing serious and nothing critical."""

from pathlib import Path

import pytest

from ajo import demo
from channels_app.models import InboxMail
from journeys import versions
from tests import factories as make

AXE = Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GRAVE = ("serious", "critical")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light", "dark"])
def theme(request) -> str:
    return request.param


@pytest.fixture
def filled(desk, theme):
    """A sandbox with something on every page, seen in one theme."""
    sandbox, page = desk
    page.emulate_media(color_scheme=theme)
    definition, configuration = make.event_definition(sandbox), make.configuration(sandbox)
    person = make.person(sandbox, "ina@example.com", loyalty={"tier": "gold"})
    live = make.live(sandbox, demo.graph(definition, configuration), name="Live one")
    make.ingest(sandbox, make.event(sandbox))
    draft = versions.create(sandbox, "Draft with errors", actor="ana")
    draft.graph = demo.graph(definition, configuration)
    draft.graph["nodes"]["mail"]["params"] = {}
    draft.save()
    source = b"From: a@example.com\r\nTo: ina@example.com\r\nSubject: Hello\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>"
    mail = InboxMail.objects.create(
        mail_from="a@example.com", rcpt_to=["ina@example.com"], subject="Hello", source=source
    )
    return {
        "page": page,
        "live": live,
        "draft": draft,
        "person": person,
        "mail": mail,
        "configuration": configuration,
    }


def violations(page) -> list[str]:
    """Grave violations, each with the first elements concerned."""
    page.evaluate(AXE.read_text())
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"], "iframes": False}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        f"{one['impact']} {one['id']} ({one['help']}):\n"
        + "\n".join(
            f"    {node['html'][:160]}\n      {node['any'][0]['message'] if node['any'] else ''}"
            for node in one["nodes"][:4]
        )
        for one in found
        if one["impact"] in GRAVE
    ]


def check(page, *places: str) -> None:
    base = page.url.split("/journeys/")[0]
    problems = []
    for place in places:
        page.goto(base + place)
        page.wait_for_load_state("networkidle" if "inbox" not in place else "load")
        problems += [f"{place}: {problem}" for problem in violations(page)]
    assert not problems, "\n".join(problems)


def test_lists_and_forms(filled):
    check(
        filled["page"],
        "/journeys/",
        "/journeys/new/",
        "/profiles/",
        f"/profiles/{filled['person'].pk}/",
        "/messages/",
        "/inbox/",
        f"/inbox/{filled['mail'].pk}/",
        "/events/new/",
        f"/configurations/{filled['configuration'].pk}/",
        "/api-keys/new/",
        "/system/",
    )


def test_sign_in(filled):
    page = filled["page"]
    page.context.clear_cookies()
    check(page, "/login/")


def test_the_canvas_of_a_draft(filled):
    page = filled["page"]
    check(page, f"/journeys/{filled['draft'].pk}/")
    page.click("#node-mail")
    page.wait_for_selector("#node-form[data-node=mail]")
    problems = violations(page)
    page.click("#node-tier")
    page.wait_for_selector("#node-form[data-node=tier] .fine-note")
    problems += violations(page)
    page.keyboard.press("Escape")
    page.click("#spot-e1")
    page.wait_for_selector("#picker:not([hidden])")
    problems += violations(page)
    page.keyboard.press("Escape")
    page.click(".toolbar .btn-primary")
    page.wait_for_selector("#dialog[open]")
    problems += violations(page)
    assert not problems, "\n".join(problems)


def test_the_canvas_of_a_live_version(filled):
    page = filled["page"]
    check(page, f"/journeys/{filled['live'].pk}/")
    page.click("#node-tier")
    page.wait_for_selector("#node-form[data-node=tier]")
    problems = violations(page)
    assert not problems, "\n".join(problems)
