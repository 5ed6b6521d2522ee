"""The channels storey in the Django admin."""

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from ajo.core.admin import Audited, Big, ReadOnly
from channels_app.delivery import outbox
from channels_app.models import Configuration, Content, InboxMail, Link, Message, MessageEvent, Suppression


@admin.register(Configuration)
class ConfigurationAdmin(Audited, ModelAdmin):
    """Settings and secrets are checked by their forms on the product's own page; here one only looks."""

    audit_name = "configuration"
    list_display = ["name", "channel", "provider", "message_type", "is_active", "sandbox"]
    list_filter = ["sandbox", "channel", "provider", "message_type", "is_active"]
    list_select_related = ["sandbox"]
    search_fields = ["name"]
    fields = [
        "sandbox",
        "name",
        "channel",
        "provider",
        "message_type",
        "is_active",
        "settings",
        "created_at",
        "updated_at",
    ]
    readonly_fields = ["sandbox", "channel", "provider", "settings", "created_at", "updated_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Configuration | None = None) -> bool:
        return False  # published contents need it; it is switched off instead


class LinkInline(ReadOnly, TabularInline):
    model = Link
    extra = 0


@admin.register(Content)
class ContentAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["__str__", "channel", "configuration", "created_at", "sandbox"]
    list_filter = ["sandbox", "channel"]
    list_select_related = ["configuration", "sandbox"]
    search_fields = ["label"]
    inlines = [LinkInline]


@admin.register(Message)
class MessageAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["id", "created_at", "state", "reason", "address", "profile_id", "node_id", "sandbox"]
    list_filter = ["state", "message_type", "sandbox"]
    list_select_related = ["sandbox"]
    search_fields = ["=id", "=profile_id", "=address"]
    raw_id_fields = ["content"]
    actions = ["requeue"]

    @admin.action(description="Send the chosen failed messages again")
    def requeue(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        by_sandbox: dict[int, list[int]] = {}
        for sandbox_id, message_id in queryset.values_list("sandbox_id", "pk"):
            by_sandbox.setdefault(sandbox_id, []).append(message_id)
        count = sum(outbox.requeue(sandbox_id, ids) for sandbox_id, ids in by_sandbox.items())
        messages.success(request, f"Back in the outbox: {count}.")


@admin.register(MessageEvent)
class MessageEventAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["at", "kind", "reason", "message_id", "profile_id", "sandbox"]
    list_filter = ["kind", "sandbox"]
    list_select_related = ["sandbox"]
    search_fields = ["=message_id", "=profile_id"]


@admin.register(Suppression)
class SuppressionAdmin(Audited, ModelAdmin):
    audit_name = "suppression"
    list_display = ["address", "reason", "created_at", "sandbox"]
    list_filter = ["sandbox", "reason"]
    list_select_related = ["sandbox"]
    search_fields = ["address"]

    def save_model(self, request: HttpRequest, obj: Suppression, form, change: bool) -> None:
        obj.address = obj.address.strip().lower()
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)


@admin.register(InboxMail)
class InboxMailAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["received_at", "mail_from", "rcpt_to", "subject"]
    search_fields = ["subject", "mail_from"]
    exclude = ["source"]
