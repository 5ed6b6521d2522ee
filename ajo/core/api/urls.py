"""Addresses of the ground floor's API."""

from rest_framework.routers import SimpleRouter

from ajo.core.api import access

router = SimpleRouter()
router.register("sandboxes", access.SandboxViewSet, basename="api-sandbox")
router.register("api-keys", access.ApiKeyViewSet, basename="api-api-key")
router.register("audit-entries", access.AuditEntryViewSet, basename="api-audit-entry")

urlpatterns = router.urls
