"""Run a command beside the servers: `python -m ajo.embedded manage.py migrate`.

Uses the servers of a running `manage.py up`, else starts them for as long as the command takes.
"""

import os
import signal
import subprocess
import sys

from ajo.embedded import StartFailed, embedded_servers
from ajo.embedded.environment import data_dir_of, own_settings, published
from ajo.embedded.locks import AlreadyRunning


def main(command: list[str]) -> int:
    data_dir = data_dir_of(dict(os.environ))
    argv = [sys.executable, *command]
    try:
        with embedded_servers(data_dir) as urls:
            environment = {**os.environ, **own_settings(data_dir), **urls.as_environment()}
            return call(argv, environment)
    except AlreadyRunning:
        if not (running := published(data_dir)):
            raise
        return call(argv, {**os.environ, **running})


def call(argv: list[str], environment: dict[str, str]) -> int:
    """Ctrl-C is for the command, a shell for instance; the servers stay until it ends."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        return subprocess.call(argv, env=environment)
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StartFailed as failed:
        sys.exit(str(failed))
    except KeyboardInterrupt:
        sys.exit(130)
