"""Writers of a SQLite file take turns; tests/faults/test_sqlite.py has whole servers do so."""

import errno
import fcntl
import gc
import multiprocessing
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest
from django.conf import settings
from django.db import ConnectionHandler, IntegrityError, OperationalError, connections, transaction

from promptcrafter.settings import SQLITE_OPTIONS
from promptcrafter.snapshots import snapshot
from promptcrafter.sqlite3 import lock
from promptcrafter.sqlite3.lock import Queue, WriteLock
from prompts.models import Prompt
from tests import live

# Django does not translate what a script raises.
OPERATIONAL_ERRORS = (OperationalError, sqlite3.OperationalError)
OPTIONS = SQLITE_OPTIONS | {"timeout": 0.2}


@pytest.fixture
def turns(tmp_path, django_db_blocker):
    """A connection to a database of its own, with a table `t` of one number."""
    names = {"default": {}, "turns": {"NAME": str(tmp_path / "a.sqlite3")}}
    for each in names.values():
        each |= {"ENGINE": "promptcrafter.sqlite3", "OPTIONS": OPTIONS}
    connections.settings["turns"] = ConnectionHandler(names).settings["turns"]
    with django_db_blocker.unblock():
        connection = connections["turns"]
        run(connection, "CREATE TABLE t (n INTEGER PRIMARY KEY)")
        yield connection
        connection.close()
    del connections["turns"], connections.settings["turns"]


def run(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def is_free(connection):
    with open(f"{connection.settings_dict['NAME']}.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def somebody_has(connection, name="lock"):
    with open(f"{connection.settings_dict['NAME']}.{name}") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def numbers(connection):
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
        return [n for (n,) in other.execute("SELECT n FROM t ORDER BY n")]


def test_a_transaction_has_the_turn_until_it_ends(turns):
    with transaction.atomic("turns"):
        assert not is_free(turns)
        with transaction.atomic("turns"):
            run(turns, "INSERT INTO t VALUES (1)")
        with pytest.raises(IntegrityError), transaction.atomic("turns"):
            run(turns, "INSERT INTO t VALUES (1)")
        assert not is_free(turns)
        run(turns, "SELECT 1")
        assert not is_free(turns)
    assert is_free(turns)
    assert numbers(turns) == [1]


def test_what_is_undone_ends_the_turn_too(turns):
    with pytest.raises(IntegrityError), transaction.atomic("turns"):
        run(turns, "INSERT INTO t VALUES (1), (1)")
    assert is_free(turns)
    assert numbers(turns) == []


def test_it_is_over_before_what_waits_for_the_commit(turns):
    seen = []
    with transaction.atomic("turns"):
        transaction.on_commit(lambda: seen.append(is_free(turns)), using="turns")
    assert seen == [True]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t VALUES (1) RETURNING n",
        "\n  insert into t VALUES (1) RETURNING n",
        "WITH a(n) AS (VALUES (1)) INSERT INTO t SELECT n FROM a",
        "REPLACE INTO t VALUES (1)",
    ],
)
def test_a_statement_by_itself_is_a_turn(turns, sql):
    with somebody_has(turns), pytest.raises(OperationalError, match="database is locked"):
        run(turns, sql)
    with turns.cursor() as cursor:
        cursor.execute(sql)
        assert is_free(turns)
        assert numbers(turns) == [1]  # though nobody has read what it returned


def test_what_a_statement_returned_can_be_read_in_every_way(turns):
    sql = "INSERT INTO t VALUES (NULL), (NULL), (NULL), (NULL), (NULL) RETURNING n"
    with turns.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.fetchone() == (1,)
        assert cursor.fetchmany(2) == [(2,), (3,)]
        assert cursor.fetchall() == [(4,), (5,)]
        assert (cursor.fetchone(), cursor.fetchmany(), cursor.fetchall()) == (None, [], [])
        cursor.execute("SELECT n FROM t")
        assert (cursor.fetchone(), cursor.fetchmany()) == ((1,), [(2,)])
        assert list(cursor) == [(3,), (4,), (5,)]
    with turns.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (NULL), (NULL) RETURNING n")
        assert list(cursor) == [(6,), (7,)]


