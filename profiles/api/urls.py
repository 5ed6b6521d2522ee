"""Addresses of the facts storey's API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from profiles.api import catalogue, expressions, parked

router = SimpleRouter()
router.register("namespaces", catalogue.NamespaceViewSet, basename="api-namespace")
router.register("schemas", catalogue.SchemaViewSet, basename="api-schema")
router.register("datasets", catalogue.DatasetViewSet, basename="api-dataset")
router.register("inlets", catalogue.InletViewSet, basename="api-inlet")
router.register("parked-records", parked.ParkedRecordViewSet, basename="api-parked-record")

urlpatterns = [
    *router.urls,
    path("expressions/check/", expressions.CheckView.as_view(), name="api-expression-check"),
]
