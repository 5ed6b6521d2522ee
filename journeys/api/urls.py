"""Addresses of the journeys storey's API."""

from rest_framework.routers import SimpleRouter

from journeys.api import events, journeys, node_types

router = SimpleRouter()
router.register("event-definitions", events.EventDefinitionViewSet, basename="api-event-definition")
router.register("journeys", journeys.JourneyViewSet, basename="api-journey")
router.register("journey-versions", journeys.JourneyVersionViewSet, basename="api-journey-version")
router.register("node-types", node_types.NodeTypeViewSet, basename="api-node-type")

urlpatterns = router.urls
