"""Short notes in the corner of the page, sent with an answer to HTMX."""

import json

from django.http import HttpResponse


def toast(
    response: HttpResponse, message: str, *, level: str = "success", undo: bool = False
) -> HttpResponse:
    """Let the page show `message`. `level`: success, info, warning, danger; `undo` offers to undo."""
    triggers = json.loads(response.headers.get("HX-Trigger", "{}"))
    triggers["toast"] = {"message": message, "level": level, "undo": undo}
    response.headers["HX-Trigger"] = json.dumps(triggers)
    return response
