"""A journey drawn with the mouse on an empty canvas, published, and walked by fifty people."""

import time
from collections import Counter
from datetime import UTC, datetime

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.drawing import Mouse

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("product")]

PEOPLE = [f"walker{number:02}@example.net" for number in range(50)]
GOLD = set(PEOPLE[::2])
EMAIL = "<p>{{ profile.person.name.firstName }}, %s</p><p><a href='https://example.net/x'>More</a></p>"


def person(number: int, address: str) -> dict:
    entity = {
        "person": {"name": {"firstName": f"Walker{number}"}},
        "personalEmail": {"address": address},
        "identityMap": {"Email": [{"id": address, "primary": True}]},
    }
    return entity | ({"loyalty": {"tier": "gold"}} if address in GOLD else {})


def visit(number: int, address: str) -> dict:
    return {
        "_id": f"walk-{number}",
        "timestamp": datetime.now(UTC).isoformat(),
        "eventType": "walk.began",
        "identityMap": {"Email": [{"id": address, "primary": True}]},
    }


def post(product, kind, entities):
    schema = {"id": f"{product.url}/schemas/demo/{kind}"}
    messages = [{"header": {"schemaRef": schema}, "body": {"xdmEntity": entity}} for entity in entities]
    answer = requests.post(product.batch_url, json={"messages": messages}, timeout=30)
    assert answer.status_code == 207
    assert all("statusCode" not in response for response in answer.json()["responses"]), answer.text


def mails(product):
    found = requests.get(f"{product.url}/inbox/messages.json", params={"limit": 1000}, timeout=30).json()
    return [mail for mail in found if mail["to"] in PEOPLE]


class Drawing(Mouse):
    """The canvas as somebody draws on it who looks at the page only."""

    @property
    def nodes(self) -> set[str]:
        return {node.get_attribute("data-id") for node in self.page.locator(".node").all()}

    def drop(self, kind: str, onto: str, name: str = "") -> str:
        """Drag an activity out of the palette; the id of the new node, whose panel is open."""
        named = f"[data-name='{name}']" if name else ""
        before = self.nodes
        self.page.keyboard.press("Escape")
        expect(self.page.locator("#panel")).to_be_hidden()
        self.page.keyboard.press("f")
        self.drag(f".palette .palette-item[data-kind={kind}]{named}", onto)
        expect(self.page.locator(".node")).to_have_count(len(before) + 1)
        (fresh,) = self.nodes - before
        self.page.wait_for_selector(f"#node-form[data-node={fresh}]")
        return fresh

    def is_saved(self) -> None:
        expect(self.page.locator("#node-form:not([data-unsaved])")).to_be_visible()

    def fill(self, **fields: str) -> None:
        """Type into the panel's fields, each saved when it is left."""
        for name, value in fields.items():
            field = self.page.locator(f"#node-form [name={name}]")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)
                field.press("Tab")
            self.is_saved()

    def write_email(self, node: str, subject: str, text: str) -> None:
        self.page.wait_for_selector(f"#node-form[data-node={node}]")
        self.fill(configuration="Newsletter", subject=subject, html=EMAIL % text)


def define_event(page, product):
    page.goto(f"{product.url}/events/new/")
    page.fill("[name=name]", "WalkBegan")
    page.fill("[name=rule]", 'event.eventType = "walk.began"')
    page.locator("[name=namespace]").select_option(label="Email")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="New event")).to_have_count(0)


def test_what_was_drawn_is_what_fifty_people_get(product, signed_in):
    page = signed_in
    define_event(page, product)
    post(product, "profile", [person(number, address) for number, address in enumerate(PEOPLE)])

    page.goto(f"{product.url}/journeys/")
    page.get_by_role("link", name="Create journey").click()
    page.get_by_label("Name").fill("A walk for fifty")
    page.get_by_role("button", name="Create and open the canvas").click()
    expect(page.get_by_role("heading", name="Start with an event")).to_be_visible()

    drawing = Drawing(page)
    event = drawing.drop("unitary_event", "#canvas-empty", name="WalkBegan")
    condition = drawing.drop("condition", f"#spot-end-{event}-next")
    page.locator("[name=paths-label]").first.fill("Gold")
    page.locator("[name=paths-expression]").first.fill('profile.loyalty.tier = "gold"')
    page.keyboard.press("Tab")
    drawing.is_saved()
    expect(page.locator(".expression-check")).to_contain_text("This works")
    wait = drawing.drop("wait", f"#spot-end-{condition}-path1")
    drawing.fill(amount="3", unit="seconds")
    gold = drawing.drop("email", f"#spot-end-{wait}-next")
    drawing.write_email(gold, "Gold for {{ profile.person.name.firstName }}", "you are gold")
    other = drawing.drop("email", f"#spot-end-{condition}-other")
    expect(page.locator(".problems-button")).to_contain_text("error")
    expect(page.locator(f"#node-{other} .node-mark")).to_be_visible()
    drawing.write_email(other, "Hello {{ profile.person.name.firstName }}", "welcome")
    for mail in (gold, other):
        drawing.drop("end", f"#spot-end-{mail}-next")
    expect(page.locator(".node-mark")).to_have_count(0)
    expect(page.locator(".problems-button")).to_have_text("No errors")

    page.get_by_role("button", name="Publish").click()
    page.get_by_role("button", name="Publish now").click()
    expect(page.locator(".toolbar > .status-pill")).to_have_text("Live")

    post(product, "event", [visit(number, address) for number, address in enumerate(PEOPLE)])
    give_up_at = time.monotonic() + 60
    while len(arrived := mails(product)) < len(PEOPLE):
        assert time.monotonic() < give_up_at, f"{len(arrived)} of {len(PEOPLE)} mails came"
        time.sleep(0.5)

    expect(page.locator(f"[data-count='{event}:entered'] .n")).to_have_text("50")
    expect(page.locator(f"[data-count='{gold}:entered'] .n")).to_have_text("25")
    expect(page.locator(f"[data-count='{other}:entered'] .n")).to_have_text("25")
    arrived = mails(product)
    assert Counter(mail["to"] for mail in arrived) == dict.fromkeys(PEOPLE, 1)
    for mail in arrived:
        number = PEOPLE.index(mail["to"])
        is_gold = mail["to"] in GOLD
        assert mail["subject"] == f"{'Gold for' if is_gold else 'Hello'} Walker{number}"
        assert f"Walker{number}, {'you are gold' if is_gold else 'welcome'}" in mail["html"]
