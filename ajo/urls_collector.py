"""The paths that take volume, served by the collector process; the web process answers them too."""

from django.urls import path

from ajo.core import health
from channels_app.feedback import tracking
from profiles.api import collection

urlpatterns = [
    path("collection/batch/<str:key>", collection.collect_batch, name="collect-batch"),
    path("collection/<str:key>", collection.collect, name="collect"),
    path("t/o/<str:token>.gif", tracking.opened, name="track-open"),
    path("t/c/<str:token>", tracking.clicked, name="track-click"),
    path("u/<str:token>", tracking.unsubscribe, name="unsubscribe"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
