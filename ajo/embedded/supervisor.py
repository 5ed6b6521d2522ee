"""Starts the children, keeps them running, and stops them in order."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from ajo.embedded.children import Child
from ajo.embedded.output import Log, complain, say
from ajo.embedded.process import Server, StartFailed, end_all, last_lines, spawn, stop_group

# Every child carries this, so that the next start finds what a killed run left alive.
MARK = "AJO_STARTED_FOR"

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# Who has run this long has recovered, and is restarted at once the next time.
RECOVERED_AFTER = 60.0
FAILURES_BEFORE_READY = 3


class Stopped(Exception):
    """Somebody asked us to stop."""


class StopRequest:
    """Ctrl-C, SIGTERM or a closed terminal ask us to stop; the second time, to stop at once."""

    def __init__(self) -> None:
        self.asked = 0
        self.reason = "make was interrupted"
        self._make = _MakeWatch()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        self.asked += 1
        self.reason = signal.Signals(number).name

    @property
    def made(self) -> bool:
        return self.asked > 0 or self._make.wants_to_end()

    @property
    def is_urgent(self) -> bool:
        return self.asked > 1

    def check(self) -> None:
        if self.made:
            raise Stopped


class _MakeWatch:
    """Sees that the `make` we run under was interrupted.

    A SIGINT sent to make alone is not passed on: make waits for us, we for nothing, for ever. But make stops
    catching SIGINT while it waits, and that shows in /proc.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._is_make = "MAKELEVEL" in os.environ and self._catches_sigint()

    def wants_to_end(self) -> bool:
        if not self._is_make:
            return False
        return os.getppid() != self._parent or not self._catches_sigint()

    def _catches_sigint(self) -> bool:
        try:
            status = Path(f"/proc/{self._parent}/status").read_text()
        except OSError:
            return False
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) & 1 << (signal.SIGINT - 1))


class _Running:
    """A child and its fortunes."""

    def __init__(self, child: Child, log: Log) -> None:
        self.child = child
        self.log = log
        self.process = None
        self.is_ready = threading.Event()
        self.failures = 0
        self.started_at = 0.0
        self.start_at: float | None = None


class Supervisor:
    """Call `start`, `wait_until_ready`, `watch`, and `stop` whatever happened."""

    def __init__(self, data_dir: Path, stop_request: StopRequest, environment: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.stop_request = stop_request
        self.environment = environment | {MARK: str(data_dir)}
        self._running: list[_Running] = []
        self._servers: list[tuple[Callable[[], Server], Server]] = []

    def end_leftovers(self) -> list[int]:
        """End the children of an earlier run that was killed together with its ability to end them."""
        return end_all(_marked(str(self.data_dir)), with_signal=signal.SIGTERM)

    def add_server(self, start: Callable[[], Server]) -> Server:
        server = start()
        self._servers.append((start, server))
        return server

    def start(self, children: list[Child]) -> None:
        for child in children:
            self.stop_request.check()
            running = _Running(child, Log(child.name, self.data_dir / "logs" / f"{child.name}.log"))
            self._running.append(running)
            self._spawn(running)
            threading.Thread(target=self._ask_until_ready, args=[running], daemon=True).start()

    def run(self, name: str, argv: list[str], *, env: dict[str, str] | None = None) -> Path:
        """Run one command to its end; the file with what it said."""
        log = self.data_dir / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        process = spawn(argv, env=self.environment | (env or {}), output=log)
        try:
            while process.poll() is None:
                self.stop_request.check()
                time.sleep(0.05)
        except Stopped:
            stop_group(process, signal.SIGTERM, patience=5)
            raise
        if process.returncode:
            raise StartFailed(f"{name} failed. The end of {log}:\n{last_lines(log, 25)}")
        return log

    def wait_until_ready(self, patience: float) -> None:
        give_up_at = time.monotonic() + patience
        while waiting := [running for running in self._running if not running.is_ready.is_set()]:
            self.look_after()
            slow = next((running for running in waiting if running.failures >= FAILURES_BEFORE_READY), None)
            if slow is None and time.monotonic() > give_up_at:
                slow = waiting[0]
            if slow:
                path = slow.log.path
                raise StartFailed(
                    f"{slow.child.name} does not come up. The end of {path}:\n{last_lines(path, 25)}"
                )
            time.sleep(0.1)

    def watch(self) -> None:
        """Keep all running until somebody asks us to stop."""
        while True:
            self.look_after()
            time.sleep(0.25)

    def look_after(self) -> None:
        self.stop_request.check()
        self._restart_servers()
        now = time.monotonic()
        for running in self._running:
            if running.start_at is None and running.process.poll() is not None:
                self._note_failure(running, now)
            elif running.start_at is not None and now >= running.start_at:
                self._spawn(running)

    def _note_failure(self, running: _Running, now: float) -> None:
        stop_group(running.process, signal.SIGTERM, patience=0)  # what it may have left of its own children
        if now - running.started_at > RECOVERED_AFTER:
            running.failures = 0
        pause = min(FIRST_PAUSE * 2**running.failures, LONGEST_PAUSE)
        running.failures += 1
        running.start_at = now + pause
        code = running.process.returncode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        complain(running.child.name, f"{how}; starting it again in {pause:.0f} s (see {running.log.path})")

    def _spawn(self, running: _Running) -> None:
        child = running.child
        running.process = spawn(child.argv, env=self.environment | child.env, death_signal=child.death_signal)
        running.log.follow(running.process)
        running.started_at = time.monotonic()
        running.start_at = None

    def _ask_until_ready(self, running: _Running) -> None:
        while not self.stop_request.asked:
            with suppress(Exception):
                if running.process.poll() is None and running.child.ready():
                    say(f"{running.child.name:<12}ready")
                    running.is_ready.set()
                    return
            time.sleep(0.2)

    def _restart_servers(self) -> None:
        for index, (start, server) in enumerate(self._servers):
            if server.process.poll() is None:
                continue
            complain(server.name, "ended; starting it again")
            server.stop(patience=0)
            again = start()
            if again.url != server.url:
                again.stop()
                raise StartFailed(f"{server.name} could not come back to its old address.")
            self._servers[index] = (start, again)

    def stop(self) -> None:
        """Beat first, then who works, then who takes in; the mail inbox after who sends; the servers last."""
        groups = [[], []]
        for running in reversed(self._running):
            groups[running.child.ends_last].append(running)
        for group in groups:
            self._stop_together(group)
        for _, server in reversed(self._servers):
            server.stop(patience=5 if self.stop_request.is_urgent else 30)

    def _stop_together(self, group: list[_Running]) -> None:
        asked_at = time.monotonic()
        alive = [running for running in group if running.process and running.process.poll() is None]
        for running in alive:
            with suppress(ProcessLookupError):
                running.process.terminate()
        while any(running.process.poll() is None for running in alive):
            waited = time.monotonic() - asked_at
            for running in alive:
                if self.stop_request.is_urgent or waited > running.child.patience:
                    stop_group(running.process, signal.SIGKILL, patience=5)
            time.sleep(0.05)
        for running in alive:
            stop_group(running.process, signal.SIGKILL, patience=0)


def _marked(value: str) -> list[psutil.Process]:
    """Processes that carry the mark of this data directory; never ourselves or those we were started from."""
    me = psutil.Process()
    spared = {me.pid, *(parent.pid for parent in me.parents())}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid not in spared and process.environ().get(MARK) == value:
                found.append(process)
    return found
