"""Where WebSockets lead."""

from django.urls import path

from journeys.web.consumers import VersionConsumer

websocket_urlpatterns: list = [
    path("ws/journeys/<int:version_id>/", VersionConsumer.as_asgi()),
]