def test_many_rows_and_scripts_are_turns(turns):
    acts = [
        lambda cursor: cursor.executemany("INSERT INTO t VALUES (%s)", [(1,), (2,)]),
        lambda cursor: cursor.executescript("BEGIN; INSERT INTO t VALUES (3); COMMIT;"),
    ]
    for act in acts:
        with turns.cursor() as cursor:
            with somebody_has(turns), pytest.raises(OPERATIONAL_ERRORS):
                act(cursor)
            act(cursor)
            assert is_free(turns)
    assert numbers(turns) == [1, 2, 3]


def test_a_checkpoint_is_a_turn(turns):
    with somebody_has(turns), pytest.raises(OperationalError):
        run(turns, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert run(turns, "PRAGMA wal_checkpoint(TRUNCATE)") == [(0, 0, 0)]
    assert is_free(turns)


def test_who_reads_waits_for_nobody(turns, monkeypatch):
    monkeypatch.setattr("promptcrafter.snapshots.router.db_for_read", lambda model: "turns")
    with somebody_has(turns), somebody_has(turns, "next"):
        assert run(turns, "SELECT n FROM t") == []
        assert run(turns, "EXPLAIN SELECT n FROM t")
        connected = turns.connection
        with snapshot(Prompt):
            assert run(turns, "SELECT n FROM t") == []
        assert turns.connection is connected
        turns.close()
        assert run(turns, "SELECT n FROM t") == []


def test_transactions_of_the_old_kind_are_turns(turns):
    turns.set_autocommit(False)
    run(turns, "SELECT n FROM t")
    assert is_free(turns)
    run(turns, "INSERT INTO t VALUES (1)")
    assert not is_free(turns)
    turns.rollback()
    assert is_free(turns)
    run(turns, "INSERT INTO t VALUES (2)")
    turns.set_autocommit(True)
    assert is_free(turns)
    assert numbers(turns) == [2]


def test_who_closes_in_a_transaction_has_no_turn_any_more(turns):
    with transaction.atomic("turns"):
        run(turns, "INSERT INTO t VALUES (1)")
        turns.close()
        assert is_free(turns)
    assert numbers(turns) == []
    run(turns, "INSERT INTO t VALUES (2)")
    assert numbers(turns) == [2]


def test_what_sqlite_refuses_gives_the_turn_back(turns):
    with closing(sqlite3.connect(turns.settings_dict["NAME"])) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"), transaction.atomic("turns"):
            pass
    assert is_free(turns)


def test_a_schema_is_changed_in_one_turn(turns):
    with turns.schema_editor() as editor:
        editor.execute("CREATE TABLE u (n INTEGER)")
        assert not is_free(turns)
    assert is_free(turns)


def test_files_have_turns_of_their_own(turns, tmp_path):
    other = WriteLock(str(tmp_path / "b.sqlite3"))
    with transaction.atomic("turns"):
        assert other.acquire(timeout=0)
        other.release()


def test_the_same_file_by_another_name_has_the_same_turns(turns, tmp_path):
    (tmp_path / "link.sqlite3").symlink_to(turns.settings_dict["NAME"])
    assert lock.of(str(tmp_path / "link.sqlite3")) is lock.of(turns.settings_dict["NAME"])


def test_a_database_in_memory_has_no_turns(tmp_path, monkeypatch, django_db_blocker):
    monkeypatch.chdir(tmp_path)
    described = {"ENGINE": "promptcrafter.sqlite3", "NAME": ":memory:", "OPTIONS": OPTIONS}
    connection = ConnectionHandler({"default": described})["default"]
    with django_db_blocker.unblock():
        run(connection, "CREATE TABLE t (n INTEGER)")
        connection.close()
    assert not any(tmp_path.iterdir())


def test_a_lock_that_can_not_be_opened_is_said(tmp_path, django_db_blocker):
    (tmp_path / "a.sqlite3.lock").mkdir()
    described = {"ENGINE": "promptcrafter.sqlite3", "NAME": str(tmp_path / "a.sqlite3")}
    connection = ConnectionHandler({"default": described})["default"]
    with django_db_blocker.unblock(), pytest.raises(OperationalError, match=r"lock: Is a dir"):
        run(connection, "SELECT 1")


def test_a_lock_that_fails_is_said_and_keeps_nobody_out(turns, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", fail)
        with pytest.raises(OPERATIONAL_ERRORS, match="No locks available"):
            run(turns, "INSERT INTO t VALUES (1)")
    run(turns, "INSERT INTO t VALUES (2)")
    assert numbers(turns) == [2]


def test_a_thread_that_ends_in_a_transaction_has_no_turn_any_more(turns):
    def begin():
        transaction.atomic("turns").__enter__()
        run(connections["turns"], "INSERT INTO t VALUES (1)")

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    gc.collect()
    wait_until(lambda: is_free(turns))
    run(turns, "INSERT INTO t VALUES (2)")
    assert numbers(turns) == [2]


def test_whoever_may_write_to_the_database_may_take_turns(tmp_path):
    (tmp_path / "a.sqlite3").touch()
    (tmp_path / "a.sqlite3").chmod(0o660)
    WriteLock(str(tmp_path / "a.sqlite3")).close()
    assert (tmp_path / "a.sqlite3.lock").stat().st_mode & 0o777 == 0o660


def wait_until(is_true):
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_threads_go_in_the_order_in_which_they_came():
    queue, order = Queue(), []

    def wait_for_it(number):
        assert queue.acquire(timeout=30)
        order.append(number)
        queue.release()

    assert queue.acquire(timeout=0)
    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=wait_for_it, args=[number]))
        threads[-1].start()
        wait_until(lambda: len(queue._waiting) == len(threads))
    assert not queue.acquire(timeout=0.01)  # who gives up is no hindrance
    queue.release()
    for thread in threads:
        thread.join()
    assert order == list(range(8))
    assert queue.acquire(timeout=0)


