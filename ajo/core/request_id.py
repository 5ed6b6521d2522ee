"""One id for all that a request causes: in its answer, in every log line, in the tasks it starts."""

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"

# What a caller sends goes into logs and headers: nothing in it may end a line or fill a disk.
ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{8,64}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Of the request or task at hand; empty outside of one."""
    return request_id.get()


class RequestIdMiddleware:
    """Takes the caller's X-Request-ID or makes one. Stands first in the list."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest):
        if self.is_async:
            return self._call_async(request)
        token = self._begin(request)
        try:
            return self._end(request, self.get_response(request))
        finally:
            request_id.reset(token)

    async def _call_async(self, request: HttpRequest) -> HttpResponse:
        token = self._begin(request)
        try:
            return self._end(request, await self.get_response(request))
        finally:
            request_id.reset(token)

    def _begin(self, request: HttpRequest):
        sent = request.headers.get(HEADER, "")
        request.id = sent if ACCEPTED.fullmatch(sent) else uuid.uuid4().hex
        return request_id.set(request.id)

    def _end(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response[HEADER] = request.id
        return response
