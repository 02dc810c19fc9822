"""Whom the embedded PostgreSQL runs as, and what that user may reach. PostgreSQL refuses to run as root."""

import hashlib
import logging
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raceline.domain.errors import EmbeddedServerFailed

_logger = logging.getLogger(__name__)

SYSTEM_USER = "raceline"
HOME_OF_ROOT = Path("/var/lib/raceline")
# The path of a socket has at most 107 bytes on Linux and 103 on macOS, and its name takes some of them.
_LONGEST_SOCKET_FOLDER = 85


@dataclass(frozen=True)
class ServerUser:
    """The system's user whom the server runs as."""

    name: str
    uid: int
    gid: int

    def private(self, folder: Path) -> Path:
        """A folder that only this user, and root, may enter; one that somebody else made is refused."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid == 0 != self.uid:
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)
            _logger.info("%s now belongs to %s", folder, self.name)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != self.uid or found.st_mode & 0o077:
            raise EmbeddedServerFailed(f"{folder} should be a private folder of {self.name}; remove it and try again.")
        return folder

    def short_enough(self, folder: Path) -> Path:
        """This folder if its path can be part of a socket's, else one in /tmp that is the same for every process."""
        name = os.fsencode(folder)
        if len(name) <= _LONGEST_SOCKET_FOLDER and re.fullmatch(rb"[\w./+-]+", name):
            return folder
        # Not tempfile.gettempdir(): two processes may disagree on TMPDIR. `private` refuses a folder of somebody else.
        return Path("/tmp") / f"raceline-{self.uid}-{hashlib.sha256(name).hexdigest()[:16]}"  # noqa: S108


def run(command: Sequence[str | Path], user: ServerUser | None = None, inherited: tuple[int, ...] = ()) -> str:
    """What a program prints, run as this user in a session of its own: Ctrl-C at a terminal is not for the server.

    Raises subprocess.CalledProcessError with its stderr.
    """
    other: dict[str, Any] = {}
    if user is not None and user.uid != os.geteuid():
        other = {"user": user.uid, "group": user.gid, "extra_groups": []}
    # PGDATA, PGPORT, PGOPTIONS and their like are meant for other servers.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
    done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - every caller names its program by its path
        command,
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=inherited,
        env=environment,
        **other,
    )
    return done.stdout


def server_user(data: Path) -> ServerUser:
    """Ourselves; for root the one who owns the data directory already, else the system user `raceline`."""
    uid = os.geteuid()
    if uid == 0 and data.exists():
        uid = data.stat().st_uid
    found = pwd.getpwuid(uid) if uid != 0 else _system_user()
    return ServerUser(found.pw_name, found.pw_uid, found.pw_gid)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    trouble = "there is no useradd"
    if useradd is not None:
        try:
            run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER])
            _logger.info("made the system user %s: PostgreSQL refuses to run as root", SYSTEM_USER)
        except subprocess.CalledProcessError as error:
            trouble = error.stderr.strip()
    try:
        return pwd.getpwnam(SYSTEM_USER)  # also when another process made it meanwhile
    except KeyError:
        cure = "Run as an ordinary user, make that user yourself, or name a server in RACELINE_DATABASE_URL."
        message = (
            f"PostgreSQL refuses to run as root and the system user {SYSTEM_USER} cannot be made ({trouble}). {cure}"
        )
        raise EmbeddedServerFailed(message) from None


def within_reach(user: ServerUser, folder: Path, binaries: Path, version: str) -> Path:
    """The programs that `user` can run: `binaries`, or a copy in `folder`. No other folder is opened to anybody."""
    if user.uid == os.geteuid():
        return binaries
    if closed := _closed(user, folder):
        cure = f"Set RACELINE_HOME={HOME_OF_ROOT}, or another folder that others may enter."
        raise EmbeddedServerFailed(f"The server runs as {user.name}, who may not enter {closed}. {cure}")
    if not _closed(user, binaries / "postgres"):
        return binaries
    copy = folder / f"install-{version}"
    if not copy.exists():
        _logger.info("%s may not enter %s; copying it to %s", user.name, binaries.parent, copy)
        _copy(binaries, folder / "install.new").rename(copy)
    return copy.joinpath(*binaries.parts[-3:])


def _closed(user: ServerUser, path: Path) -> str:
    """The first on the way to `path`, itself included, that `user` may not enter or run; empty when there is none."""
    ask = 'for place; do test -x "$place" || { echo "$place"; break; }; done'
    return run(["/bin/sh", "-c", ask, "sh", *reversed(path.parents), path], user).strip()


def _copy(binaries: Path, target: Path) -> Path:
    """Copy programs with what they need: the wheel keeps their libraries beside its package, found by relative path."""
    if target.exists():
        shutil.rmtree(target)
    package = binaries.parents[1]
    shutil.copytree(binaries.parent, target.joinpath(*binaries.parts[-3:-1]), symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    return target
