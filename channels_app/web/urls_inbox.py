"""Addresses of the mail inbox; routed in the embedded run only."""

from django.urls import path

from channels_app.web import inbox

app_name = "inbox"

urlpatterns = [
    path("", inbox.listing, name="list"),
    path("messages.json", inbox.as_json, name="json"),
    path("delete/", inbox.delete_all, name="delete"),
    path("<int:mail_id>/", inbox.mail, name="mail"),
    path("<int:mail_id>/preview/", inbox.preview, name="preview"),
]
