"""SIGTERM under load: nobody who was heard goes without an answer."""

import json
import os
import re
import signal
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests import live
from tests.faults.callers import calling
from tests.faults.processes import children, is_running
from tests.faults.writers import sign_up

TIMES = int(os.environ.get("FAULT_ENDS", "3"))


@pytest.mark.parametrize("whom", ["the parent", "all of them"])
def test_every_request_that_was_sent_is_answered(tmp_path, capsys, whom):
    """As `kill` ends it, or a service manager that sends SIGTERM to each process."""
    send = os.kill if whom == "the parent" else os.killpg
    with live.database() as environment:
        for _ in range(TIMES):
            with (tmp_path / "journal").open("wb") as journal:
                process, url = live.start(
                    tmp_path, start_new_session=True, stderr=journal, **environment
                )
                with calling(url) as calls:
                    time.sleep(1.5)
                    workers = children(process.pid)
                    told_at = time.monotonic()
                    send(process.pid, signal.SIGTERM)
                    assert process.wait(timeout=40) == 0
                    seconds = time.monotonic() - told_at
            with capsys.disabled():
                print(
                    f"\n{whom}: {calls.answered.total()} answered {dict(calls.answered)}, "
                    f"{len(calls.unanswered)} cut off, {len(calls.unsent)} on a closed connection, "
                    f"{len(calls.refused)} refused after it; ended in {seconds:.1f} s"
                )
            assert calls.begun(tmp_path / "journal") == []
            assert (calls.unanswered, calls.unsent) == ([], [])
            assert not any(map(is_running, workers))


def test_a_request_that_is_half_sent_is_waited_for(tmp_path):
    with live.database() as environment:
        process, url = live.start(tmp_path, **environment)
        token, netloc = sign_up(url), urlsplit(url)
        body = json.dumps({"title": "A title", "content": "Text.", "model": "GPT-4o"}).encode()
        head = (
            f"POST /prompts HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\r\n"
        )
        with socket.create_connection((netloc.hostname, netloc.port), timeout=30) as connection:
            connection.sendall(head.encode() + body[:-5])
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            time.sleep(2)
            connection.sendall(body[-5:])
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert process.wait(timeout=30) == 0
    assert answer.startswith(b"HTTP/1.1 201")
    assert re.search(rb"\r\nconnection: close\r\n", answer, re.IGNORECASE)
