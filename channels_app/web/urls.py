"""Addresses of the channels storey's pages."""

from django.urls import include, path

from channels_app.web import configurations, suppressions

CONFIGURATIONS = [
    path("", configurations.listing, name="list"),
    path("new/", configurations.create, name="create"),
    path("<int:configuration_id>/", configurations.edit, name="edit"),
    path("<int:configuration_id>/test/", configurations.test, name="test"),
    path("<int:configuration_id>/delete/", configurations.delete, name="delete"),
]
SUPPRESSIONS = [
    path("", suppressions.listing, name="list"),
    path("new/", suppressions.add, name="add"),
    path("<int:suppression_id>/remove/", suppressions.remove, name="remove"),
]

urlpatterns = [
    path("configurations/", include((CONFIGURATIONS, "configurations"))),
    path("suppressions/", include((SUPPRESSIONS, "suppressions"))),
]
