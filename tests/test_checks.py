"""Settings that can't be right together are found at the start."""

import json
import re
import sqlite3
import tempfile
from pathlib import Path

import pytest
from django.core.checks import run_checks

from tests import live
from tests.live import ROOT

POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.example.com", "OPTIONS": {}}
AT_HOME = POSTGRESQL | {"HOST": "/var/run/postgresql"}
MAIL = {
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "PUBLIC_URL": "https://prompts.example.com",
}

# What a check says, the settings that bring it about, and the same settings made right.
CASES = [
    ("E001", {"HTTPS": True, "DEBUG": True}, {"HTTPS": False}),
    (
        "E002",
        {"HTTPS": True, "CORS_ALLOWED_ORIGINS": ["http://app.example.com"]},
        {"CORS_ALLOWED_ORIGINS": ["https://app.example.com", "http://localhost:3000"]},
    ),
    (
        "E003",
        {"HTTPS": True, "PUBLIC_URL": "http://prompts.example.com"},
        {"PUBLIC_URL": "https://prompts.example.com"},
    ),
    (
        "E004",
        {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "PUBLIC_URL": ""},
        {"PUBLIC_URL": "https://prompts.example.com"},
    ),
    (
        "W006",
        {"DATABASES": {"default": POSTGRESQL}},
        {"DATABASES": {"default": POSTGRESQL | {"OPTIONS": {"sslmode": "verify-full"}}}},
    ),
    ("W006", {"DATABASES": {"default": POSTGRESQL}}, {"DATABASES": {"default": AT_HOME}}),
    (
        "W006",
        {"DATABASES": {"default": AT_HOME | {"HOST": "localhost,db2.example.com"}}},
        {"DATABASES": {"default": AT_HOME | {"HOST": "localhost,127.0.0.1,/var/run"}}},
    ),
    (
        "W007",
        MAIL | {"EMAIL_USE_TLS": False, "EMAIL_HOST": "mail.example.com"},
        {"EMAIL_USE_TLS": True},
    ),
    (
        "W007",
        MAIL | {"EMAIL_USE_TLS": False, "EMAIL_HOST": "mail.example.com"},
        {"EMAIL_HOST": "localhost"},
    ),
    (
        "W010",
        MAIL | {"DEFAULT_FROM_EMAIL": "promptcrafter@localhost"},
        {"DEFAULT_FROM_EMAIL": "prompts@example.com"},
    ),
    ("W008", {"HASHES_AT_ONCE": 4, "THREADS": 4}, {"HASHES_AT_ONCE": 2}),
    (
        "W009",
        {"PUBLIC_URL": "https://prompts.example.com", "ALLOWED_HOSTS": ["localhost"]},
        {"ALLOWED_HOSTS": ["localhost", ".example.com"]},
    ),
    ("W001", {"DEBUG": True, "HOST": "0.0.0.0"}, {"HOST": "127.0.0.1"}),  # noqa: S104
    ("W002", {"ALLOWED_HOSTS": ["a.example", "*"]}, {"ALLOWED_HOSTS": ["a.example"]}),
    (
        "W003",
        {"HTTPS": True, "ALLOWED_HOSTS": ["localhost", "[::1]"]},
        {"ALLOWED_HOSTS": ["localhost", "prompts.example.com"]},
    ),
    ("W005", {"HTTPS": True, "TRUSTED_PROXIES": 0}, {"TRUSTED_PROXIES": 2}),
]


@pytest.fixture(autouse=True)
def behind_a_proxy(settings):
    settings.TRUSTED_PROXIES = 1
    settings.DEFAULT_FROM_EMAIL = "prompts@example.com"
    settings.ALLOWED_HOSTS = ["testserver", ".example.com"]


def found():
    ours = [each for each in run_checks() if (each.id or "").startswith("promptcrafter.")]
    return [each.id.removeprefix("promptcrafter.") for each in ours if not each.is_silenced()]


def apply(settings, values):
    for name, value in values.items():
        setattr(settings, name, value)


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize(("id_", "wrong", "right"), CASES)
def test_settings_that_do_not_fit_are_named(settings, id_, wrong, right):
    assert found() == []
    apply(settings, wrong)
    assert found() == [id_]
    apply(settings, right)
    assert found() == []


@pytest.fixture
def data_dir(settings):
    """A data directory that holds a key, where other users of the machine could look for it."""
    with tempfile.TemporaryDirectory() as directory:
        settings.DATA_DIR = Path(directory)
        key = settings.DATA_DIR / "jwt_signing_key"
        key.touch(mode=0o600)
        yield settings.DATA_DIR


@pytest.mark.parametrize(
    ("directory_mode", "file_mode", "ids"),
    [
        (0o755, 0o644, ["W004"]),
        (0o755, 0o600, []),
        (0o700, 0o644, []),
        (0o750, 0o640, []),
    ],
)
def test_keys_that_others_can_read_are_named(data_dir, directory_mode, file_mode, ids):
    data_dir.chmod(directory_mode)
    (data_dir / "jwt_signing_key").chmod(file_mode)
    assert found() == ids


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_a_database_file_that_others_can_read_is_named(data_dir, settings):
    data_dir.chmod(0o755)
    file = data_dir / "prompts.sqlite3"
    file.touch()
    file.chmod(0o644)
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}}
    (warning,) = [each for each in run_checks() if each.id == "promptcrafter.W004"]
    assert str(file) in warning.msg
    assert "jwt_signing_key" not in warning.msg


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize(
    ("version", "ids"),
    [
        ((3, 6, 23), []),
        ((3, 7, 0), ["W011"]),
        ((3, 40, 1), ["W011"]),
        ((3, 44, 6), []),
        ((3, 45, 0), ["W011"]),
        ((3, 50, 6), ["W011"]),
        ((3, 50, 7), []),
        ((3, 51, 2), ["W011"]),
        ((3, 51, 3), []),
    ],
)
def test_an_sqlite_that_needs_turns_is_named_where_there_are_none(
    settings, monkeypatch, version, ids
):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    of_django = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere", "OPTIONS": {}}
    settings.DATABASES = {"default": of_django | {"HOST": ""}}
    assert found() == ids
    settings.DATABASES["default"]["ENGINE"] = "promptcrafter.sqlite3"
    assert found() == []


def test_a_check_can_be_silenced(settings):
    apply(settings, {"ALLOWED_HOSTS": ["*"], "SILENCED_SYSTEM_CHECKS": ["promptcrafter.W002"]})
    assert found() == []


def test_a_warning_is_a_line_of_the_log(tmp_path):
    with live.database() as environment, (tmp_path / "stderr").open("wb") as stderr:
        process, _ = live.start(tmp_path, stderr=stderr, ALLOWED_HOSTS="*", **environment)
        process.terminate()
        assert process.wait(timeout=20) == 0
    line = json.loads((tmp_path / "stderr").read_text().splitlines()[0])
    assert (line["level"], line["logger"]) == ("WARNING", "promptcrafter.serve")
    assert line["message"].endswith("(promptcrafter.W002)")


def test_every_check_is_tested_and_documented():
    ids = set(
        re.findall(r'id="promptcrafter\.(\w+)"', (ROOT / "promptcrafter/checks.py").read_text())
    )
    documented = (ROOT / "docs/configuration.md").read_text()
    assert set(re.findall(r"^\| `promptcrafter\.(\w+)`", documented, re.MULTILINE)) == ids
    assert {id_ for id_, *_ in CASES} | {"W004", "W011"} == ids
