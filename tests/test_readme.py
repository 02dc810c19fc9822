"""What the README says is true: its examples run, its walk through the code exists, its generated parts are fresh."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCHEMA = build_schema((ROOT / "graphql" / "schema.graphql").read_text(encoding="utf-8"))
EXAMPLE = re.compile(r"<!-- example: (\w+) ?(\S*) -->\n```\w+\n(.*?)```", re.DOTALL)
PLACE = re.compile(r"`((?:app|graphql|projections|analytics|domain)/\w+\.py)::(\w+)`")


def test_every_place_of_the_walk_exists():
    places = PLACE.findall(README)
    assert len(places) > 15
    for file, name in places:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^\s*(?:async )?(?:def|class) {name}\b", text, re.MULTILINE), f"{file}::{name}"


def test_generated_parts_are_fresh():
    check = subprocess.run([sys.executable, "-m", "raceline.app.docs", "--check"], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_every_field_of_the_api_is_in_its_table():
    table = README.split("## What the API answers")[1].split("\n## ")[0]
    told = [name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    roots = (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    assert sorted(told) == sorted(name for root in roots for name in root.fields)


def test_every_number_comes_with_its_command():
    figures = README.split("## Speed")[1].split("\n## ")[0]
    rows = [line for line in figures.splitlines() if line.startswith("|")][2:]
    assert rows
    for row in rows:
        command = re.search(r"`python (bench/\w+\.py)", row)
        assert command, row
        assert (ROOT / command[1]).exists(), row


@pytest.fixture
def environment(database, tmp_path):
    programs = str(Path(sys.executable).parent)
    path = f"{programs}:{os.environ['PATH']}"
    return os.environ | {"RACELINE_DATABASE_URL": database, "PATH": path, "HOME": str(tmp_path)}


@pytest.fixture
def ask(environment):
    """A running server, asked over HTTP."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        ["raceline", "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_ready(server, url)
        yield lambda query: httpx.post(f"{url}/graphql", json={"query": query}, timeout=30).json()
    finally:
        server.terminate()
        server.wait()


def _until_ready(server, url):
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server did not come up")


def assert_shortened(shown, written):
    """Every line that is shown was written, in this order; `...` stands for lines or for the rest of a line."""
    lines = iter(" ".join(line.split()) for line in written.splitlines())
    for line in shown.splitlines():
        begin, cut, _ = " ".join(line.split()).partition("...")
        if begin:
            assert any(one.startswith(begin) if cut else one == begin for one in lines), f"{line}\nin\n{written}"


def test_the_examples_run_and_give_what_they_say(ask, environment, tmp_path):
    examples = EXAMPLE.findall(README)
    assert {kind for kind, *_ in examples} == {"file", "shell", "output", "query", "write", "answer", "subscription"}
    answer, written = None, ""
    for kind, name, text in examples:
        match kind:
            case "file":
                (tmp_path / name).write_text(text, encoding="utf-8")
            case "shell":
                done = subprocess.run(
                    ["bash", "-e", "-c", text], cwd=tmp_path, env=environment, capture_output=True, text=True
                )
                assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
                written = done.stdout
            case "output":
                assert_shortened(text, written)
            case "subscription":
                assert validate(SCHEMA, parse(text)) == []
            case "query" | "write":
                reply = ask(text)
                assert "errors" not in reply, reply
                answer = reply["data"]
                assert all(value is not None for value in answer.values())
            case "answer":
                assert answer == json.loads(text)
