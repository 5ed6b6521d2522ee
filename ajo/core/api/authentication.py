"""Who calls the API: a program with an API key, or a signed-in person's browser."""

from datetime import timedelta

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from ajo.core import clock
from ajo.core.models import ApiKey
from ajo.core.permissions import Access, choose_sandbox

USED_PRECISION = timedelta(minutes=1)  # a key's last use is written at most this often


def access_from_key(secret: str) -> Access | None:
    """The access that a usable key gives; None for an unknown, revoked or expired one."""
    try:
        key = ApiKey.objects.select_related("sandbox").get(
            pk__isnull=False, prefix=secret.partition(".")[0], revoked=False
        )
    except (ApiKey.DoesNotExist, ApiKey.MultipleObjectsReturned):
        return None
    if not key.is_valid(secret) or key.has_expired:
        return None
    now = clock.now()
    if key.last_used_at is None or now - key.last_used_at > USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Access(
        sandbox=key.sandbox, permissions=frozenset(key.permissions), actor=f"API key {key.name}", api_key=key
    )


def secret_from_header(request: HttpRequest) -> str | None:
    """The key of `Authorization: Api-Key …`, `Authorization: Bearer …` or `x-api-key`."""
    scheme, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() in ("api-key", "bearer") and value.strip():
        return value.strip()
    return request.META.get("HTTP_X_API_KEY")


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key <secret>`."""

    def authenticate(self, request):
        secret = secret_from_header(request)
        if not secret:
            return None
        access = access_from_key(secret)
        if access is None:
            raise AuthenticationFailed("This API key is unknown, revoked or expired.")
        request._request.access = access
        return (access.api_key, access)

    def authenticate_header(self, request) -> str:
        return "Api-Key"


class SandboxSessionAuthentication(SessionAuthentication):
    """The browser's session, in the sandbox named by `x-sandbox-name` or else the session's."""

    def authenticate(self, request):
        answer = super().authenticate(request)
        if answer is None:
            return None
        user, _ = answer
        wanted = request.META.get("HTTP_X_SANDBOX_NAME") or request._request.session.get("sandbox")
        access = choose_sandbox(user, wanted)
        request._request.access = access
        return (user, access)


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema) -> dict:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key <secret>`, from Administration → API keys.",
        }


class SandboxSessionScheme(OpenApiAuthenticationExtension):
    target_class = SandboxSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema) -> dict:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
