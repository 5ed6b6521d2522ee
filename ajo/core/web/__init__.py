"""Pages of the ground floor, and what every page shows around its content."""

from django.http import HttpRequest

from ajo.core.permissions import sandboxes_of


def chrome(request: HttpRequest) -> dict:
    """What the frame of every page needs: the sandbox, the sandboxes to switch to, and what the user may do."""
    access = getattr(request, "access", None)
    if access is None:
        return {"access": None}
    return {"access": access, "sandbox": access.sandbox, "sandboxes": sandboxes_of(access.user)}
