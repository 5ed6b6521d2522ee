"""The provider of docs/extending/email-provider.md: one file, and mails leave through it."""

import base64
import json
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.urls import reverse

from ajo.core import clock
from channels_app import configurations, errors
from channels_app.channels.base import providers
from channels_app.content import contents
from channels_app.delivery import connections, outbox, sender
from channels_app.models import Configuration, Message, Suppression
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


class Api(ThreadingHTTPServer):
    """Takes mails as JSON. `answers`: status by recipient, 202 for everybody else."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mails: list[dict] = []
        self.headers: list[dict] = []
        self.answers: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mails"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: N802
        mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.answers.get(mail["to"], 202)
        self.server.headers.append(dict(self.headers))
        if status == 202:
            self.server.mails.append(mail)
        answer = json.dumps({"said": status}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args) -> None:
        pass


@contextmanager
def serving():
    with Api() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def api():
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def http_api(add_example, settings):
    add_example("email-provider.md", "channels_app.channels.email.providers", "http_api", providers)
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    sender._configurations.clear()
    connections._pools.clear()
    sender.content_of.cache_clear()


def configured(sandbox, api):
    values = {
        "from_name": "Shop",
        "from_email": "hello@shop.example",
        "address_path": "personalEmail.address",
    }
    return configurations.create(
        sandbox,
        {"name": "By API", "message_type": "transactional"},
        values | {"url": api.url, "token": "a secret", "pool_size": 2},
        actor="ana",
        provider="http_api",
    )


def send(sandbox, configuration, *emails: str) -> list[tuple]:
    parts = {"subject": "Hello {{ profile.name }}", "html": "<p>Hi</p>", "text": "", "preheader": ""}
    content = contents.freeze(configuration, parts, label="")
    people = [make.person(sandbox, email, name=email.partition("@")[0]) for email in emails]
    outbox.enqueue(
        outbox.Draft(
            sandbox.pk, person.pk, content.pk, "transactional", None, number, "mail", 1, '{"event": {}}'
        )
        for number, person in enumerate(people)
    )
    sender.run_once("transactional", clock.now())
    return list(Message.objects.order_by("id").values_list("state", "reason"))


def test_mails_leave_through_it(api):
    sandbox = make.sandbox()
    configuration = configured(sandbox, api)

    states = send(sandbox, configuration, "ina@example.com", "ben@example.com")

    assert states == [("sent", None), ("sent", None)]
    mails = {mail["to"]: mail for mail in api.mails}
    assert sorted(mails) == ["ben@example.com", "ina@example.com"]
    assert mails["ina@example.com"]["from"] == "hello@shop.example"
    mime = message_from_bytes(base64.b64decode(mails["ina@example.com"]["raw"]), policy=policy.default)
    assert mime["Subject"] == "Hello ina"
    assert {h["Authorization"] for h in api.headers} == {"Bearer a secret"}
    assert {h["Host"] for h in api.headers} == {f"127.0.0.1:{api.server_port}"}


def test_the_page_offers_it_and_makes_a_configuration_of_it(client, api):
    sandbox = make.sandbox()
    client.force_login(make.user("ana", role="marketer", of=sandbox))
    page = reverse("configurations:create")
    values = {"name": "By API", "message_type": "marketing", "is_active": "on", "from_name": "Shop"}
    values |= {"from_email": "hello@shop.example", "address_path": "personalEmail.address"}
    values |= {"url": api.url, "token": "a secret", "pool_size": "2"}

    offered = client.get(page).content.decode()
    answer = client.post(f"{page}?provider=http_api", values)

    assert 'href="?provider=http_api"' in offered
    assert answer.status_code == 302
    made = Configuration.objects.get(sandbox=sandbox)
    assert (made.provider, made.settings["url"], made.secrets) == ("http_api", api.url, {"token": "a secret"})
    assert "a secret" not in client.get(reverse("configurations:edit", args=[made.pk])).content.decode()


def test_a_provider_that_is_not_there_is_refused(client):
    sandbox = make.sandbox()
    client.force_login(make.user("ana", role="marketer", of=sandbox))

    assert client.get(reverse("configurations:create") + "?provider=pigeon").status_code == 400


def test_the_secret_is_kept_apart(api):
    configuration = configured(make.sandbox(), api)

    assert "token" not in configuration.settings
    assert configuration.secrets == {"token": "a secret"}


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (410, "bounced", "hard bounce: 410"),
        (400, "failed", "refused: 400"),
        (302, "failed", "refused: 302"),
        (429, "queued", "refused: 429"),
        (503, "queued", "refused: 503"),
    ],
)
def test_answers_decide_what_becomes_of_a_message(api, status, state, words):
    sandbox = make.sandbox()
    api.answers["ina@example.com"] = status

    [(found, reason)] = send(sandbox, configured(sandbox, api), "ina@example.com")

    assert (found, words in reason) == (state, True)
    assert Suppression.objects.filter(sandbox=sandbox).exists() is (status == 410)


def test_a_server_that_is_away_is_tried_again():
    sandbox = make.sandbox()
    with serving() as away:
        configuration = configured(sandbox, away)

    [(state, reason)] = send(sandbox, configuration, "ina@example.com")

    assert (state, "cannot be reached" in reason) == ("queued", True)


def test_a_private_address_is_not_called(api, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    configuration = configured(make.sandbox(), api)

    with pytest.raises(errors.TestFailed, match="private address"):
        configurations.send_test(configuration, "ina@example.com", actor="ana", now=clock.now())

    assert api.headers == []
