"""What every sandbox begins with: the standard namespaces, a schema and dataset of each class, one inlet."""

from django.conf import settings
from django.db import transaction

from ajo.core.models import Sandbox
from profiles.models import Dataset, Inlet, Namespace, Schema

# code, name, type, priority (lower ranks higher: people, then devices, then cookies)
NAMESPACES = [
    ("CRMID", "CRM id", "CROSS_DEVICE", 10),
    ("LoyaltyID", "Loyalty id", "CROSS_DEVICE", 20),
    ("Email", "E-mail", "EMAIL", 30),
    ("Email_LC_SHA256", "E-mail (SHA256, lower-cased)", "EMAIL", 35),
    ("Phone", "Phone", "PHONE", 40),
    ("Phone_E.164", "Phone (E.164)", "PHONE", 41),
    ("Phone_SHA256", "Phone (SHA256)", "PHONE", 45),
    ("IDFA", "Apple IDFA", "DEVICE", 60),
    ("GAID", "Google Ad ID", "DEVICE", 61),
    ("APNS", "Apple push token", "DEVICE", 65),
    ("FCM", "Google push token", "DEVICE", 66),
    ("ECID", "Experience Cloud ID", "COOKIE", 80),
    ("AAID", "Analytics id", "COOKIE", 85),
]


def schema_uri(sandbox: Sandbox, name: str) -> str:
    """The id of a standard schema of a sandbox: "profile" or "event"."""
    return f"{settings.PUBLIC_URL}/schemas/{sandbox.name}/{name}"


@transaction.atomic
def furnish(sandbox: Sandbox) -> Inlet:
    """Make what is missing; the sandbox's first inlet. Runs any number of times."""
    for code, name, id_type, priority in NAMESPACES:
        Namespace.objects.get_or_create(
            sandbox=sandbox,
            code=code,
            defaults={"name": name, "id_type": id_type, "priority": priority, "is_standard": True},
        )
    for name, title, record_class in (
        ("profile", "Individual profile", Schema.RecordClass.PROFILE),
        ("event", "Experience event", Schema.RecordClass.EVENT),
    ):
        schema = Schema.objects.filter(sandbox=sandbox, record_class=record_class).order_by("id").first()
        if schema is None:
            schema = Schema.objects.create(
                sandbox=sandbox, uri=schema_uri(sandbox, name), title=title, record_class=record_class
            )
        if not schema.datasets.exists():
            Dataset.objects.create(sandbox=sandbox, name=f"{title}s", schema=schema)
    inlet = Inlet.objects.filter(sandbox=sandbox).order_by("id").first()
    return inlet or Inlet.objects.create(sandbox=sandbox, name="Web and server")
