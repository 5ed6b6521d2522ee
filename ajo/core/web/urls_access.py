"""Addresses of API keys, users and the audit log."""

from django.urls import include, path

from ajo.core.web import access

KEYS = [
    path("", access.api_keys, name="list"),
    path("new/", access.api_key_create, name="create"),
    path("<str:prefix>/revoke/", access.api_key_revoke, name="revoke"),
]
USERS = [
    path("", access.people, name="list"),
    path("new/", access.user_add, name="add"),
    path("<int:assignment_id>/role/", access.user_role, name="role"),
    path("<int:assignment_id>/remove/", access.user_remove, name="remove"),
    path("<int:assignment_id>/active/", access.user_active, name="active"),
]

urlpatterns = [
    path("api-keys/", include((KEYS, "api-keys"))),
    path("users/", include((USERS, "users"))),
    path("audit/", include(([path("", access.audit_log, name="list")], "audit"))),
]
