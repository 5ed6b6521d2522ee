"""Errors as problem JSON (RFC 9457): type, title, status, detail, and what else helps to mend it."""

import logging

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ajo.core.errors import Refused
from ajo.core.request_id import current_request_id

CONTENT_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


def problem(status: int, code: str, detail: str, **more: object) -> dict:
    """The body of an error answer. `code` is stable; `detail` says what, where and how to mend it."""
    body = {"type": f"urn:problem:{code}", "title": code, "status": status, "detail": detail, **more}
    if request_id := current_request_id():
        body["requestId"] = request_id
    return body


def json_problem(status: int, code: str, detail: str, **more: object) -> JsonResponse:
    """The same as a plain Django response, for views outside the API framework."""
    return JsonResponse(problem(status, code, detail, **more), status=status, content_type=CONTENT_TYPE)


def handler(exc: Exception, context: dict) -> Response | None:
    """The API framework's exception handler."""
    headers = {}
    if isinstance(exc, Refused):
        # a refusal's details may have names of their own, but never take those of the problem
        body = exc.details | problem(exc.status, exc.code, exc.message)
    elif isinstance(exc, Http404):
        body = problem(404, "not_found", "There is no such object in this sandbox.")
    elif isinstance(exc, PermissionDenied):
        body = problem(403, "access.not_allowed", str(exc) or "Your role or API key does not allow this.")
    elif isinstance(exc, exceptions.ValidationError):
        body = problem(400, "validation", "Some fields are not valid.", errors=exc.detail)
    elif isinstance(exc, exceptions.APIException):
        body = problem(exc.status_code, exc.default_code, str(exc.detail))
        if getattr(exc, "auth_header", None):
            headers["WWW-Authenticate"] = exc.auth_header
        if getattr(exc, "wait", None):
            headers["Retry-After"] = str(int(exc.wait) + 1)
    else:
        return None
    set_rollback()
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> JsonResponse:
    """What is left when nobody expected the error; the traceback is in the log under the request id."""
    return json_problem(500, "internal", "An unexpected error happened. The log has it under the request id.")
