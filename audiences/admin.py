"""Audiences in the Django admin."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from ajo.core.admin import Audited, Big, ReadOnly
from audiences.models import Audience, Membership


@admin.register(Audience)
class AudienceAdmin(Audited, ModelAdmin):
    audit_name = "audience"
    list_display = ["name", "status", "sandbox", "updated_at"]
    list_filter = ["sandbox", "status"]
    list_select_related = ["sandbox"]
    search_fields = ["name", "description"]

    def get_readonly_fields(self, request: HttpRequest, obj: Audience | None = None) -> list[str]:
        return ["sandbox", "external_id"] if obj else ["external_id"]


@admin.register(Membership)
class MembershipAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["profile_id", "audience", "status", "qualified_at", "exited_at", "sandbox"]
    list_filter = ["status", "sandbox"]
    list_select_related = ["audience", "sandbox"]
    search_fields = ["=profile_id", "audience__name"]
