"""What the children say: all of it into their logs, warnings and errors also onto the terminal."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

LARGEST_LOG = 20 * 1024**2
TROUBLE = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b|^\w+(\.\w+)*(Error|Exception|Refused):")
TROUBLE_LEVELS = {"warning", "error", "critical"}

_terminal = threading.Lock()


def say(text: str) -> None:
    """One whole line on the terminal, whoever else is writing."""
    with _terminal:
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except OSError:  # the terminal is gone, and there is nobody to tell
            pass


def complain(name: str, line: str) -> None:
    colour, plain = ("\033[33m", "\033[0m") if sys.stdout.isatty() else ("", "")
    say(f"{colour}{name:>10} | {line}{plain}")


class Log:
    """A child's log file, filled by a thread as long as the child has its end of the pipe open."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def follow(self, process: subprocess.Popen) -> None:
        threading.Thread(target=self._copy, args=[process.stdout], daemon=True).start()

    def _copy(self, pipe) -> None:
        with pipe, self.path.open("ab", buffering=0) as log:
            for raw in pipe:
                if log.tell() + len(raw) > LARGEST_LOG:
                    self._turn_over(log)
                log.write(raw)
                if shown := trouble_in(raw.decode(errors="replace").rstrip()):
                    complain(self.name, shown)

    def _turn_over(self, log) -> None:
        """Keep one older file beside it. Truncating keeps our handle good."""
        self.path.with_suffix(".log.1").write_bytes(self.path.read_bytes())
        log.truncate(0)


def trouble_in(line: str) -> str | None:
    """The line as it should be shown, if it tells of trouble."""
    if line.startswith("{"):
        return _trouble_in_record(line)
    return line if TROUBLE.search(line) else None


def _trouble_in_record(line: str) -> str | None:
    try:
        record = json.loads(line)
    except ValueError:
        return line if TROUBLE.search(line) else None
    if record.get("level") not in TROUBLE_LEVELS:
        return None
    reason = str(record.get("exception", "")).strip().rpartition("\n")[2]
    return " ".join(part for part in [record["level"].upper(), str(record.get("event", "")), reason] if part)
