"""Who owns the database's files, and where they lie.

PostgreSQL refuses to run as root. Started by root, it runs as an unprivileged user, who must be able to
reach both its data and its programs. Rather than opening root's directories to everyone, we put what that
user cannot reach into a directory of its own.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ajo.embedded.process import StartFailed

OWN_USER = "ajo-postgres"
KNOWN_USERS = ("postgres", OWN_USER)
LAST_RESORT = "nobody"


@dataclass(frozen=True)
class Owner:
    """The system user a server runs as; None: the one we are."""

    name: str | None = None
    uid: int = 0
    gid: int = 0

    def popen_options(self) -> dict:
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make it theirs."""
        if self.name is None:
            return
        os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether they may pass through every directory on the way to `path`."""
        if self.name is None:
            return True
        command = ["test", "-x", str(path)]
        return subprocess.run(command, cwd="/", check=False, **self.popen_options()).returncode == 0


def find_owner(data: Path) -> Owner:
    """Who the files belong to already; else, for root, an unprivileged user."""
    if os.geteuid() != 0:
        return Owner()
    if (data / "PG_VERSION").exists() and (uid := data.stat().st_uid):
        return _owner(pwd.getpwuid(uid))
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in KNOWN_USERS:
        if name in known:
            return _owner(known[name])
    return _owner(_create_user() or known[LAST_RESORT])


def _owner(entry: pwd.struct_passwd) -> Owner:
    return Owner(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _create_user() -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OWN_USER]
    subprocess.run(command, check=False, capture_output=True)
    try:
        return pwd.getpwnam(OWN_USER)
    except KeyError:
        return None


def find_place(data_dir: Path, name: str) -> Path:
    """The directory for a server's files: inside the data directory unless its owner cannot get there.

    The choice is written into `<data_dir>/<name>.location`, so that it holds for ever after.
    """
    pointer = data_dir / f"{name}.location"
    if pointer.exists():
        place = Path(pointer.read_text().strip())
        if not place.is_dir():
            raise StartFailed(
                f"The files of {name} were in {place}, which is gone. Bring it back, or remove {pointer} "
                "to begin with an empty database."
            )
        return place
    inside = data_dir / name
    inside.mkdir(mode=0o700, exist_ok=True)
    owner = find_owner(inside / "data")
    owner.give(inside)
    if owner.reaches(inside):
        return inside
    if any(inside.iterdir()):
        raise StartFailed(
            f"{inside} cannot be reached by the user {owner.name} any more: open the way to it."
        )
    inside.rmdir()
    place = _make_place_outside(data_dir) / name
    place.mkdir(mode=0o700, exist_ok=True)
    owner.give(place)
    pointer.write_text(f"{place}\n")
    return place


def _make_place_outside(data_dir: Path) -> Path:
    base = Path("/var/lib")
    if os.access(base, os.W_OK):
        mark = hashlib.sha256(str(data_dir).encode()).hexdigest()[:10]
        outside = base / f"ajo-{mark}"
        outside.mkdir(exist_ok=True)
    else:
        outside = Path(tempfile.mkdtemp(prefix="ajo-"))
    outside.chmod(0o755)
    return outside


def reachable_programs(programs: Path, place: Path, owner: Owner) -> Path:
    """The `bin` directory to start from: the wheel's, or a copy of it when the owner cannot reach that."""
    if owner.reaches(programs / "postgres"):
        return programs
    # <packages>/<wheel>/<installation>/bin
    installation = programs.parent
    wheel = installation.parent
    # A new version of the wheel has another size or time, and so another copy.
    postgres = (programs / "postgres").stat()
    mark = hashlib.sha256(f"{postgres.st_size} {postgres.st_mtime_ns}".encode()).hexdigest()[:10]
    copy = place / f"programs-{mark}"
    if not copy.exists():
        for old in place.glob("programs-*"):
            shutil.rmtree(old)
        half = place / f"programs-{mark}.half"
        # The programs look for their libraries beside the wheel (Linux) or in it (macOS), by relative paths.
        parts = [installation, wheel.with_name(f"{wheel.name}.libs"), wheel / ".dylibs"]
        for part in parts:
            if part.exists():
                target = half / part.relative_to(wheel.parent)
                shutil.copytree(part, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
        _open_to_all(half)
        half.rename(copy)
    return copy / programs.relative_to(wheel.parent)


def _open_to_all(directory: Path) -> None:
    """A strict umask may have closed the packages to everyone but root; these are public programs."""
    for parent, folders, files in os.walk(directory):
        for entry in [".", *folders, *files]:
            path = Path(parent) / entry
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))
