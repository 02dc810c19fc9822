"""The embedded PostgreSQL: kept over restarts, shared by processes, recovered after any kill, as root and as a user."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from raceline.app import embedded_user
from raceline.app.embedded import EmbeddedServer, wheel_binaries
from raceline.domain.errors import EmbeddedServerFailed

AS_ROOT = os.geteuid() == 0
only_as_root = pytest.mark.skipif(not AS_ROOT, reason="only root is refused by PostgreSQL")

PROGRAM = """
import os, pwd, sys
from raceline.app.embedded import EmbeddedServer
_, home, user = sys.argv
if user:  # imported first: this user may not be able to read our Python
    os.setgroups([]), os.setgid(pwd.getpwnam(user).pw_gid), os.setuid(pwd.getpwnam(user).pw_uid)
with EmbeddedServer(home) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""


class User:
    """A process of its own that uses the server of a home until it leaves or is killed."""

    def __init__(self, home: Path, user: str = "") -> None:
        command = [sys.executable, "-P", "-W", "error", "-c", PROGRAM, str(home), user]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd="/", start_new_session=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the process ended"

    def leave(self) -> None:
        self.process.communicate("\n")
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def bare():
    """An empty folder with a short path (the path of a socket is limited) that every user may enter."""
    made = Path(tempfile.mkdtemp(prefix="raceline-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    for process in psutil.process_iter(["cwd"]):
        if (process.info["cwd"] or "").startswith(f"{made}/"):
            process.kill()
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def kept():
    """A home whose server runs during all tests of this file, and its URL."""
    with tempfile.TemporaryDirectory(prefix="raceline-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        with EmbeddedServer(home):
            pass  # a server that was stopped can be copied
        shutil.copytree(f"{home}/postgres-18/data", f"{home}/copy")
        with EmbeddedServer(home) as url:
            yield Path(home), url


@pytest.fixture
def folder(bare, kept):
    """A home with a data directory: making each by initdb would take a second."""
    home, _ = kept
    (bare / "postgres-18").mkdir(mode=0o755)
    shutil.copytree(home / "copy", bare / "postgres-18/data")
    give(bare / "postgres-18/data", (home / "postgres-18/data").owner())
    return bare


@pytest.fixture(params=["", pytest.param("nobody", marks=only_as_root)], ids=["as we are", "as an ordinary user"])
def user(request, folder):
    if request.param:
        give(folder, request.param)
    return request.param


def give(folder, user):
    if AS_ROOT:
        subprocess.run(["chown", "-R", user, folder], check=True)


def ask(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def postmaster(folder):
    """The id of the server's first process, by its own file."""
    return int((folder / "postgres-18/data/postmaster.pid").read_text().split()[0])


def is_running(folder):
    return (folder / "postgres-18/data/postmaster.pid").exists()


def kill_server(folder):
    """End every process of the server at once, as the kernel does when memory runs out."""
    first = psutil.Process(postmaster(folder))
    processes = [first, *first.children(recursive=True)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # the others end by themselves when the first is gone
            process.kill()
    psutil.wait_procs(processes, timeout=10)


def test_data_survive_a_restart(folder, user):
    first = User(folder, user)
    ask(first.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    first.leave()
    assert not is_running(folder)
    second = User(folder, user)
    assert ask(second.url, "SELECT answer FROM kept") == 42
    second.leave()


def test_two_processes_share_one_server_and_the_last_one_stops_it(folder, user):
    first, second = User(folder, user), User(folder, user)
    server = postmaster(folder)
    first.leave()
    assert ask(second.url, "SELECT 1") == 1
    assert postmaster(folder) == server
    second.leave()
    assert not is_running(folder)


def test_processes_that_start_together_start_one_server(folder):
    with ThreadPoolExecutor(4) as together:
        users = list(together.map(User, [folder] * 4))
    assert len({ask(each.url, "SELECT pg_postmaster_start_time()::text") for each in users}) == 1
    for each in users:
        each.leave()
    assert not is_running(folder)


def test_a_killed_process_leaves_a_server_that_the_next_one_takes_over(folder, user):
    first = User(folder, user)
    server = postmaster(folder)
    first.kill()
    second = User(folder, user)
    assert postmaster(folder) == server
    second.leave()
    assert not is_running(folder)


def test_a_killed_server_is_recovered_with_all_that_was_committed(folder, user):
    first = User(folder, user)
    ask(first.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    kill_server(folder)
    second = User(folder, user)
    assert ask(second.url, "SELECT answer FROM kept") == 42
    first.leave()
    assert ask(second.url, "SELECT answer FROM kept") == 42
    second.leave()


@pytest.mark.parametrize("user", [""], indirect=True)
@pytest.mark.parametrize(
    "left",
    [
        pytest.param("", id="empty"),
        pytest.param("{stranger}\n/elsewhere\n", id="its number is now a stranger's"),
    ],
)
def test_a_stale_pid_file_is_never_believed_and_no_stranger_is_harmed(folder, user, left):
    first = User(folder, user)
    kill_server(folder)
    first.kill()
    data = folder / "postgres-18/data"
    owner = data.stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=owner if AS_ROOT else None)
    try:
        text = left.format(stranger=stranger.pid)
        for lock in (data / "postmaster.pid", folder / "postgres-18/run/.s.PGSQL.5432.lock"):
            lock.write_text(text)
        User(folder, user).leave()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_ctrl_c_at_the_terminal_of_one_process_leaves_the_server_to_the_other(folder):
    first, second = User(folder), User(folder)
    os.killpg(first.process.pid, signal.SIGINT)
    first.process.communicate()
    assert ask(second.url, "SELECT 1") == 1
    second.leave()
    assert not is_running(folder)


def test_starting_again_recovers_a_server_that_died_meanwhile(folder):
    server = EmbeddedServer(folder)
    url = server.start()
    kill_server(folder)
    assert server.start() == url
    assert ask(url, "SELECT 1") == 1
    server.stop()
    assert not is_running(folder)


def test_an_initdb_that_was_killed_half_way_is_not_taken_for_a_data_directory(bare):
    half = bare / "postgres-18/data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(bare) as url:
        assert ask(url, "SELECT 1") == 1
    assert not half.exists()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("listen_addresses", "", id="it listens on no network"),
        pytest.param("fsync", "on", id="what is committed is on the disk"),
        pytest.param("synchronous_commit", "on", id="a commit waits for the disk"),
        pytest.param("server_encoding", "UTF8", id="every language can be stored"),
        pytest.param("TimeZone", "UTC", id="days begin at the same instant everywhere"),
    ],
)
def test_how_the_server_is_set(kept, setting, value):
    _, url = kept
    assert ask(url, f"SHOW {setting}") == value


def test_only_the_server_s_user_and_root_may_enter_the_folders_of_socket_and_data(folder):
    with EmbeddedServer(folder):
        for name in ("data", "run", "log"):
            assert (folder / "postgres-18" / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["n" * 100, "a folder's name, with blanks & signs"])
def test_a_home_whose_path_no_socket_can_have_gets_a_short_one_beside_it(bare, name):
    home = bare / name
    with EmbeddedServer(home) as url, EmbeddedServer(home) as same:
        assert url == same
        sockets = Path(ask(url, "SHOW unix_socket_directories"))
        assert sockets.parent == Path("/tmp")
        assert sockets.stat().st_mode & 0o777 == 0o700
        assert ask(url, "SELECT 1") == 1
    sockets.rmdir()


def test_a_folder_for_sockets_that_others_may_enter_is_refused(bare):
    run = bare / "postgres-18/run"
    run.mkdir(parents=True)
    run.chmod(0o777)
    with pytest.raises(EmbeddedServerFailed, match="private folder"):
        EmbeddedServer(bare).start()


def test_a_server_that_does_not_start_says_why_in_its_own_words(folder):
    EmbeddedServer(folder).start()
    kill_server(folder)
    with (folder / "postgres-18/data/postgresql.conf").open("a") as configuration:
        configuration.write("shared_bufers = 1\n")
    with pytest.raises(EmbeddedServerFailed, match='unrecognized configuration parameter "shared_bufers"'):
        EmbeddedServer(folder).start()


def test_a_server_that_raceline_did_not_start_keeps_its_data_directory_to_itself(folder):
    with EmbeddedServer(folder):
        pass
    data, sockets = folder / "postgres-18/data", folder / "postgres-18/run"
    command = [wheel_binaries() / "pg_ctl", "start", "-D", data, "-o", f"-h '' -k {sockets}", "-l", data / "own.log"]
    owner = data.stat().st_uid
    subprocess.run(command, check=True, user=owner if AS_ROOT else None, stdout=subprocess.DEVNULL, cwd="/")
    with pytest.raises(EmbeddedServerFailed, match=f"Process {postmaster(folder)} serves"):
        EmbeddedServer(folder).start()
    assert is_running(folder)


def test_a_home_that_a_shell_would_read_otherwise_is_refused(bare):
    with pytest.raises(EmbeddedServerFailed, match="it has a quote, dollar"):
        EmbeddedServer(bare / "$(reboot)")


def test_programs_that_do_not_run_are_named(bare):
    with pytest.raises(EmbeddedServerFailed, match="do not run here"):
        EmbeddedServer(bare, bare)


@only_as_root
def test_a_home_that_the_server_s_user_cannot_enter_is_refused_and_not_opened(bare):
    closed = bare / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerFailed, match=rf"may not enter {closed}\. Set RACELINE_HOME=/var/lib/raceline"):
        EmbeddedServer(closed / "home").start()
    assert closed.stat().st_mode & 0o777 == 0o700


@only_as_root
def test_programs_that_the_server_s_user_cannot_reach_are_copied_and_their_folder_stays_closed(bare):
    package = wheel_binaries().parents[1]
    closed = bare / "closed"
    closed.mkdir(mode=0o700)
    for name in (f"{package.name}/pginstall18", f"{package.name}.libs"):
        shutil.copytree(package.parent / name, closed / name)
    with EmbeddedServer(bare / "home", closed / package.name / "pginstall18/bin") as url:
        assert ask(url, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_uid == 0


@only_as_root
def test_root_runs_the_server_as_whom_the_data_belong_to(bare):
    shutil.chown(bare, "nobody")
    User(bare, "nobody").leave()
    with EmbeddedServer(bare):
        assert psutil.Process(postmaster(bare)).username() == "nobody"
    User(bare, "nobody").leave()


@only_as_root
def test_root_on_a_machine_without_useradd_is_told_what_else_to_do(bare, monkeypatch):
    def unknown(name):
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", unknown)
    monkeypatch.setattr(embedded_user.shutil, "which", lambda *_, **__: None)
    with pytest.raises(EmbeddedServerFailed, match=r"there is no useradd.*RACELINE_DATABASE_URL"):
        EmbeddedServer(bare).start()
