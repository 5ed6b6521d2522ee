"""A database and a sandbox for benchmarks: made anew for each, away from anybody's data."""

import os
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg2


def database(name: str = "ajo_bench") -> None:
    """Point DATABASE_URL to an empty database and set Django up on it."""
    url = urlsplit(os.environ["DATABASE_URL"])
    admin = psycopg2.connect(urlunsplit(url._replace(path="/postgres")))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    admin.close()
    os.environ["DATABASE_URL"] = urlunsplit(url._replace(path=f"/{name}"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ajo.settings")
    os.environ.setdefault("SECRET_KEY", "benchmark")
    os.environ["LOG_LEVEL"] = "WARNING"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


PROFILES = """
    INSERT INTO profiles_profile (sandbox_id, attributes, created_at, updated_at)
    SELECT %s, jsonb_build_object(
               'person', jsonb_build_object('name', jsonb_build_object(
                   'firstName', 'Name' || i, 'lastName', 'Last' || i)),
               'personalEmail', jsonb_build_object('address', 'p' || i || '@example.com'),
               'loyalty', jsonb_build_object('tier', CASE WHEN i %% 2 = 0 THEN 'gold' ELSE 'silver' END, 'points', i)),
           now(), now()
      FROM generate_series(1, %s) i
"""
IDENTITIES = """
    INSERT INTO profiles_identity (sandbox_id, namespace_id, value, profile_id, first_seen_at)
    SELECT p.sandbox_id, %s, p.attributes #>> '{personalEmail,address}', p.id, now() FROM profiles_profile p
"""
MAIL = """<html><body><h1>Hello {{ profile.person.name.firstName }}</h1>
<p>You have {{ profile.loyalty.points }} points. <a href="https://example.com/shop?from=mail">Shop</a>
or <a href="https://example.com/account/{{ profile.loyalty.points }}">see your account</a>.</p>
<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>"""


def people(sandbox, count: int) -> None:
    """Profiles p1@example.com … with their identities."""
    from django.db import connection

    from profiles.models import Namespace

    namespace = Namespace.objects.get(sandbox=sandbox, code="Email")
    with connection.cursor() as cursor:
        cursor.execute(PROFILES, [sandbox.pk, count])
        cursor.execute(IDENTITIES, [namespace.pk])
        cursor.execute("ANALYZE")


def journey(smtp_port: int = 2525, *, wait: int = 0, pool_size: int = 20):
    """A sandbox with a live journey: event -> condition -> wait -> email -> end; (sandbox, version)."""
    from tests import factories as make

    sandbox = make.sandbox("bench")
    definition = make.event_definition(sandbox, "Signup")
    mails = make.configuration(sandbox, port=smtp_port, pool_size=pool_size)
    paths = [{"id": "gold", "label": "Gold", "expression": 'profile.loyalty.tier = "gold"'}]
    mail = make.mail(mails, "Hello {{ profile.person.name.firstName }}", MAIL)
    graph = {
        "nodes": {
            "start": make.node("unitary_event", definition=definition.pk),
            "tier": make.node("condition", paths=paths, other_cases=True),
            "wait": make.node("wait", method="duration", amount=wait, unit="seconds"),
            "mail": mail,
            "end": make.node("end"),
        },
        "edges": [
            {"id": "1", "src": "start", "outlet": "next", "dst": "tier"},
            {"id": "2", "src": "tier", "outlet": "gold", "dst": "wait"},
            {"id": "3", "src": "tier", "outlet": "other", "dst": "wait"},
            {"id": "4", "src": "wait", "outlet": "next", "dst": "mail"},
            {"id": "5", "src": "mail", "outlet": "next", "dst": "end"},
        ],
    }
    return sandbox, make.live(sandbox, graph, reentrance_wait_seconds=0)
