"""Addresses of the channels storey's API."""

from rest_framework.routers import SimpleRouter

from channels_app.api import configurations, messages

router = SimpleRouter()
router.register("configurations", configurations.ConfigurationViewSet, basename="api-configuration")
router.register("messages", messages.MessageViewSet, basename="api-message")
router.register("suppressions", messages.SuppressionViewSet, basename="api-suppression")

urlpatterns = router.urls
