"""Each API view names the permission it needs: `needs = "journeys.view"`, or one per action or method."""

from rest_framework.permissions import BasePermission


class HasAccess(BasePermission):
    """The caller's access holds the permission that the view needs for this action."""

    message = "Your role or API key does not allow this."

    def has_permission(self, request, view) -> bool:
        access = request.auth
        if access is None:
            return False
        needs = getattr(view, "needs", None)
        if isinstance(needs, dict):
            needs = needs.get(getattr(view, "action", None)) or needs.get(request.method) or needs.get("*")
        if needs is None:  # a view that forgot to say is closed
            return False
        return access.may(needs)


class IsKnown(BasePermission):
    """Anybody who may enter a sandbox."""

    def has_permission(self, request, view) -> bool:
        return request.auth is not None
