"""What every process we start has in common: dies with us, is found again, is stopped gently first."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(Exception):
    """A server did not start; the message says why and what to do."""


@dataclass
class Server:
    """A running server: where it answers, its process, and how it is stopped."""

    name: str
    url: str
    process: subprocess.Popen
    stop_signal: int = signal.SIGTERM
    note: str = ""
    cleanup: Callable[[], None] | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self, *, patience: float = 30) -> None:
        """Stop it and wait; may be called twice."""
        stop_group(self.process, self.stop_signal, patience=patience)
        if self.cleanup:
            self.cleanup()
            self.cleanup = None


def die_with_parent(with_signal: int) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `with_signal` when the starting thread is gone, even by SIGKILL."""
    parent = os.getpid()

    def ask_kernel() -> None:
        if LIBC is None:
            return
        LIBC.prctl(PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return ask_kernel


def spawn(
    argv: Sequence[str | Path],
    *,
    env: dict[str, str] | None = None,
    output: int | Path = subprocess.PIPE,
    death_signal: int = signal.SIGTERM,
    **options,
) -> subprocess.Popen:
    """Start a child in a session of its own, so that the terminal's Ctrl-C reaches only us."""
    command = [str(part) for part in argv]
    common = {
        "env": env,
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
        "start_new_session": True,
        "preexec_fn": die_with_parent(death_signal),
        **options,
    }
    if isinstance(output, Path):
        with output.open("ab") as log:
            return subprocess.Popen(command, stdout=log, **common)
    return subprocess.Popen(command, stdout=output, **common)


def stop_group(process: subprocess.Popen, with_signal: int, *, patience: float) -> None:
    """Signal the child; what is left of its session after `patience` seconds is killed."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(with_signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    # The child leads its own session, so its group id is its pid as long as a member lives.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)


def end_all(processes: Iterable[psutil.Process], *, with_signal: int, patience: float = 10) -> list[int]:
    """End processes an earlier run left behind; their pids."""
    found = list(processes)
    for number, seconds in [(with_signal, patience), (signal.SIGKILL, 5)]:
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        give_up_at = time.monotonic() + seconds
        while (
            left := [process for process in found if _is_alive(process)]
        ) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        if not left:
            break
    return [process.pid for process in found]


def _is_alive(process: psutil.Process) -> bool:
    """A zombie is not: where nobody reaps orphans, it would stay for ever."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def working_in(directory: Path, names: Sequence[str]) -> list[psutil.Process]:
    """Processes of these names whose working directory it is: PostgreSQL and Redis go into their data."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] in names:
            with suppress(psutil.Error, OSError):
                if Path(process.cwd()) == directory:
                    found.append(process)
    return found


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen, *, patience: float, pause: float = 0.05
) -> bool:
    """True once `ready` says so; False when the process ends or the patience does."""
    give_up_at = time.monotonic() + patience
    while time.monotonic() < give_up_at:
        if ready():
            return True
        if process.poll() is not None:
            return False
        time.sleep(pause)
    return False


def is_free(host: str, port: int) -> bool:
    """Whether somebody could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str, *, wish: int = 0, taken: Iterable[int] = ()) -> int:
    """The wished port or the next free one; any free one without a wish."""
    if not wish:
        with socket.socket() as probe:
            probe.bind((host, 0))
            return probe.getsockname()[1]
    for port in range(wish, min(wish + 200, 65536)):
        if port not in taken and is_free(host, port):
            return port
    raise StartFailed(f"No free port found from {wish} up on {host}.")


def last_lines(path: Path, count: int = 15) -> str:
    """The end of a log, for an error message."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
