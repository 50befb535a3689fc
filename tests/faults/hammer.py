"""One of several processes that commit and checkpoint as fast as they can.

    python -m tests.faults.hammer FILE ENGINE SECONDS

Prints when it was within a transaction, a checkpoint or a close, in nanoseconds of the machine's
monotonic clock, and how many rows it was told were kept. What is measured is Django's part and
SQLite's, beneath whatever lock the engine has.
"""

import json
import sqlite3
import sys
import threading
import time

import django
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

THREADS = 2
TRACED = ("BEGIN IMMEDIATE", "PRAGMA wal_checkpoint", "INSERT")

within: list[tuple[int, int]] = []
began: dict[int, int] = {}
execute = SQLiteCursorWrapper.execute


def timed(cursor, query, params=None):
    thread, started = threading.get_ident(), time.monotonic_ns()
    answer = execute(cursor, query, params)
    if query.startswith(TRACED):
        began.setdefault(thread, started)
        if not cursor.connection.in_transaction:
            within.append((began.pop(thread), time.monotonic_ns()))
    return answer


class Timed(sqlite3.Connection):
    def commit(self):
        super().commit()
        within.append((began.pop(threading.get_ident()), time.monotonic_ns()))

    def close(self):
        started = time.monotonic_ns()
        super().close()
        within.append((started, time.monotonic_ns()))


def hammer(until: float, kept: list[int]) -> None:
    turn = 0
    while time.monotonic() < until:
        turn += 1
        try:
            with connection.cursor() as cursor:
                with transaction.atomic():
                    cursor.execute("SELECT max(n) FROM t")
                    cursor.execute("INSERT INTO t VALUES (NULL, randomblob(9000))")
                kept.append(1)
                if turn % 5 == 0:
                    cursor.execute("INSERT INTO t VALUES (NULL, 'alone') RETURNING n")
                    kept.append(1)
                if turn % 7 == 0:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except OperationalError:  # without the lock
            began.pop(threading.get_ident(), None)
        if turn % 31 == 0:
            connection.close()
    connection.close()


def main(file: str, engine: str, seconds: str) -> None:
    commands = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=5"
    options = {"transaction_mode": "IMMEDIATE", "init_command": commands, "factory": Timed}
    settings.configure(DATABASES={"default": {"ENGINE": engine, "NAME": file, "OPTIONS": options}})
    django.setup()
    SQLiteCursorWrapper.execute = timed
    kept: list[int] = []
    until = time.monotonic() + float(seconds)
    threads = [threading.Thread(target=hammer, args=[until, kept]) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"kept": len(kept), "within": within}))


if __name__ == "__main__":
    main(*sys.argv[1:])
