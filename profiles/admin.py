"""The storey of facts in the Django admin."""

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from ajo.core.admin import Audited, Big, ReadOnly
from profiles.ingest import parking
from profiles.models import (
    ConsentChange,
    Dataset,
    ExperienceEvent,
    Identity,
    InboxRow,
    Inlet,
    MergedProfile,
    Namespace,
    ParkedRecord,
    Profile,
    Schema,
)


@admin.register(Namespace)
class NamespaceAdmin(Audited, ModelAdmin):
    audit_name = "namespace"
    list_display = ["code", "name", "id_type", "priority", "is_standard", "sandbox"]
    list_filter = ["sandbox", "id_type", "is_standard"]
    list_select_related = ["sandbox"]
    search_fields = ["code", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Namespace | None = None) -> list[str]:
        return ["code", "sandbox", "is_standard"] if obj else []  # senders and stored identities rely on them

    def has_delete_permission(self, request: HttpRequest, obj: Namespace | None = None) -> bool:
        return obj is not None and not obj.is_standard and super().has_delete_permission(request, obj)


@admin.register(Schema)
class SchemaAdmin(Audited, ModelAdmin):
    audit_name = "schema"
    list_display = ["title", "record_class", "uri", "sandbox"]
    list_filter = ["sandbox", "record_class"]
    list_select_related = ["sandbox"]
    search_fields = ["title", "uri"]

    def get_readonly_fields(self, request: HttpRequest, obj: Schema | None = None) -> list[str]:
        return ["uri", "record_class", "sandbox"] if obj else []


@admin.register(Dataset)
class DatasetAdmin(Audited, ModelAdmin):
    audit_name = "dataset"
    list_display = ["name", "key", "schema", "sandbox"]
    list_filter = ["sandbox"]
    list_select_related = ["schema", "sandbox"]
    search_fields = ["name", "key"]
    readonly_fields = ["key"]
    raw_id_fields = ["schema"]


@admin.register(Inlet)
class InletAdmin(Audited, ModelAdmin):
    audit_name = "inlet"
    hidden_fields = ("key",)
    list_display = ["name", "needs_api_key", "is_active", "sandbox"]
    list_filter = ["sandbox", "is_active", "needs_api_key"]
    list_select_related = ["sandbox"]
    search_fields = ["name", "key"]

    def get_readonly_fields(self, request: HttpRequest, obj: Inlet | None = None) -> list[str]:
        return ["sandbox"] if obj else []


class IdentityInline(ReadOnly, TabularInline):
    model = Identity
    fields = readonly_fields = ["namespace", "value", "first_seen_at"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).select_related("namespace")


@admin.register(Profile)
class ProfileAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["__str__", "id", "sandbox", "created_at", "updated_at"]
    list_filter = ["sandbox"]
    list_select_related = ["sandbox"]
    search_fields = ["=id", "=identities__value"]
    inlines = [IdentityInline]


@admin.register(Identity)
class IdentityAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["value", "namespace", "profile_id", "sandbox", "first_seen_at"]
    list_filter = ["sandbox"]
    list_select_related = ["namespace", "sandbox"]
    search_fields = ["=value"]
    raw_id_fields = ["profile"]


@admin.register(MergedProfile)
class MergedProfileAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["old_profile_id", "profile_id", "merged_at"]
    search_fields = ["=old_profile_id", "=profile__id"]
    raw_id_fields = ["profile"]


@admin.register(ConsentChange)
class ConsentChangeAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["changed_at", "profile_id", "channel", "value", "source", "sandbox"]
    list_filter = ["sandbox", "channel", "value"]
    list_select_related = ["sandbox"]
    search_fields = ["=profile_id"]


@admin.register(ExperienceEvent)
class ExperienceEventAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["timestamp", "event_type", "profile_id", "event_id", "sandbox"]
    list_filter = ["sandbox"]
    list_select_related = ["sandbox"]
    search_fields = ["=profile_id", "=event_type"]


@admin.register(InboxRow)
class InboxRowAdmin(Big, ReadOnly, ModelAdmin):
    list_display = ["id", "shard", "inlet_id", "received_at", "sandbox"]
    list_filter = ["sandbox", "shard"]
    list_select_related = ["sandbox"]
    search_fields = ["=id", "=request_id"]


@admin.register(ParkedRecord)
class ParkedRecordAdmin(Big, ReadOnly, ModelAdmin):
    """Looked at here; mended one by one on the product's own page."""

    list_display = ["id", "parked_at", "code", "reason", "status", "sandbox"]
    list_filter = ["status", "sandbox", "code"]
    list_select_related = ["sandbox"]
    search_fields = ["code", "reason", "message"]
    actions = ["replay", "discard"]

    @admin.action(description="Replay: send the chosen records on as they came")
    def replay(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        count = parking.replay(ids_of(queryset), actor=request.user.get_username())
        messages.success(request, f"Sent on: {count}.")

    @admin.action(description="Discard: give the chosen records up")
    def discard(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        count = parking.discard(ids_of(queryset), actor=request.user.get_username())
        messages.success(request, f"Given up: {count}.")


def ids_of(queryset: models.QuerySet) -> list[int]:
    return list(queryset.values_list("pk", flat=True))
