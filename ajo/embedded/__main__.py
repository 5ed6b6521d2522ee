"""Run a command beside the servers: `python -m ajo.embedded manage.py migrate`.

Uses the servers of a running `manage.py up`, else starts them for as long as the command takes.
"""

import os
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
            return subprocess.call(argv, env=environment)
    except AlreadyRunning:
        return subprocess.call(argv, env={**os.environ, **published(data_dir)})


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StartFailed as failed:
        sys.exit(str(failed))
    except KeyboardInterrupt:
        sys.exit(130)
