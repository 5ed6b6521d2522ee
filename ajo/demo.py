"""The demo sandbox of the first run: people, an event, a mail configuration and a live welcome journey."""

from datetime import datetime

from django.db import transaction

from ajo import pipeline
from ajo.core.models import Sandbox, User
from channels_app.models import Configuration
from journeys import versions
from journeys.models import EventDefinition, Journey, JourneyVersion
from profiles.ingest import accept
from profiles.models import Inlet, Namespace, Schema
from profiles.standard import furnish

JOURNEY = "Welcome new subscribers"
PEOPLE = [
    ("Ina", "Okafor", "ina@example.com", "Lyon", "FR", "gold", 1240),
    ("Mateo", "Silva", "mateo@example.com", "Porto", "PT", "silver", 310),
    ("Yuki", "Tanaka", "yuki@example.com", "Osaka", "JP", "gold", 2075),
    ("Priya", "Raman", "priya@example.com", "Chennai", "IN", "bronze", 40),
    ("Lars", "Nygaard", "lars@example.com", "Bergen", "NO", "silver", 520),
    ("Amara", "Diallo", "amara@example.com", "Dakar", "SN", "bronze", 15),
    ("Chloé", "Moreau", "chloe@example.com", "Nantes", "FR", "gold", 1810),
    ("Tomasz", "Zieliński", "tomasz@example.com", "Gdańsk", "PL", "bronze", 0),
]
MAIL = """<!doctype html>
<html><head><meta charset="utf-8"><title>Welcome</title></head>
<body style="margin:0;background:#f4f6f8;font-family:Helvetica,Arial,sans-serif;color:#1d2733">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="background:#ffffff;border-radius:12px">
<tr><td style="padding:36px 40px">
<h1 style="margin:0 0 16px;font-size:24px">HEADLINE</h1>
<p style="margin:0 0 16px;font-size:16px;line-height:1.5">BODY</p>
<p style="margin:0 0 28px"><a href="https://example.com/shop?source=welcome"
 style="background:#0b5cad;color:#ffffff;text-decoration:none;padding:12px 22px;border-radius:8px;display:inline-block">
Have a look around</a></p>
<p style="margin:0;font-size:13px;color:#5b6875">You get this mail because you subscribed to our newsletter.
<a href="{{ unsubscribe_url }}" style="color:#5b6875">Unsubscribe</a></p>
</td></tr></table></td></tr></table></body></html>
"""


def message(configuration: Configuration, subject: str, headline: str, body: str) -> dict:
    html = MAIL.replace("HEADLINE", headline).replace("BODY", body)
    return {"configuration": configuration.pk, "subject": subject, "preheader": "", "html": html, "text": ""}


def graph(definition: EventDefinition, configuration: Configuration) -> dict:
    """Event, a condition on the loyalty tier, two different mails, a wait, a last mail."""
    name = "{{ profile.person.name.firstName | default('there', true) }}"
    gold = message(
        configuration,
        f"A warm welcome to a gold member, {name}",
        f"Good to see you, {name}!",
        "As a gold member you have {{ profile.loyalty.points }} points waiting, and free delivery on every order.",
    )
    everybody = message(
        configuration,
        f"Welcome, {name}",
        f"Welcome, {name}!",
        "Good to have you with us. Here is what is new this week.",
    )
    reminder = message(
        configuration,
        f"{name}, did you see our favourites?",
        "Our favourites of the week",
        "Three things that others liked.",
    )
    paths = [{"id": "gold", "label": "Gold members", "expression": 'profile.loyalty.tier = "gold"'}]
    return {
        "nodes": {
            "start": {
                "kind": "unitary_event",
                "label": "Subscribed",
                "params": {"definition": definition.pk},
            },
            "tier": {
                "kind": "condition",
                "label": "Loyalty tier",
                "params": {"paths": paths, "other_cases": True},
            },
            "mail_gold": {"kind": "email", "label": "Gold welcome", "params": gold},
            "mail": {"kind": "email", "label": "Welcome", "params": everybody},
            "wait": {
                "kind": "wait",
                "label": "Wait two minutes",
                "params": {
                    "method": "duration",
                    "amount": 2,
                    "unit": "minutes",
                },  # so that a try shows all of it
            },
            "reminder": {"kind": "email", "label": "Favourites", "params": reminder},
            "end": {"kind": "end", "label": "Welcomed", "params": {}},
        },
        "edges": [
            {"id": "e1", "src": "start", "outlet": "next", "dst": "tier"},
            {"id": "e2", "src": "tier", "outlet": "gold", "dst": "mail_gold"},
            {"id": "e3", "src": "tier", "outlet": "other", "dst": "mail"},
            {"id": "e4", "src": "mail_gold", "outlet": "next", "dst": "wait"},
            {"id": "e5", "src": "mail", "outlet": "next", "dst": "wait"},
            {"id": "e6", "src": "wait", "outlet": "next", "dst": "reminder"},
            {"id": "e7", "src": "reminder", "outlet": "next", "dst": "end"},
        ],
    }