def test_what_is_given_at_the_last_moment_is_taken(monkeypatch):
    queue = Queue()
    queue.acquire(timeout=0)

    class TooLate:
        def acquire(self, timeout=None):
            if timeout is not None:
                queue.release()
            return False

        def release(self):
            pass

    monkeypatch.setattr(lock.threading, "Lock", TooLate)
    assert queue.acquire(timeout=1)


def _try(path, answers, event):
    event.wait()
    answers.put(lock.of(path).acquire(timeout=0))


def test_a_fork_takes_turns_with_its_parent(tmp_path):
    path = str(tmp_path / "a.sqlite3")
    ours, forking = lock.of(path), multiprocessing.get_context("fork")
    for is_taken in (False, True):
        answers, event = forking.Queue(), forking.Event()
        child = forking.Process(target=_try, args=[path, answers, event])
        child.start()
        if is_taken:
            assert ours.acquire(timeout=0)
        event.set()
        assert answers.get(timeout=10) is not is_taken
        child.join()
    ours.release()


HOLD = """
import sys, time
from promptcrafter.sqlite3.lock import WriteLock
print(WriteLock(sys.argv[1]).acquire(timeout=0), flush=True)
time.sleep(60)
"""


def test_who_is_killed_has_no_turn_any_more(tmp_path):
    path = str(tmp_path / "a.sqlite3")
    ours = WriteLock(path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], cwd=live.ROOT, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"True\n"
        assert not ours.acquire(timeout=0.01)
        holder.send_signal(signal.SIGKILL)
    assert ours.acquire(timeout=5)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="about SQLite's file"
)
def test_who_never_gets_a_turn_is_told_to_come_back(alice, make_prompt, monkeypatch):
    prompt = make_prompt(alice)
    connection = connections["default"]
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    with somebody_has(connection):
        answer = alice.patch(f"/prompts/{prompt.wire_id}", {"title": "Never"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        assert alice.get(f"/prompts/{prompt.wire_id}").json()["title"] == "A title"
    assert alice.patch(f"/prompts/{prompt.wire_id}", {"title": "At last"}).status_code == 200
