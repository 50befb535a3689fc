"""The database as production has it, whichever it is."""

import pytest
from django.db import connection

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


def test_timestamps_and_keys_come_back_as_they_went_in(alice, make_prompt):
    prompt = make_prompt(alice)
    created_at, pk = prompt.created_at, prompt.pk
    prompt.refresh_from_db()
    assert (prompt.created_at, prompt.pk) == (created_at, pk)
    assert pk.version == 7
