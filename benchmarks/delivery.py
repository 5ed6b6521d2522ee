"""Delivery alone: personalized mails with tracked links from the outbox to a local SMTP sink, by two processes.

The reference sends the same bytes with smtplib over one kept-open connection per process, no product code.
"""

import multiprocessing
import os
import smtplib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import setup
from benchmarks.report import peak_rss_mb, result, save, show
from benchmarks.stack import free_port

WORKERS = 2


def start_sink(port: int, log: Path) -> subprocess.Popen:
    """Our bare sink; it writes a line per mail."""
    sink = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", str(port), str(log)])
    for _ in range(100):
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=1).quit()
            return sink
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the sink does not listen")


def send_until_empty(memory) -> None:
    import django

    django.setup()
    from channels_app.delivery import sender

    while sender.run_once("marketing"):
        pass
    memory.value = max(memory.value, peak_rss_mb(os.getpid()))


def send_plain(port: int, count: int, mime: bytes) -> None:
    smtp = smtplib.SMTP("127.0.0.1", port)
    for number in range(count):
        smtp.sendmail("hello@shop.example", [f"r{number}@example.com"], mime)
    smtp.quit()


def main(count: int) -> None:
    port = free_port()
    log = Path(tempfile.mkdtemp(prefix="bench-")) / "sink.log"
    os.environ["OUTBOUND_ALLOWED_HOSTS"] = "127.0.0.1"
    setup.database()
    from django.db import connection

    from channels_app.delivery import outbox

    sandbox, version = setup.journey(port, pool_size=20)
    setup.people(sandbox, count)
    content_id = version.graph["nodes"]["mail"]["params"]["content_id"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM profiles_profile")
        ids = [row[0] for row in cursor.fetchall()]
    context = '{"event": {"Signup": {"plan": "pro"}}}'
    outbox.enqueue(
        outbox.Draft(sandbox.pk, i, content_id, "marketing", version.pk, i, "mail", 1, context) for i in ids
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    sink = start_sink(port, log)
    spawn = multiprocessing.get_context("spawn")
    try:
        memory = spawn.Value("d", 0.0)
        workers = [spawn.Process(target=send_until_empty, args=(memory,)) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        lines = log.read_text().splitlines()
        first, last = float(lines[0].split()[0]), float(lines[-1].split()[0])
        assert len(lines) == count and len({line.split()[1] for line in lines}) == count, len(lines)

        mime = b"Subject: x\r\n\r\n" + b"x" * 2500
        plain_began = time.time()
        plain = [spawn.Process(target=send_plain, args=(port, 3_000, mime)) for _ in range(WORKERS)]
        for process in plain:
            process.start()
        for process in plain:
            process.join()
        reference = 6_000 / (time.time() - plain_began)
    finally:
        sink.terminate()
    results = [
        result(
            "delivery",
            count / (last - first),
            "mails/s",
            reference=reference,
            at_least=1_000,
            note=f"{WORKERS} workers, {count:,} mails, each once, {memory.value:.0f} MB peak",
        )
    ]
    show(results)
    save(results)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
