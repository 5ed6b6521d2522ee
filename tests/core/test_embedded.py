"""The embedded servers: they keep what they are given, and come back after any end."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from ajo.embedded import StartFailed, start_postgres, start_redis
from ajo.embedded.curl import curl_line
from ajo.embedded.locks import AlreadyRunning
from ajo.embedded.output import trouble_in
from ajo.embedded.process import free_port, is_free
from ajo.embedded.redis_server import find_program
from ajo.env import env
from ajo.management.commands.up import choose_addresses

needs_redis = pytest.mark.skipif(find_program() is None, reason="there is no Redis for this platform")

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def start(data_dir):
    started = []

    def start_server(begin, **options):
        server = begin(data_dir, durable=False, **options)
        started.append(server)
        return server

    yield start_server
    for server in started:
        server.stop(patience=5)


def run_sql(url, statement):
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(pids):
    give_up_at = time.monotonic() + 20
    while not all(is_gone(pid) for pid in pids):
        assert time.monotonic() < give_up_at, "still alive"
        time.sleep(0.05)


def test_the_database_keeps_its_rows_over_a_restart(start):
    server = start(start_postgres)
    run_sql(server.url, "CREATE TABLE kept AS SELECT 7 AS number")
    server.stop()

    again = start(start_postgres)

    assert again.url == server.url
    assert run_sql(again.url, "SELECT number FROM kept") == [(7,)]


def test_it_starts_again_after_it_was_killed(start):
    server = start(start_postgres)
    run_sql(server.url, "CREATE TABLE kept AS SELECT 7 AS number")
    run_sql(server.url, "CHECKPOINT")
    server.process.kill()
    server.stop()

    again = start(start_postgres)

    assert run_sql(again.url, "SELECT number FROM kept") == [(7,)]


def test_a_pid_file_that_names_a_living_stranger_is_no_obstacle(start, data_dir):
    server = start(start_postgres)
    pid_file = Path(run_sql(server.url, "SHOW data_directory")[0][0]) / "postmaster.pid"
    old = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *old[1:]]) + "\n")

    again = start(start_postgres)

    assert run_sql(again.url, "SELECT 1") == [(1,)]


KILLED_RUN = """
import os, signal, sys, time
from pathlib import Path
from ajo.embedded import process
from ajo.embedded.postgres import start_postgres
from ajo.embedded.redis_server import start_redis
if sys.argv[2] == "orphans":
    process.LIBC = None
data_dir = Path(sys.argv[1])
servers = [start_postgres(data_dir, durable=False), start_redis(data_dir, durable=False)]
print(*[server.pid for server in servers], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_run(data_dir, how):
    done = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(data_dir), how], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return [int(pid) for pid in done.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_servers_end_when_the_process_that_started_them_is_killed(data_dir):
    pids = killed_run(data_dir, "with the kernel's help")

    wait_until_gone(pids)


def test_servers_that_outlived_their_run_are_replaced(start, data_dir):
    orphans = killed_run(data_dir, "orphans")
    assert not any(is_gone(pid) for pid in orphans)

    database = start(start_postgres)
    broker = start(start_redis)

    wait_until_gone(orphans)
    assert run_sql(database.url, "SELECT 1") == [(1,)]
    assert redis.Redis.from_url(broker.url).ping()


def test_a_second_start_on_the_same_data_is_refused(start, data_dir):
    server = start(start_postgres)

    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        start_postgres(data_dir, durable=False)

    assert run_sql(server.url, "SELECT 1") == [(1,)]


def test_foreign_files_in_place_of_the_database_are_left_alone(data_dir):
    foreign = data_dir / "postgres" / "data" / "letter.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("dear")

    with pytest.raises(StartFailed, match="no PostgreSQL database"):
        start_postgres(data_dir, durable=False)

    assert foreign.read_text() == "dear"


def test_a_path_too_long_for_a_socket_is_no_obstacle(data_dir):
    deep = data_dir / ("a-directory-with-a-long-name/" * 5)

    server = start_postgres(deep, durable=False)
    try:
        assert run_sql(server.url, "SELECT 1") == [(1,)]
    finally:
        server.stop()


def test_django_reads_the_address_as_libpq_does(start):
    server = start(start_postgres)

    config = env.db_url_config(server.url)

    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["NAME"], config["USER"]) == ("ajo", "ajo")
    assert config["OPTIONS"]["host"] == run_sql(server.url, "SHOW unix_socket_directories")[0][0]


