"""Test data: plain functions with defaults, called in the test that needs them."""

import itertools
from datetime import UTC, datetime

import orjson

from ajo import pipeline
from ajo.core.models import ApiKey, RoleAssignment, Sandbox, User
from channels_app.models import Configuration
from journeys import versions
from journeys.models import EventDefinition, JourneyVersion
from profiles.ingest import accept
from profiles.ingest.envelope import forget_catalogues
from profiles.models import Identity, Inlet, Namespace, Profile, Schema
from profiles.standard import furnish

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
_number = itertools.count(1)


def sandbox(name: str | None = None) -> Sandbox:
    made = Sandbox.objects.create(name=name or f"sandbox-{next(_number)}", title="A sandbox")
    furnish(made)
    forget_catalogues()
    return made


def inlet(of: Sandbox) -> accept.OpenInlet:
    row = Inlet.objects.filter(sandbox=of).first()
    return accept.OpenInlet(row.pk, of.pk, row.needs_api_key)


def schema(of: Sandbox, record_class: str) -> Schema:
    return Schema.objects.get(sandbox=of, record_class=record_class)


def event(of: Sandbox, email: str = "ina@example.com", *, event_type: str = "signup", **more) -> dict:
    """A streaming message with an event; `more` goes into the event."""
    entity = {
        "_id": f"event-{next(_number)}",
        "timestamp": NOW.isoformat(),
        "eventType": event_type,
        "identityMap": {"Email": [{"id": email, "primary": True}]},
    }
    return envelope(schema(of, "event"), entity | more)


def record(of: Sandbox, email: str = "ina@example.com", **attributes) -> dict:
    """A streaming message with a profile record."""
    entity = {"identityMap": {"Email": [{"id": email, "primary": True}]}, "personalEmail": {"address": email}}
    return envelope(schema(of, "profile"), entity | attributes)


def envelope(schema: Schema, entity: dict) -> dict:
    return {"header": {"schemaRef": {"id": schema.uri}}, "body": {"xdmEntity": entity}}


def ingest(of: Sandbox, *messages: dict, now: datetime = NOW) -> None:
    """Accept messages and carry them up the house."""
    opened = inlet(of)
    accept.store([accept.entry_of(orjson.loads(orjson.dumps(m)), None, opened, now) for m in messages])
    while pipeline.process_once(now):
        pass


def person(of: Sandbox, email: str = "ina@example.com", **attributes) -> Profile:
    """A profile known by its e-mail."""
    made = Profile.objects.create(sandbox=of, attributes={"personalEmail": {"address": email}} | attributes)
    namespace = Namespace.objects.get(sandbox=of, code="Email")
    Identity.objects.create(sandbox=of, namespace=namespace, value=email, profile=made)
    return made


def profile_of(of: Sandbox, email: str) -> Profile:
    return Identity.objects.get(sandbox=of, namespace__code="Email", value=email).profile


def event_definition(of: Sandbox, name: str = "Signup", *, rule: str | None = None) -> EventDefinition:
    return EventDefinition.objects.create(
        sandbox=of,
        name=name,
        rule=rule or f'event.eventType = "{name.lower()}"',
        namespace=Namespace.objects.get(sandbox=of, code="Email"),
    )


def configuration(
    of: Sandbox, *, port: int = 2525, message_type: str = "marketing", **settings
) -> Configuration:
    return Configuration.objects.create(
        sandbox=of,
        name=f"Mail {next(_number)}",
        message_type=message_type,
        settings={
            "from_name": "Shop",
            "from_email": "hello@shop.example",
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "pool_size": 4,
        }
        | settings,
    )


def node(kind: str, label: str = "", **params) -> dict:
    return {"kind": kind, "label": label or kind, "params": params}


def chain(**nodes: dict) -> dict:
    """A graph whose nodes follow each other by their only way out."""
    ids = list(nodes)
    edges = [
        {"id": f"e{n}", "src": a, "outlet": "next", "dst": b}
        for n, (a, b) in enumerate(itertools.pairwise(ids))
    ]
    return {"nodes": nodes, "edges": edges}


def mail(
    of: Configuration, subject: str = "Hello {{ profile.person.name.firstName }}", html: str = "<p>Hi</p>"
) -> dict:
    return node("email", configuration=of.pk, subject=subject, preheader="", html=html, text="")


def live(of: Sandbox, graph: dict, *, name: str | None = None, **rules) -> JourneyVersion:
    """A published journey with this graph."""
    version = versions.create(of, name or f"Journey {next(_number)}", actor="tests")
    version.graph = graph
    for field, value in rules.items():
        setattr(version, field, value)
    version.save()
    return versions.publish(version, actor="tests")


def user(name: str = "ana", *, role: str | None = None, of: Sandbox | None = None, **more) -> User:
    made = User.objects.create_user(name, password="a long password", **more)
    if role and of:
        RoleAssignment.objects.create(user=made, sandbox=of, role=role)
    return made


def api_key(of: Sandbox, *permissions: str) -> str:
    """A key's secret."""
    _, secret = ApiKey.objects.create_key(name="key", sandbox=of, permissions=list(permissions))
    return secret
