"""The canvas as its user has it: by mouse and by keyboard, in a real browser against a real server."""

import os
import shutil
from collections.abc import Iterator

import pytest

from journeys import drafts, versions
from journeys.models import JourneyVersion
from tests import factories as make

playwright_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed (set CHROMIUM to its path)."),
]


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """One browser for these tests. Its loop makes Django think it runs asynchronously; it does not."""
    kept = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with playwright_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()
    if kept is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Canvas:
    """The open canvas of a draft, and the draft behind it."""

    def __init__(self, page, version: JourneyVersion) -> None:
        self.page = page
        self.version = version
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def drag(self, what: str, onto: str) -> None:
        start, end = (self.page.locator(s).bounding_box() for s in (what, onto))
        mouse = self.page.mouse
        mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        mouse.down()
        mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=10)
        mouse.up()

    def settles_at(self, revision: int) -> None:
        """Wait until the page shows this revision, which is after the server stored it."""
        self.page.wait_for_function(
            "r => document.getElementById('revision').value === String(r)", arg=revision
        )

    def fits(self, panel_of: str) -> None:
        """Wait until the new node's panel has opened, which moves the view, then show everything."""
        self.page.wait_for_selector(f"#node-form[data-node={panel_of}]")
        self.page.keyboard.press("f")

    @property
    def ways(self) -> set[tuple[str, str]]:
        self.version.refresh_from_db()
        return {(edge["src"], edge["dst"]) for edge in self.version.graph["edges"]}

    @property
    def nodes(self) -> dict[str, dict]:
        self.version.refresh_from_db()
        return self.version.graph["nodes"]

    @property
    def focused(self) -> str:
        return self.page.evaluate("document.activeElement.id")


@pytest.fixture
def canvas(browser, live_server, client) -> Iterator[Canvas]:
    """Event and wait, ready to be worked on: revision 2."""
    sandbox = make.sandbox("shop")
    definition = make.event_definition(sandbox)
    version = versions.create(sandbox, "Welcome", actor="ana")
    event = {
        "op": "insert",
        "kind": "unitary_event",
        "params": {"definition": definition.pk},
        "label": "Signup",
    }
    drafts.apply(version.pk, event, revision=0, actor="ana", sandbox=sandbox)
    wait = {"op": "insert", "kind": "wait", "at": "n1", "outlet": "next"}
    drafts.apply(version.pk, wait, revision=1, actor="ana", sandbox=sandbox)
    client.force_login(make.user("ana", role="marketer", of=sandbox))
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([session])
    page = context.new_page()
    page.set_default_timeout(10_000)
    opened = Canvas(page, version)
    page.goto(f"{live_server.url}/journeys/{version.pk}/")
    page.wait_for_selector("#node-n1[tabindex='0']")
    yield opened
    context.close()
    assert opened.errors == []


def test_an_activity_dropped_on_a_connection_splits_it(canvas):
    canvas.drag(".palette-item[data-kind=email]", "#spot-e1")
    canvas.settles_at(3)

    assert canvas.ways == {("n1", "n3"), ("n3", "n2")}
    canvas.page.wait_for_selector("#node-form[data-node=n3]")
    assert canvas.page.get_attribute("#node-n3", "aria-selected") == "true"


def test_an_activity_dropped_anywhere_else_does_nothing(canvas):
    canvas.drag(".palette-item[data-kind=email]", ".stage-tools")
    canvas.page.wait_for_timeout(300)

    assert canvas.page.input_value("#revision") == "2"


def test_a_node_is_moved_with_the_mouse(canvas):
    canvas.drag(".palette-item[data-kind=email]", "#spot-end-n2-next")
    canvas.settles_at(3)
    canvas.fits(panel_of="n3")

    canvas.drag("#node-n2", "#spot-end-n3-next")
    canvas.settles_at(4)

    assert canvas.ways == {("n1", "n3"), ("n3", "n2")}


def test_an_activity_is_added_with_the_keyboard_alone(canvas):
    keyboard = canvas.page.keyboard
    canvas.page.focus("#node-n1")

    keyboard.press("ArrowRight")
    keyboard.press("a")
    keyboard.type("ema")
    keyboard.press("Enter")
    canvas.settles_at(3)

    assert canvas.ways == {("n1", "n2"), ("n2", "n3")}
    assert canvas.nodes["n3"]["kind"] == "email"
    canvas.page.wait_for_function("() => document.activeElement.id === 'node-n3'")


