"""The database as production has it, whichever it is."""

import subprocess
import sys

import pytest
from django.db import connection

from tests import live

HTTPS_PROBE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "promptcrafter.settings"
import django
django.setup()
from django.conf import settings
from django.test import Client
for path in ("/admin/", "/prompts"):
    print(Client().get(path, headers={"host": "localhost"}).status_code)
print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)
"""

sqlite_only = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="about SQLite's file")


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
@sqlite_only
def test_sqlite_is_durable_and_waits_its_turn(db, pragma, value):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (value,)


@pytest.mark.parametrize(("https", "is_on"), [("1", True), ("0", False)])
def test_https_makes_cookies_and_pages_safe_and_leaves_the_api_where_it_is(tmp_path, https, is_on):
    keys = {"SECRET_KEY": "k" * 50, "JWT_SIGNING_KEY": "j" * 32, "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", HTTPS_PROBE],
        env=live.clean_environment() | keys | {"HTTPS": https, "PYTHONWARNINGS": "ignore"},
        cwd=live.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    page, api, *cookies = done.stdout.split()
    assert (page, api) == ("301" if is_on else "302", "401")
    assert cookies == [str(is_on)] * 2


def test_timestamps_and_keys_come_back_as_they_went_in(alice, make_prompt):
    prompt = make_prompt(alice)
    created_at, pk = prompt.created_at, prompt.pk
    prompt.refresh_from_db()
    assert (prompt.created_at, prompt.pk) == (created_at, pk)
    assert pk.version == 7
