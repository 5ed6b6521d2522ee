"""Accepting and ingesting over HTTP.

accept: single-event requests to the collector, on disk before the answer; nobody processes meanwhile. The
reference is a bare loop of one connection that inserts and commits the same rows, one at a time.
ingest: batches of 100 until processed, all processes running.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import setup
from benchmarks.report import result, save, show
from benchmarks.stack import Stack


def load(stack: Stack, inlet: str, schema: str, **wish) -> dict:
    """Run the load client; its figures."""
    path = f"/collection/batch/{inlet}" if wish["per_request"] > 1 else f"/collection/{inlet}"
    wish = {
        "port": stack.collector_port,
        "path": path,
        "schema": schema,
        "people": 5_000,
        "event_type": "page",
    } | wish
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.client"],
        input=json.dumps(wish),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def reference(seconds: float = 3.0) -> float:
    """Rows a second of one connection that inserts and commits one row at a time."""
    import psycopg2

    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE IF NOT EXISTS ref_inbox (LIKE profiles_inboxrow INCLUDING ALL)")
    connection.commit()
    text, began, count = json.dumps({"x": "y" * 500}), time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        cursor.execute("INSERT INTO ref_inbox (sandbox_id, shard, message) VALUES (1, 1, %s)", [text])
        connection.commit()
        count += 1
    connection.close()
    return count / seconds


def main(singles: int, batched: int) -> None:
    setup.database()
    from ajo.core import sql
    from profiles.models import Inlet, Schema

    sandbox, _ = setup.journey()
    setup.people(sandbox, 5_000)
    inlet = Inlet.objects.get(sandbox=sandbox).key
    schema = Schema.objects.get(sandbox=sandbox, record_class="event").uri
    stack = Stack(logs=Path(tempfile.mkdtemp(prefix="bench-")))
    results = []
    try:
        stack.start("collector")
        stack.wait_ready()
        load(stack, inlet, schema, count=500, per_request=1, connections=16)
        found = load(stack, inlet, schema, count=singles, per_request=1, connections=32)
        stored = sql.rows("SELECT count(*) FROM profiles_inboxrow")[0][0]
        assert stored == singles + 500, (stored, found)
        speed = singles / (found["ended"] - found["began"])
        note = f"p50 {found['p50'] * 1000:.1f} ms, p99 {found['p99'] * 1000:.1f} ms, {stack.memory()}"
        results.append(result("accept", speed, "events/s", reference=reference(), at_least=2_500, note=note))
        show(results)

        sql.run("TRUNCATE profiles_inboxrow")
        stack.start("worker.realtime", "worker.background", "beat")
        stack.wait_ready()
        found = load(stack, inlet, schema, count=batched, per_request=100, connections=4)
        while sql.rows("SELECT EXISTS (SELECT 1 FROM profiles_inboxrow)")[0][0]:
            time.sleep(0.05)
        took = time.time() - found["began"]
        events = sql.rows("SELECT count(*) FROM profiles_experienceevent")[0][0]
        assert events == batched, (events, batched)
        results.append(
            result(
                "ingest",
                batched / took,
                "events/s",
                at_least=5_000,
                note=f"accepted at {batched / (found['ended'] - found['began']):,.0f}/s, {stack.memory()}",
            )
        )
    finally:
        stack.stop()
    show(results)
    save(results)


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    main(*(arguments + [30_000, 100_000][len(arguments) :]))
