"""Where WebSockets lead."""

websocket_urlpatterns: list = []
