"""The addresses under /api/v1/: each storey brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("ajo.core.api.urls")),
    path("", include("profiles.api.urls")),
    path("", include("channels_app.api.urls")),
    path("", include("journeys.api.urls")),
    path("", include("ajo.reporting.api.urls")),
]
