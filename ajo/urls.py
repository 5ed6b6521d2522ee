"""Where every address leads."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="journeys:list"), name="home"),
    path("", include("ajo.core.web.urls")),
    path("", include("ajo.urls_collector")),
    path("journeys/", include("journeys.web.urls")),
    path("", include("ajo.core.web.urls_access")),
    path("", include("profiles.web.urls")),
    path("", include("channels_app.web.urls")),
    path("events/", include("journeys.web.urls_events")),
    path("", include("ajo.reporting.web.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/openapi.json", SpectacularAPIView.as_view(), name="openapi"),
    path("api/v1/", include("ajo.urls_api")),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="openapi"), name="api-docs"),
]
if settings.EMBEDDED:
    urlpatterns.append(path("inbox/", include("channels_app.web.urls_inbox")))
