"""The paths that take volume, served by the collector process; the web process answers them too."""

from django.urls import path

from profiles.api import collection

urlpatterns = [
    path("collection/batch/<str:key>", collection.collect_batch, name="collect-batch"),
    path("collection/<str:key>", collection.collect, name="collect"),
]
