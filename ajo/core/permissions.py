"""Who may do what. Roles are a table of permission names; views and endpoints name the permission they need."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.deprecation import MiddlewareMixin

from ajo.core.errors import NotAllowed
from ajo.core.models import ApiKey, RoleAssignment, Sandbox, User

PERMISSIONS: dict[str, str] = {
    "journeys.view": "See journeys and their numbers",
    "journeys.edit": "Draw and change journeys",
    "journeys.publish": "Publish, close and stop journeys",
    "profiles.view": "See profiles, their events and messages",
    "profiles.ingest": "Send records and events",
    "audiences.view": "See audiences",
    "audiences.edit": "Change audiences",
    "messages.view": "See messages",
    "configurations.view": "See channel configurations and event configurations",
    "configurations.edit": "Change channel configurations and event configurations",
    "operations.view": "See parked records and the state of the system",
    "operations.replay": "Replay or discard parked records",
    "access.edit": "Manage users, roles and API keys",
    "audit.view": "See the audit log",
}

VIEWS = {name for name in PERMISSIONS if name.endswith(".view") and name != "audit.view"}
ROLES: dict[str, set[str]] = {
    "administrator": set(PERMISSIONS),
    "marketer": VIEWS | {"journeys.edit", "journeys.publish", "audiences.edit", "configurations.edit"},
    "analyst": VIEWS,
}


@dataclass(frozen=True)
class Access:
    """What the caller of a request may do, in one sandbox."""

    sandbox: Sandbox
    permissions: frozenset[str]
    actor: str
    user: User | None = None
    api_key: ApiKey | None = None

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        if not self.may(permission):
            raise NotAllowed(needs=permission)


def sandboxes_of(user: User) -> list[Sandbox]:
    """The sandboxes this user may enter."""
    if user.is_superuser:
        return list(Sandbox.objects.all())
    return list(Sandbox.objects.filter(role_assignments__user=user))


def access_of(user: User, sandbox: Sandbox) -> Access | None:
    """The user's access to the sandbox; None when they have no role there."""
    if user.is_superuser:
        granted = set(PERMISSIONS)
    else:
        roles = RoleAssignment.objects.filter(user=user, sandbox=sandbox).values_list("role", flat=True)
        if not roles:
            return None
        granted = set().union(*(ROLES.get(role, set()) for role in roles))
    return Access(sandbox=sandbox, permissions=frozenset(granted), actor=user.get_username(), user=user)


def choose_sandbox(user: User, wanted: str | None) -> Access | None:
    """The access to the wanted sandbox, or to the first one the user may enter."""
    allowed = sandboxes_of(user)
    sandbox = next((s for s in allowed if s.name == wanted), min(allowed, key=lambda s: s.pk, default=None))
    return access_of(user, sandbox) if sandbox else None


class AccessMiddleware(MiddlewareMixin):
    """Sets `request.access` for signed-in people, from the sandbox their session is in."""

    def process_request(self, request: HttpRequest) -> None:
        request.access = None
        if request.user.is_authenticated:
            request.access = choose_sandbox(request.user, request.session.get("sandbox"))


def needs(permission: str) -> Callable:
    """Let a page be opened only by those who may: others sign in, or are told what they lack."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                login = resolve_url(settings.LOGIN_URL)
                if getattr(request, "htmx", False):
                    return HttpResponse(status=401, headers={"HX-Redirect": login})
                return redirect(f"{login}?next={request.get_full_path()}")
            if request.access is None:
                raise NotAllowed("You have no role in any sandbox yet. Ask an administrator for one.")
            request.access.require(permission)
            return view(request, *args, **kwargs)

        checked.needs = permission
        return checked

    return decorate
