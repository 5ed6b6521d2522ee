"""The doors that take volume: `POST /collection/{inlet}` and `/collection/batch/{inlet}`.

Plain views without the API framework: the collector answers thousands of them a second.
"""

import time
from collections.abc import Callable
from functools import wraps

import orjson
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ajo.core import clock
from ajo.core.api.authentication import access_from_key, secret_from_header
from ajo.core.api.problems import json_problem
from ajo.core.errors import BadInput, NotAllowed, Refused, TooLarge
from profiles.errors import InvalidMessage, NotStored
from profiles.ingest import accept

MAX_BODY_BYTES = 10_000_000
MAX_MESSAGES = 1_000  # in one batch request


def door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST view without cookies, whose refusals are problem JSON."""

    @wraps(view)
    def answered(request: HttpRequest, key: str) -> HttpResponse:
        try:
            try:
                return view(request, open_inlet(request, key))
            except (OperationalError, InterfaceError) as error:  # the database is away
                raise NotStored() from error
        except Refused as refusal:
            response = json_problem(refusal.status, refusal.code, refusal.message, **refusal.details)
            if refusal.status == 503:
                response["Retry-After"] = "1"
            return response

    return csrf_exempt(require_POST(answered))


def open_inlet(request: HttpRequest, key: str) -> accept.OpenInlet:
    """The inlet, if the caller may use it. An authenticated inlet needs a key of its sandbox."""
    inlet = accept.open_inlet(key, time.monotonic())
    if inlet.needs_api_key:
        secret = secret_from_header(request)
        access = access_from_key(secret) if secret else None
        if access is None:
            raise NeedsKey()
        if access.sandbox.pk != inlet.sandbox_id or not access.may("profiles.ingest"):
            raise NotAllowed("This API key may not send to this inlet.")
    return inlet


class NeedsKey(Refused):
    code = "access.key_missing"
    message = "This inlet needs an API key: Authorization: Bearer <key>."
    status = 401


def read_json(request: HttpRequest) -> tuple[object, bytes]:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise TooLarge(f"A request has at most {MAX_BODY_BYTES:,} bytes.")
    raw = request.body
    if len(raw) > MAX_BODY_BYTES:
        raise TooLarge(f"A request has at most {MAX_BODY_BYTES:,} bytes.")
    try:
        return orjson.loads(raw), raw
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The body is not valid JSON: {error}.") from None


def transaction_id(millis: int, number: int) -> str:
    return f"{millis}:{time.monotonic_ns() % 1_000_000}:{number}"


def violation(error: InvalidMessage) -> dict:
    """The report of a message that failed validation, as senders of the field's protocol read it."""
    return {
        "message": error.message,
        "cause": {
            "_streamingValidation": [
                {"pointerToViolation": f"#{error.details.get('pointer', '')}", "message": error.message}
            ]
        },
    }


def answer(body: dict, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), status=status, content_type="application/json")


def asks_for_validation(request: HttpRequest) -> bool:
    """`?syncValidation=true`, or the parameter's older name. Most requests have no query, which is not parsed then."""
    if not request.META.get("QUERY_STRING"):
        return False
    return request.GET.get("syncValidation", request.GET.get("synchronousValidation", "")).lower() == "true"


@door
def collect(request: HttpRequest, inlet: accept.OpenInlet) -> HttpResponse:
    """One message. Answered once its row is on disk."""
    message, raw = read_json(request)
    now = clock.now()
    millis = int(now.timestamp() * 1000)
    try:
        entry = accept.entry_of(message, raw, inlet, now)
    except InvalidMessage as error:
        return json_problem(400, error.code, error.message, report=violation(error))
    accept.store([entry])
    return answer(
        {
            "inletId": request.path.rsplit("/", 1)[-1],
            "xactionId": transaction_id(millis, 0),
            "receivedTimeMs": millis,
            "syncValidation": {"status": "pass"} if asks_for_validation(request) else {"skipped": True},
        }
    )


@door
def collect_batch(request: HttpRequest, inlet: accept.OpenInlet) -> HttpResponse:
    """Many messages: one answer each, in their order. Those accepted are on disk."""
    body, _ = read_json(request)
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not messages:
        raise BadInput("The body must be an object with a list of messages.")
    if len(messages) > MAX_MESSAGES:
        raise TooLarge(f"A batch has at most {MAX_MESSAGES} messages; this has {len(messages)}.")
    now = clock.now()
    millis = int(now.timestamp() * 1000)
    entries, responses = [], []
    for number, message in enumerate(messages):
        try:
            entries.append(accept.entry_of(message, None, inlet, now))
            responses.append({"xactionId": transaction_id(millis, number)})
        except InvalidMessage as error:
            responses.append({"statusCode": 400, "message": error.message, "report": violation(error)})
    accept.store(entries)
    body = {
        "inletId": request.path.rsplit("/", 1)[-1],
        "batchId": transaction_id(millis, len(messages)),
        "receivedTimeMs": millis,
        "responses": responses,
    }
    return answer(body, status=207)