@needs_redis
def test_nobody_else_on_the_machine_gets_in(start):
    database = start(start_postgres)
    broker = start(start_redis)

    sockets = Path(run_sql(database.url, "SHOW unix_socket_directories")[0][0])
    assert sockets.stat().st_mode & 0o077 == 0
    assert run_sql(database.url, "SHOW listen_addresses") == [("",)]
    without_password = broker.url.rpartition("@")[2]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://{without_password}").ping()


def test_what_is_durable_is_on_disk_when_answered(data_dir):
    server = start_postgres(data_dir)
    try:
        found = {
            name: run_sql(server.url, f"SHOW {name}")[0][0]
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        }
    finally:
        server.stop()
    assert found == {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@needs_redis
def test_queues_survive_a_restart_of_redis(data_dir):
    first = start_redis(data_dir)
    redis.Redis.from_url(first.url).rpush("queue", "wake up")
    first.stop()

    second = start_redis(data_dir)
    try:
        assert second.url == first.url
        assert redis.Redis.from_url(second.url).lrange("queue", 0, -1) == [b"wake up"]
    finally:
        second.stop()


@needs_redis
def test_redis_files_that_cannot_be_read_are_set_aside(data_dir):
    start_redis(data_dir).stop()
    (data_dir / "redis" / "appendonly.aof").write_text("written by another version")
    for other in [*(data_dir / "redis").glob("appendonlydir/*"), data_dir / "redis" / "dump.rdb"]:
        other.write_text("written by another version")

    server = start_redis(data_dir)
    try:
        assert "unreadable" in server.note
        assert redis.Redis.from_url(server.url).ping()
    finally:
        server.stop()


def test_a_port_that_was_asked_for_and_is_taken_is_refused():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(StartFailed, match=f"Port {port} on 127.0.0.1 is taken"):
            choose_addresses({"PORT": str(port)})


def test_without_a_wish_the_next_free_port_is_taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        found = free_port("127.0.0.1", wish=port)

        assert found > port
        assert is_free("127.0.0.1", found)


@pytest.mark.parametrize("wish", ["http", "80 80", "-1", "70000"])
def test_what_is_no_port_is_refused(wish):
    with pytest.raises(StartFailed, match="is not a port number"):
        choose_addresses({"PORT": wish})


def test_the_curl_line_gives_each_paste_an_id_and_the_time():
    event = {"body": [{"_id": "old", "timestamp": "2020-01-01T00:00:00Z", "note": 'it\'s "so" $HOME `x`'}]}

    line = curl_line("http://127.0.0.1:1/collection/a", event).replace("curl ", "printf '%s\\n' ", 1)
    words = [
        subprocess.run(["sh", "-c", line], capture_output=True, text=True).stdout.splitlines()[-1]
        for _ in range(2)
    ]

    assert words[0] != words[1]
    assert '"_id":"old"' not in words[0] and "2020-01-01" not in words[0]
    assert words[0].endswith(r'"note":"it' + "'" + r's \"so\" $HOME `x`"}]}')


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("2026-01-01 INFO all well", None),
        ('{"level": "info", "event": "ERROR in a text"}', None),
        ('{"level": "error", "event": "It broke"}', "ERROR It broke"),
        (
            '{"level": "error", "event": "It broke", "exception": "Traceback\\n  x\\nKeyError: 1"}',
            "ERROR It broke KeyError: 1",
        ),
        ("[2026: WARNING/MainProcess] careful", "[2026: WARNING/MainProcess] careful"),
        ("django.db.utils.OperationalError: no", "django.db.utils.OperationalError: no"),
    ],
)
def test_only_trouble_comes_to_the_terminal(line, shown):
    assert trouble_in(line) == shown
