"""A journey from its name to its publication without a mouse."""

import pytest
from playwright.sync_api import expect

from journeys.models import JourneyVersion
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Keyboard:
    """Presses keys; `tab_to` is how somebody without a mouse gets anywhere."""

    def __init__(self, page) -> None:
        self.page = page
        self.type = page.keyboard.type

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, selector: str, *, key: str = "Tab", most: int = 60) -> None:
        visited = []
        for _ in range(most):
            self.page.keyboard.press(key)
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            visited.append(self.page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
        raise AssertionError(f"{selector} is not reached, only {visited}")

    def add(self, letters: str) -> str:
        """Add an activity after the one that has the focus; the id of the new one, which has the focus now."""
        before = self.page.locator(".node").count()
        self.press("a")
        expect(self.page.locator("#picker-search")).to_be_focused()
        self.type(letters)
        self.press("Enter")
        expect(self.page.locator(".node")).to_have_count(before + 1)
        return self.node_with_focus(panel=True)

    def node_with_focus(self, *, panel: bool = False) -> str:
        self.page.wait_for_function("() => document.activeElement.matches('.node')")
        node = self.page.evaluate("document.activeElement.dataset.id")
        if panel:
            self.page.wait_for_selector(f"#node-form[data-node={node}]")
        return node

    def back_to(self, node: str) -> None:
        """Close the panel, which gives the focus back to its activity."""
        self.press("Escape")
        expect(self.page.locator(f"#node-{node}")).to_be_focused()

    def saves(self) -> None:
        expect(self.page.locator("#node-form:not([data-unsaved])")).to_be_visible()


def write_email(keyboard: Keyboard, node: str, subject: str) -> None:
    keyboard.press("Enter")
    expect(keyboard.page.locator("#node-label")).to_be_focused()
    keyboard.tab_to("[name=configuration]", most=3)
    keyboard.press("ArrowDown")
    for name, text in (("subject", subject), ("html", "<p>Hi</p>")):
        keyboard.tab_to(f"[name={name}]", most=4)
        keyboard.type(text)
    keyboard.press("Tab")
    keyboard.saves()
    keyboard.back_to(node)


def test_a_journey_is_built_and_published_without_a_mouse(desk):
    sandbox, page = desk
    make.event_definition(sandbox)
    make.configuration(sandbox)
    page.reload()
    keyboard = Keyboard(page)

    keyboard.tab_to("a[href$='/journeys/new/']")
    keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    keyboard.type("Typed only")
    keyboard.press("Enter")
    page.wait_for_selector("#canvas-empty")

    keyboard.tab_to("#empty-starts .palette-item")
    keyboard.press("Enter")
    event = keyboard.node_with_focus(panel=True)

    condition = keyboard.add("cond")
    keyboard.press("Enter")
    keyboard.tab_to("[name=paths-expression]", most=8)
    keyboard.type('profile.loyalty.tier = "gold"')
    keyboard.press("Tab")
    keyboard.saves()
    keyboard.back_to(condition)

    wait = keyboard.add("wait")
    gold = keyboard.add("email")
    write_email(keyboard, gold, "Gold")

    keyboard.press("ArrowLeft")
    assert keyboard.node_with_focus() == wait
    keyboard.press("ArrowLeft")
    assert keyboard.node_with_focus() == condition
    other = keyboard.add("email")
    write_email(keyboard, other, "Everybody")
    end = keyboard.add("end")
    expect(page.locator(".problems-button")).to_have_text("No errors")

    keyboard.tab_to(".toolbar .btn-primary", key="Shift+Tab")
    keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    keyboard.tab_to("#dialog .btn-primary", most=5)
    keyboard.press("Enter")
    expect(page.locator(".toolbar > .status-pill")).to_have_text("Live")

    version = JourneyVersion.objects.get(journey__name="Typed only")
    ways = {(edge["src"], edge["outlet"], edge["dst"]) for edge in version.graph["edges"]}
    assert version.status == JourneyVersion.Status.LIVE
    assert ways == {
        (event, "next", condition),
        (condition, "path1", wait),
        (wait, "next", gold),
        (condition, "other", other),
        (other, "next", end),
    }
    subjects = {version.graph["nodes"][node]["params"]["subject"] for node in (gold, other)}
    assert subjects == {"Gold", "Everybody"}


def test_the_menus_and_dialogs_give_the_focus_back(desk):
    _, page = desk
    keyboard = Keyboard(page)

    keyboard.tab_to(".sandbox-button")
    keyboard.press("Enter", "ArrowDown")
    page.wait_for_function("() => document.activeElement.matches('.dropdown-item')")
    keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.matches('.sandbox-button')")

    keyboard.tab_to("a[href$='/journeys/new/']")
    keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    page.wait_for_function("() => document.activeElement.matches(\"a[href$='/journeys/new/']\")")
