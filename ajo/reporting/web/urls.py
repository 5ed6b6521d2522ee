"""Addresses of the pages that read every storey."""

from django.urls import include, path

from ajo.reporting.web import messages, profiles, system

PROFILES = [
    path("", profiles.listing, name="list"),
    path("<int:profile_id>/", profiles.person, name="page"),
    path("<int:profile_id>/timeline/", profiles.timeline_part, name="timeline"),
]
MESSAGES = [
    path("", messages.listing, name="list"),
    path("<int:message_id>/", messages.message, name="page"),
    path("<int:message_id>/requeue/", messages.requeue, name="requeue"),
]

urlpatterns = [
    path("profiles/", include((PROFILES, "profiles"))),
    path("messages/", include((MESSAGES, "messages"))),
    path("system/", include(([path("", system.status, name="status")], "system"))),
]
