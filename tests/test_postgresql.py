"""What only PostgreSQL can do to a connection that is kept."""

import os
import socket
from contextlib import closing

import pytest
from django.db import OperationalError, connection, connections

from accounts.models import User
from promptcrafter.postgresql import base
from tests import live

pytestmark = pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="about PostgreSQL")
PROMPT = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}


def test_a_column_that_becomes_another_type_is_no_error(tmp_path):
    """As a migration makes it one, while connections are kept that have prepared what reads it."""
    with live.database() as of_database:
        process, url = live.start(tmp_path, WORKERS="1", THREADS="2", **of_database)
        try:
            with live.signed_up(url) as ada:
                path = f"/prompts/{ada.post('/prompts', json=PROMPT).json()['_id']}"
                paths = [path, "/prompts", "/auth/me", "/search?q=title"]
                assert {ada.get(each).status_code for each in paths * 5} == {200}
                name = of_database["DATABASE_URL"].rpartition("/")[2]
                with live.administration(name) as other:
                    for column in ("accounts_user ALTER name", "prompts_prompt ALTER title"):
                        other.execute(f"ALTER TABLE {column} TYPE varchar(123)".encode())
                assert {ada.get(each).status_code for each in paths * 5} == {200}
                assert ada.patch(path, json={"title": "Another"}).status_code in {200, 503}
                assert ada.patch(path, json={"title": "The third"}).status_code == 200
        finally:
            process.terminate()
            process.wait(timeout=20)


def test_a_replica_that_is_silent_is_no_word_on_the_primary(db, monkeypatch, settings):
    monkeypatch.setattr(base, "lookouts", {})
    monkeypatch.setattr(base, "SLOW_SECONDS", 0.1)
    monkeypatch.setattr(base.DatabaseWrapper, "patience", 5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        there = {**connections.settings["default"], "HOST": host, "PORT": str(port)}
        there["OPTIONS"] = {**there["OPTIONS"], "connect_timeout": 2}
        replica = base.DatabaseWrapper(there, "replica")
        with pytest.raises(OperationalError):
            replica.ensure_connection()
        assert base.lookouts["replica"].is_away
        assert User.objects.count() == 0
        with closing(connection.copy()) as another:
            another.ensure_connection()
            assert another.is_usable()
        base.lookouts["replica"].is_away = False  # ends its thread


def test_nothing_is_prepared_where_that_is_off(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"{os.environ['TEST_DATABASE_URL']}?prepare_threshold=off")
    from promptcrafter import environment, settings  # noqa: PLC0415

    made = settings.database(
        environment.database("DATABASE_URL", file=settings.DATA_DIR), of_several="read-write"
    )
    assert made["OPTIONS"]["prepare_threshold"] is None
