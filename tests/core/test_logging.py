"""Log lines: valid JSON, with the request and the task they belong to."""

import asyncio
import io
import json
import logging
import logging.config

import pytest
import structlog
from celery import Celery
from django.http import HttpResponse
from django.test import RequestFactory

from ajo.core.logging import connect_celery, logging_config
from ajo.core.request_id import RequestIdMiddleware, current_request_id, request_id


@pytest.fixture
def lines():
    """The records written while the test runs, as the handler of the product renders them."""
    config = logging_config(level="INFO", json=True)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    formatter = config["formatters"]["line"]
    factory = formatter.pop("()")
    handler.setFormatter(factory(**formatter))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


def test_a_line_of_the_standard_library_is_one_json_object(lines):
    logging.getLogger("some.module").warning("%s of %s\nfailed", 2, 3, extra={"batch": 7})

    [line] = lines()
    assert line["event"] == "2 of 3\nfailed"
    assert (line["level"], line["logger"], line["batch"]) == ("warning", "some.module", 7)
    assert line["timestamp"].endswith("Z")


def test_an_exception_is_in_the_line_it_belongs_to(lines):
    try:
        raise ValueError("no such thing")
    except ValueError:
        structlog.get_logger("some.module").exception("failed", batch=7)

    [line] = lines()
    assert line["event"] == "failed"
    assert line["exception"].endswith("ValueError: no such thing")


def test_lines_of_a_request_carry_its_id(lines):
    def view(request):
        logging.getLogger("some.module").info("seen")
        return HttpResponse()

    response = RequestIdMiddleware(view)(
        RequestFactory().get("/", headers={"X-Request-ID": "given-by-proxy"})
    )

    assert [line["request_id"] for line in lines()] == ["given-by-proxy"]
    assert response["X-Request-ID"] == "given-by-proxy"
    assert current_request_id() == ""


def test_an_asynchronous_request_has_an_id_too():
    async def view(request):
        return HttpResponse(current_request_id())

    response = asyncio.run(RequestIdMiddleware(view)(RequestFactory().get("/")))

    assert len(response["X-Request-ID"]) == 32
    assert response.content.decode() == response["X-Request-ID"]


@pytest.mark.parametrize("sent", ["short", "x" * 65, "with space in it", 'quote"quote"'])
def test_an_id_that_could_spoil_a_log_is_replaced(sent):
    response = RequestIdMiddleware(lambda request: HttpResponse())(
        RequestFactory().get("/", headers={"X-Request-ID": sent})
    )

    assert response["X-Request-ID"] != sent
    assert len(response["X-Request-ID"]) == 32


def test_a_task_carries_the_id_of_the_request_that_started_it(lines):
    connect_celery()
    app = Celery("trial", broker="memory://", backend="cache+memory://")
    headers = {}

    @app.task(name="trial.work")
    def work():
        logging.getLogger("some.module").info("working")

    token = request_id.set("the-request")
    try:
        from celery import signals

        signals.before_task_publish.send(sender="trial.work", headers=headers)
    finally:
        request_id.reset(token)
    work.apply(headers=headers)

    [line] = [line for line in lines() if line["logger"] == "some.module"]
    assert headers == {"request_id": "the-request"}
    assert (line["request_id"], line["task_name"]) == ("the-request", "trial.work")
    assert len(line["task_id"]) == 36
    assert current_request_id() == ""
