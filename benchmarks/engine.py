"""The engine alone: instances from the event through condition, wait of zero and email outbox to the end.

`python -m benchmarks.engine [instances] [sleepers]`; one process. The reference moves the same rows by bare
psycopg2: claim, decide, write (instances, as many step rows, one message row each), no product code.
"""

import os
import sys
import time
from datetime import UTC, datetime

from benchmarks import setup
from benchmarks.report import peak_rss_mb, result, save, show

STEPS = 5  # event, condition, wait, email, end

INSTANCES = """
    INSERT INTO journeys_journeyinstance (sandbox_id, journey_id, version_id, profile_id, key, state, node_id,
           woken_node, arrived_at, due_at, entered_at, context)
    SELECT sandbox_id, %s, %s, id, 'k' || id, 'waiting', %s, %s, now(), now(), now(),
           '{"event": {"Signup": {"eventType": "signup", "plan": "pro"}}}'
      FROM profiles_profile
"""
SLEEPERS = """
    INSERT INTO journeys_journeyinstance (sandbox_id, journey_id, version_id, profile_id, key, state, node_id,
           arrived_at, due_at, entered_at, context)
    SELECT %s, %s, %s, i, 's' || i, 'waiting', 'wait', now(), now() + interval '30 days', now(), '{}'
      FROM generate_series(1, %s) i
"""
REFERENCE_TABLES = """
    DROP TABLE IF EXISTS ref_instance, ref_step, ref_message;
    CREATE TABLE ref_instance (LIKE journeys_journeyinstance INCLUDING ALL);
    CREATE TABLE ref_step (LIKE journeys_stepevent INCLUDING DEFAULTS INCLUDING IDENTITY);
    CREATE INDEX ON ref_step (profile_id, at DESC);
    CREATE TABLE ref_message (LIKE channels_app_message INCLUDING DEFAULTS INCLUDING IDENTITY);
    CREATE INDEX ON ref_message (message_type, due_at); CREATE INDEX ON ref_message (profile_id, created_at DESC);
    CREATE UNIQUE INDEX ON ref_message (instance_id, node_id, visit, created_at);
    INSERT INTO ref_instance SELECT * FROM journeys_journeyinstance;
"""


def load(version, sleepers: int = 0) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE journeys_journeyinstance, journeys_eventwait, journeys_stepevent, journeys_nodetally,"
                       " channels_app_message")  # fmt: skip
        cursor.execute(INSTANCES, [version.journey_id, version.pk, "start", "start"])
        if sleepers:
            cursor.execute(SLEEPERS, [version.journey.sandbox_id, version.journey_id, version.pk, sleepers])
        cursor.execute("VACUUM ANALYZE")


def product() -> float:
    """Steps a second until nothing is due."""
    from journeys.engine import executor
    from journeys.models import StepEvent

    began = time.perf_counter()
    while executor.run_once():
        pass
    took = time.perf_counter() - began
    return StepEvent.objects.count() / took


def reference() -> float:
    """The same rows, moved by hand."""
    import io

    import psycopg2

    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    cursor = connection.cursor()
    cursor.execute(REFERENCE_TABLES)
    connection.commit()
    connection.autocommit = True
    cursor.execute("VACUUM ANALYZE ref_instance")
    connection.autocommit = False
    total, began = 0, time.perf_counter()
    while True:
        cursor.execute(
            "SELECT id, sandbox_id, version_id, profile_id, node_id, context::text FROM ref_instance "
            "WHERE state = 'waiting' "
            "AND due_at <= now() ORDER BY due_at LIMIT 2000 FOR UPDATE SKIP LOCKED"
        )
        claimed = cursor.fetchall()
        if not claimed:
            break
        ids = [row[0] for row in claimed]
        cursor.execute(
            "SELECT id, attributes FROM profiles_profile WHERE id = ANY(%s)", [[row[3] for row in claimed]]
        )
        tiers = {row[0]: row[1]["loyalty"]["tier"] == "gold" for row in cursor.fetchall()}
        steps, messages, now = [], [], str(datetime.now(UTC))
        for instance, sandbox, version, profile, _, context in claimed:
            outlet = "gold" if tiers[profile] else "other"
            for visit, node in enumerate(("start", "tier", "wait", "mail", "end"), start=1):
                steps.append(
                    f"{now}\t{sandbox}\t{version}\t{instance}\t{profile}\t{node}\tkind\ttransitions\t{outlet}\t{visit}\t"
                    f"{'t' if visit == 1 else 'f'}\tf\t{'t' if visit == 5 else 'f'}\t\\N\t\\N\n"
                )
            messages.append(
                f"{sandbox}\t{profile}\t1\tmarketing\t{version}\t{instance}\tmail\t4\t{context}\n"
            )
        cursor.execute(
            "UPDATE ref_instance SET state = 'ended', node_id = 'end', visit = 5, ended_at = now() WHERE id = ANY(%s)",
            [ids],
        )
        cursor.copy_expert(
            "COPY ref_step (at, sandbox_id, version_id, instance_id, profile_id, node_id, kind, status, outlet, visit, "
            "is_entrance, is_reentrance, is_end, code, detail) FROM STDIN",
            io.StringIO("".join(steps)),
        )
        cursor.copy_expert(
            "COPY ref_message (sandbox_id, profile_id, content_id, message_type, journey_version_id, instance_id, "
            "node_id, visit, context) FROM STDIN",
            io.StringIO("".join(messages)),
        )
        connection.commit()
        total += len(steps)
    took = time.perf_counter() - began
    connection.close()
    return total / took


def main(instances: int, sleepers: int) -> None:
    setup.database()
    sandbox, version = setup.journey()
    setup.people(sandbox, instances)
    load(version)
    plain = reference()
    speed = product()
    memory = peak_rss_mb(os.getpid())
    results = [
        result(
            "engine",
            speed,
            "steps/s",
            reference=plain,
            at_least=25_000,
            ratio_at_least=0.5,
            note=f"{instances:,} instances, peak RSS {memory:.0f} MB",
        )
    ]
    show(results)
    if sleepers:
        load(version, sleepers)
        with_sleepers = product()
        results.append(
            result(
                "engine.sleepers",
                with_sleepers,
                "steps/s",
                reference=speed,
                ratio_at_least=0.9,
                note=f"{sleepers:,} more waiting; reference: without them",
            )
        )
    show(results)
    save(results)


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    main(*(arguments + [200_000, 2_000_000][len(arguments) :]))
