"""A real browser, the canvas of a draft, and the whole product running, for the tests that need them."""

import os
import shutil
from collections.abc import Iterator

import pytest

from journeys import drafts, versions
from tests import factories as make
from tests.browser.drawing import Canvas
from tests.running import Running, data_directory, running

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """One browser for these tests. Its loop makes Django think it runs asynchronously; it does not."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (set CHROMIUM to its path).")
    playwright_api = pytest.importorskip("playwright.sync_api")
    kept = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with playwright_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()
    if kept is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


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
    page = open_page(browser, live_server, client, user=make.user("ana", role="marketer", of=sandbox))
    opened = Canvas(page, version)
    page.goto(f"{live_server.url}/journeys/{version.pk}/")
    page.wait_for_selector("#node-n1[tabindex='0']")
    yield opened
    page.context.close()
    assert opened.errors == []


@pytest.fixture
def desk(browser, live_server, client) -> Iterator[tuple]:
    """An empty sandbox and the list of its journeys, opened by somebody who may do everything."""
    sandbox = make.sandbox("shop")
    page = open_page(browser, live_server, client, user=make.user("ana", role="administrator", of=sandbox))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{live_server.url}/journeys/")
    yield sandbox, page
    page.context.close()
    assert errors == []


def open_page(browser, live_server, client, *, user):
    """A new window of somebody who is signed in."""
    client.force_login(user)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([session])
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


@pytest.fixture(scope="session")
def product(tmp_path_factory) -> Iterator[Running]:
    """The product as `manage.py up` starts it, on ports and data of its own."""
    with data_directory() as data_dir, running(data_dir, tmp_path_factory.mktemp("up")) as started:
        yield started


@pytest.fixture
def signed_in(browser, product) -> Iterator:
    """A page of the running product, signed in through the login page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(product.url)
    page.wait_for_url("**/login/**")
    page.get_by_label("Username").fill(product.user)
    page.get_by_label("Password").fill(product.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/journeys/")
    yield page
    context.close()
    assert errors == []
