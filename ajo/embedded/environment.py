"""The environment of what runs beside the embedded servers, and where a second terminal finds it."""

import json
import os
import secrets
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_DATA_DIR = REPOSITORY / ".data"
RUNNING = "running.json"


def data_dir_of(environ: dict[str, str]) -> Path:
    return Path(environ.get("DATA_DIR") or DEFAULT_DATA_DIR).expanduser().resolve()


def own_settings(data_dir: Path) -> dict[str, str]:
    """What the settings need that belongs to this installation, its secret key included."""
    settings = {"DATA_DIR": str(data_dir), "EMBEDDED": "1"}
    if not os.environ.get("SECRET_KEY") and not os.environ.get("SECRET_KEY_FILE"):
        settings["SECRET_KEY_FILE"] = str(secret_key_file(data_dir))
    return settings


def secret_key_file(data_dir: Path) -> Path:
    """Made on first use. Sessions and stored secrets hang on it, so it is kept with the data."""
    path = data_dir / "secret_key"
    if not path.exists() or not path.read_text().strip():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path


def publish(data_dir: Path, environment: dict[str, str]) -> None:
    """Leave the environment of the running product for commands in another terminal."""
    path = data_dir / RUNNING
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(environment, indent=1))


def withdraw(data_dir: Path) -> None:
    (data_dir / RUNNING).unlink(missing_ok=True)


def published(data_dir: Path) -> dict[str, str]:
    path = data_dir / RUNNING
    return json.loads(path.read_text()) if path.exists() else {}
