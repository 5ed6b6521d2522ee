"""The first quarter of an hour with the product: start it, watch the demo journey work for one person."""

import re
import time
import urllib.parse

import pytest
import requests
from playwright.sync_api import expect

from ajo import demo
from tests.running import send

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("product")]
READER = "ina@example.com"


def mails_to(product, address):
    return requests.get(f"{product.url}/inbox/messages.json", params={"to": address}, timeout=10).json()


def wait_for_mail(product, address):
    give_up_at = time.monotonic() + 30
    while not (mails := mails_to(product, address)):
        assert time.monotonic() < give_up_at, f"no mail to {address}"
        time.sleep(0.3)
    return mails[0]


def test_from_the_first_sign_in_to_an_unsubscribe(product, signed_in):
    page = signed_in

    # the live demo journey, before anybody came
    page.get_by_role("link", name=demo.JOURNEY).click()
    expect(page.locator("#node-start")).to_be_visible()
    came_in = {
        node: page.locator(f"[data-count='{node}:entered'] .n")
        for node in ("start", "mail_gold", "mail", "wait")
    }
    expect(came_in["start"]).to_have_text("0")
    canvas_address = page.url
    page.evaluate("window.isSamePage = true")

    # the line that was printed at the start, pasted into a shell
    assert send(product.curl) == "200"
    mail = wait_for_mail(product, READER)
    assert mail["subject"] == "A warm welcome to a gold member, Ina"
    assert "you have 1240 points waiting" in mail["html"]

    # the numbers move by themselves
    expect(came_in["start"]).to_have_text("1")
    expect(came_in["mail_gold"]).to_have_text("1")
    expect(came_in["wait"]).to_have_text("1")
    expect(came_in["mail"]).to_have_text("0")
    expect(page.locator("[data-count='wait:waiting']")).to_be_visible()
    assert page.evaluate("window.isSamePage")
    assert page.url == canvas_address

    # the mail as its reader sees it
    page.goto(f"{product.url}/inbox/")
    page.get_by_role("link", name=mail["subject"]).first.click()
    shown = page.frame_locator("iframe.mail-preview")
    expect(shown.get_by_role("heading", name="Good to see you, Ina!")).to_be_visible()
    link = shown.get_by_role("link", name="Have a look around").get_attribute("href")
    assert "/t/c/" in link
    clicked = requests.get(link, allow_redirects=False, timeout=10)
    assert clicked.status_code == 302
    assert clicked.headers["Location"] == "https://example.com/shop?source=welcome"

    # the person: what they did, where the journey took them, what they got and did with it
    page.goto(f"{product.url}/profiles/?{urllib.parse.urlencode({'q': READER})}")
    page.locator("table a.cell-title").first.click()
    timeline = page.locator("#timeline")
    give_up_at = time.monotonic() + 20
    while page.locator(".happening[data-kind*=click], .happening:has-text('licked')").count() == 0:
        assert time.monotonic() < give_up_at, timeline.inner_text()
        time.sleep(0.5)
        page.reload()
    told = timeline.inner_text()
    for expected in (
        "newsletter.subscribed",
        "Loyalty tier",
        "Gold welcome",
        "A warm welcome to a gold member",
    ):
        assert expected in told
    consents = page.locator("section", has=page.get_by_role("heading", name="Consents"))
    expect(consents).to_contain_text("No choice is stored")

    # one click in the reader's mail program
    address = re.search(r"<(https?://[^>]+)>", mail["headers"]["List-Unsubscribe"]).group(1)
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    done = requests.post(address, data={"List-Unsubscribe": "One-Click"}, timeout=10)
    assert done.status_code == 200
    give_up_at = time.monotonic() + 20
    while consents.locator("[data-status=stopped]").count() == 0:
        assert time.monotonic() < give_up_at, consents.inner_text()
        time.sleep(0.5)
        page.reload()
    expect(consents).to_contain_text("Email")
