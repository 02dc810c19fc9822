"""Settings come from the environment, are read once, and a wrong one is refused with its name and the cure."""

import pytest
from pydantic import SecretStr

from raceline.app.settings import Settings, default_home, masked, read_settings, settings_table
from raceline.domain.errors import InvalidSetting


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"RACELINE_{name.upper()}", raising=False)


def test_without_any_setting_raceline_keeps_its_own_server_and_listens_on_this_machine_only():
    settings = read_settings()
    assert settings.database_url is None
    assert settings.home == default_home()
    assert settings.host == "127.0.0.1"


def test_the_environment_sets_and_the_command_line_wins(monkeypatch):
    monkeypatch.setenv("RACELINE_PORT", "9001")
    monkeypatch.setenv("RACELINE_GRAPHIQL", "false")
    assert (read_settings().port, read_settings().graphiql) == (9001, False)
    assert read_settings(port=9002, host=None).port == 9002


def test_several_catalogues_are_named_like_a_path(monkeypatch, tmp_path):
    ours, theirs = tmp_path / "ours.yaml", tmp_path / "theirs.yaml"
    ours.touch()
    theirs.touch()
    monkeypatch.setenv("RACELINE_CATALOGUE", f"{ours}:{theirs}")
    assert read_settings().catalogue == (ours, theirs)


@pytest.mark.parametrize(
    ("variable", "value", "cure"),
    [
        pytest.param("PORT", "http", "valid integer", id="a word is no port"),
        pytest.param("PORT", "70000", "less than or equal to 65535", id="ports end at 65535"),
        pytest.param("MAX_BODY_BYTES", "0", "greater than 0", id="a limit of nothing would refuse everything"),
        pytest.param("GRAPHIQL", "perhaps", "valid boolean", id="perhaps is neither yes nor no"),
        pytest.param("CATALOGUE", "/no/such.yaml", "there is no file", id="a catalogue must be there"),
        pytest.param("DATABASE_URL", "postgresql://me:hush@host:port/d", "percent-encoding", id="a port is a number"),
        pytest.param("DATABASE_URL", "postgresql://me:a@hush@host/d", "percent-encoding", id="an @ in a password"),
        pytest.param("DATABSE_URL", "postgresql:///d", "did you mean RACELINE_DATABASE_URL", id="a misspelt name"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_and_the_cure(monkeypatch, variable, value, cure):
    monkeypatch.setenv(f"RACELINE_{variable}", value)
    with pytest.raises(InvalidSetting, match=f"RACELINE_{variable}.*{cure}") as refusal:
        read_settings()
    assert "hush" not in str(refusal.value)


def test_an_empty_database_url_means_the_embedded_server(monkeypatch):
    monkeypatch.setenv("RACELINE_DATABASE_URL", "")
    assert read_settings().database_url is None


def test_a_password_is_never_printed():
    url = "postgresql://me:hush@db.example:6543/raceline"
    settings = read_settings(database_url=SecretStr(url))
    assert "hush" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert "hush" not in masked(url)
    assert "db.example" in masked(url)
    assert masked("postgresql://me@/raceline?host=/run/x") == "postgresql://me@/raceline?host=/run/x"
    assert masked("postgresql://me:tell@hush@h/raceline") == "***"


def test_a_relative_home_does_not_move_with_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert read_settings(home="here").home == tmp_path / "here"


def test_every_setting_is_explained():
    table = settings_table()
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"`RACELINE_{name.upper()}`" in table