def subscribed(sandbox: Sandbox, email: str, event_id: str, timestamp: str) -> dict:
    """The message that starts the demo journey for somebody."""
    schema = (
        Schema.objects.filter(sandbox=sandbox, record_class=Schema.RecordClass.EVENT).order_by("id").first()
    )
    return {
        "header": {"schemaRef": {"id": schema.uri}},
        "body": {
            "xdmEntity": {
                "_id": event_id,
                "timestamp": timestamp,
                "eventType": "newsletter.subscribed",
                "identityMap": {"Email": [{"id": email, "primary": True}]},
                "web": {"webPageDetails": {"name": "Newsletter form"}},
            }
        },
    }


@transaction.atomic
def load(*, password: str | None, smtp_host: str, smtp_port: int, now: datetime) -> tuple[bool, Inlet]:
    """Make the demo sandbox and its first administrator, once; (was it made now, its inlet)."""
    sandbox, is_new = Sandbox.objects.get_or_create(name="demo", defaults={"title": "Demo"})
    inlet = furnish(sandbox)
    if not User.objects.filter(is_superuser=True).exists():
        User.objects.create_superuser("admin", email="admin@example.com", password=password)
    configuration, _ = Configuration.objects.get_or_create(
        sandbox=sandbox,
        name="Newsletter",
        defaults={
            "settings": {
                "from_name": "Journey optimizer demo",
                "from_email": "hello@demo.example",
                "host": smtp_host,
                "port": smtp_port,
                "security": "none",
                "pool_size": 20,
                "address_path": "personalEmail.address",
            }
        },
    )
    if configuration.settings.get("port") != smtp_port and configuration.settings.get("host") == smtp_host:
        configuration.settings["port"] = smtp_port  # the mail inbox listens elsewhere since the last start
        configuration.save()
    if is_new:
        add_people(sandbox, inlet, now)
        publish_journey(sandbox, configuration)
    return is_new, inlet


def add_people(sandbox: Sandbox, inlet: Inlet, now: datetime) -> None:
    schema = (
        Schema.objects.filter(sandbox=sandbox, record_class=Schema.RecordClass.PROFILE).order_by("id").first()
    )
    opened = accept.OpenInlet(inlet.pk, sandbox.pk, False)
    entries = []
    for number, (first, last, email, city, country, tier, points) in enumerate(PEOPLE, start=1):
        entity = {
            "person": {"name": {"firstName": first, "lastName": last}},
            "personalEmail": {"address": email},
            "homeAddress": {"city": city, "countryCode": country},
            "loyalty": {"tier": tier, "points": points},
            "testProfile": False,
            "identityMap": {
                "Email": [{"id": email, "primary": True}],
                "CRMID": [{"id": f"C-{1000 + number}"}],
            },
        }
        record = {"header": {"schemaRef": {"id": schema.uri}}, "body": {"xdmEntity": entity}}
        entries.append(accept.entry_of(record, None, opened, now))
    accept.store(entries)
    pipeline.process_once(now)


def publish_journey(sandbox: Sandbox, configuration: Configuration) -> JourneyVersion:
    definition, _ = EventDefinition.objects.get_or_create(
        sandbox=sandbox,
        name="Subscribed",
        defaults={
            "rule": 'event.eventType = "newsletter.subscribed"',
            "namespace": Namespace.objects.get(sandbox=sandbox, code="Email"),
            "description": "Somebody subscribed to the newsletter.",
            "sample": subscribed(sandbox, "ina@example.com", "sample-1", "2026-01-01T12:00:00Z")["body"][
                "xdmEntity"
            ],
        },
    )
    existing = Journey.objects.filter(sandbox=sandbox, name=JOURNEY).first()
    if existing:
        return existing.versions.first()
    version = versions.create(sandbox, JOURNEY, actor="system")
    version.graph = graph(definition, configuration)
    version.reentrance_wait_seconds = 0  # so that a try can be repeated
    version.save()
    return versions.publish(version, actor="system")
