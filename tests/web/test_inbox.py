"""The mail inbox of the embedded run."""

from email.message import EmailMessage

import pytest

from channels_app.models import InboxMail
from tests import factories as make

pytestmark = pytest.mark.django_db


def kept(
    to: str = "ina@example.com",
    subject: str = "Welcome",
    html: str = "<p>Hi <a href='https://x.example'>x</a></p>",
):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Shop <hello@shop.example>", to, subject
    mail.set_content("Hi in text")
    mail.add_alternative(html, subtype="html")
    return InboxMail.objects.create(
        mail_from="hello@shop.example", rcpt_to=[to], subject=subject, source=mail.as_bytes()
    )


def test_mails_are_listed_and_found_without_signing_in(client):
    kept("ina@example.com", "Welcome")
    kept("yuki@example.com", "Goodbye")

    everything = client.get("/inbox/").content.decode()
    found = client.get("/inbox/", {"q": "yuki"}).content.decode()
    part = client.get("/inbox/", headers={"hx-request": "true"}).content.decode()

    assert "Welcome" in everything and everything.index("Goodbye") < everything.index("Welcome")
    assert "Goodbye" in found and "Welcome" not in found
    assert "<html" not in part


def test_an_empty_inbox_says_how_to_fill_it(client):
    assert "No mail yet" in client.get("/inbox/").content.decode()


@pytest.mark.parametrize(
    ("tab", "shows"),
    [("html", "<iframe"), ("text", "Hi in text"), ("headers", "Subject"), ("source", "MIME-Version")],
)
def test_a_mail_is_shown_in_every_way(client, tab, shows):
    assert shows in client.get(f"/inbox/{kept().pk}/", {"tab": tab}).content.decode()


def test_the_preview_runs_no_script_and_opens_links_elsewhere(client):
    answer = client.get(
        f"/inbox/{kept(html='<script>x()</script><a href=https://x.example>x</a>').pk}/preview/"
    )

    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert b'<base target="_blank">' in answer.content


def test_the_json_answers_programs(client):
    kept("ina@example.com", "First")
    kept("yuki@example.com", "Second")

    both = client.get("/inbox/messages.json").json()
    one = client.get("/inbox/messages.json", {"to": "ina@example.com"}).json()
    limited = client.get("/inbox/messages.json", {"limit": "1"}).json()

    assert [mail["subject"] for mail in both] == ["Second", "First"]
    assert len(limited) == 1
    (mail,) = one
    assert (mail["to"], mail["recipients"]) == ("ina@example.com", ["ina@example.com"])
    assert mail["from"] == "Shop <hello@shop.example>"
    assert "<p>Hi" in mail["html"] and mail["text"].strip() == "Hi in text"
    assert "T" in mail["received_at"]


def test_all_mails_are_deleted_after_a_question(client):
    kept()

    asked = client.get("/inbox/delete/")
    assert asked.status_code == 200 and InboxMail.objects.count() == 1
    client.post("/inbox/delete/")

    assert InboxMail.objects.count() == 0


def test_a_deployment_has_no_inbox(client, settings):
    mail = kept()
    settings.EMBEDDED = False
    client.force_login(make.user(role="administrator", of=make.sandbox()))

    for address in ("/inbox/", "/inbox/messages.json", f"/inbox/{mail.pk}/", f"/inbox/{mail.pk}/preview/"):
        assert client.get(address).status_code == 404
    assert client.post("/inbox/delete/").status_code == 404
    assert InboxMail.objects.count() == 1


@pytest.mark.django_db
def test_another_machine_signs_in_first(client):
    assert client.get("/inbox/messages.json").status_code == 200

    for elsewhere in ({"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}):
        answer = client.get("/inbox/messages.json", **elsewhere)
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]
