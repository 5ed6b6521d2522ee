"""Addresses of the API that reads every storey."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from ajo.reporting.api import operations, profiles

router = SimpleRouter()
router.register("profiles", profiles.ProfileViewSet, basename="api-profile")

urlpatterns = [*router.urls, path("operations/", operations.OperationsView.as_view(), name="api-operations")]
