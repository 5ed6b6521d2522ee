"""Pages of the ground floor, and what every page shows around its content."""

from django.conf import settings
from django.http import HttpRequest

from ajo.core.permissions import sandboxes_of

THEMES = ("light", "dark")


def chrome(request: HttpRequest) -> dict:
    """What the frame of every page needs: theme, sandbox, other sandboxes, what the user may do."""
    theme = request.COOKIES.get("theme")
    frame = {"theme": theme if theme in THEMES else "", "is_embedded": settings.EMBEDDED, "access": None}
    access = getattr(request, "access", None)
    if access is None:
        return frame
    return frame | {"access": access, "sandbox": access.sandbox, "sandboxes": sandboxes_of(access.user)}