def test_undo_and_redo_from_the_keyboard_and_the_buttons(canvas):
    canvas.page.focus("#node-n2")
    canvas.page.keyboard.press("Delete")
    canvas.settles_at(3)
    assert list(canvas.nodes) == ["n1"]

    canvas.page.keyboard.press("Control+z")
    canvas.settles_at(4)
    assert list(canvas.nodes) == ["n1", "n2"]

    canvas.page.click("[data-do=redo]")
    canvas.settles_at(5)
    assert list(canvas.nodes) == ["n1"]


def test_settings_are_saved_as_they_change_and_shown_on_the_node(canvas):
    canvas.page.click("#node-n2")
    canvas.page.fill("[name=amount]", "3")
    canvas.page.fill("[name=label]", "A while")
    canvas.page.keyboard.press("Tab")
    canvas.settles_at(4)

    assert (canvas.nodes["n2"]["label"], canvas.nodes["n2"]["params"]["amount"]) == ("A while", 3)
    assert canvas.page.inner_text("#node-n2 .node-summary") == "Wait · 3 days"


def test_what_was_typed_is_saved_when_another_node_is_opened(canvas):
    canvas.page.click("#node-n2")
    canvas.page.fill("[name=label]", "Typed and left")
    canvas.page.click("#node-n1")
    canvas.page.wait_for_selector("#node-form[data-node=n1]")

    assert canvas.nodes["n2"]["label"] == "Typed and left"


def test_a_condition_gets_paths_and_says_what_is_wrong_with_an_expression(canvas):
    canvas.drag(".palette-item[data-kind=condition]", "#spot-end-n2-next")
    canvas.settles_at(3)
    canvas.page.wait_for_selector("#node-form[data-node=n3]")

    canvas.page.click("[data-row-add]")
    canvas.settles_at(4)
    canvas.page.locator("[name=paths-expression]").first.fill("profile.tier ==")
    canvas.page.wait_for_selector(".expression-check .invalid-note mark")

    assert canvas.page.locator(".open-end").count() == 3
    assert [path["id"] for path in canvas.nodes["n3"]["params"]["paths"]] == ["path1", "path2"]


def test_deleting_a_branching_node_asks_what_to_keep(canvas):
    canvas.drag(".palette-item[data-kind=condition]", "#spot-e1")
    canvas.settles_at(3)
    canvas.fits(panel_of="n3")
    canvas.drag(".palette-item[data-kind=email]", "#spot-end-n3-other")
    canvas.settles_at(4)

    canvas.page.focus("#node-n3")
    canvas.page.keyboard.press("Delete")
    canvas.page.click("#dialog >> text=Keep the path Other cases")
    canvas.page.click("#dialog .btn-danger")
    canvas.settles_at(5)

    assert canvas.ways == {("n1", "n4")}


def test_an_open_end_is_drawn_to_a_node(canvas):
    canvas.drag(".palette-item[data-kind=condition]", "#spot-e1")
    canvas.settles_at(3)
    canvas.fits(panel_of="n3")

    canvas.drag("#end-n3-other", "#node-n2")
    canvas.settles_at(4)

    assert canvas.ways == {("n1", "n3"), ("n3", "n2")}
    assert len(canvas.version.graph["edges"]) == 3


def test_a_problem_in_the_list_leads_to_its_field(canvas):
    canvas.drag(".palette-item[data-kind=email]", "#spot-end-n2-next")
    canvas.settles_at(3)

    canvas.page.click(".problems-button")
    canvas.page.click(".problem[data-field=subject]")

    canvas.page.wait_for_function("() => document.activeElement.name === 'subject'")


def test_the_second_of_two_editors_keeps_what_was_typed(canvas):
    sandbox = canvas.version.journey.sandbox
    canvas.page.click("#node-n2")
    canvas.page.wait_for_selector("#node-form[data-node=n2]")
    theirs = {"op": "insert", "kind": "email", "at": "n2", "outlet": "next"}
    drafts.apply(canvas.version.pk, theirs, revision=2, actor="bob", sandbox=sandbox)

    canvas.page.fill("[name=label]", "Mine")
    canvas.page.keyboard.press("Tab")
    canvas.page.click("#stale button")
    canvas.settles_at(4)

    assert canvas.nodes["n2"]["label"] == "Mine"
    assert "n3" in canvas.nodes
    assert canvas.page.locator("#node-n3").count() == 1


def test_an_empty_canvas_teaches_and_takes_an_event(canvas):
    for node in ("n2", "n1"):
        canvas.page.focus(f"#node-{node}")
        canvas.page.keyboard.press("Delete")
        canvas.page.wait_for_selector(f"#node-{node}", state="detached")

    assert canvas.page.get_attribute(".palette-item[data-kind=email]", "aria-disabled") == "true"
    canvas.drag(".palette .palette-item[data-kind=unitary_event]", ".canvas-empty")
    canvas.settles_at(5)

    assert list(canvas.nodes) == ["n1"]
