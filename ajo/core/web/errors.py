"""Refusals on pages: a toast for HTMX, a page of its own otherwise, problem JSON for programs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from ajo.core.api.problems import json_problem
from ajo.core.errors import Refused
from ajo.core.web.toasts import toast


class RefusedMiddleware(MiddlewareMixin):
    """Turns a `Refused` that no view caught into an answer people can act on."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        return answer(request, exception)


def answer(request: HttpRequest, refused: Refused) -> HttpResponse:
    if getattr(request, "htmx", False):
        response = HttpResponse(status=refused.status, headers={"HX-Reswap": "none"})
        return toast(response, refused.message, level="danger")
    if not request.accepts("text/html"):
        return json_problem(refused.status, refused.code, refused.message)
    return render(request, "refused.html", {"refused": refused}, status=refused.status)
