"""Sandboxes in the Django admin. On the roof, because a new sandbox is furnished by the storey of facts."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from ajo.core.admin import Audited
from ajo.core.models import Sandbox
from profiles.standard import furnish


@admin.register(Sandbox)
class SandboxAdmin(Audited, ModelAdmin):
    """A sandbox is made complete; it is not deleted here, since its people's data would go with one click."""

    audit_name = "sandbox"
    list_display = ["title", "name", "timezone", "created_at"]
    search_fields = ["title", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Sandbox | None = None) -> list[str]:
        return ["name"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Sandbox | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Sandbox, form, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            furnish(obj)

    def record(self, request: HttpRequest, deed: str, obj: Sandbox, changes: dict | None = None) -> None:
        obj.sandbox_id = obj.pk
        super().record(request, deed, obj, changes)
