"""Addresses of the event pages."""

from django.urls import path

from journeys.web import events

app_name = "events"

urlpatterns = [
    path("", events.listing, name="list"),
    path("new/", events.create, name="create"),
    path("check/", events.check, name="check"),
    path("<int:definition_id>/", events.edit, name="edit"),
    path("<int:definition_id>/delete/", events.delete, name="delete"),
]
