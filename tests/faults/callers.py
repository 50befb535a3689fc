"""Clients that call all the time, believe in their connection, and try nothing twice."""

import http.client
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.writers import sign_up

LOG = {"output": "An output.", "modelUsed": "GPT-4o"}


@dataclass
class Calls:
    """How they went, by all clients together. All lists are of request ids."""

    answered: Counter[int] = field(default_factory=Counter)  # by status
    refused: list[str] = field(default_factory=list)  # no connection: nothing was sent
    unsent: list[str] = field(default_factory=list)  # the connection was closed before
    unanswered: list[str] = field(default_factory=list)  # sent, and no answer, or half of one

    def failed(self) -> int:
        errors = sum(count for status, count in self.answered.items() if status >= 500)
        return len(self.refused) + len(self.unsent) + len(self.unanswered) + errors

    def begun(self, journal: Path) -> list[str]:
        """Of those that were not answered, what the server did (its journal has a line)."""
        lines = [line for line in journal.read_text().splitlines() if line.startswith("{")]
        done = {json.loads(line).get("request_id") for line in lines}
        return [each for each in self.unanswered if each in done]


class Client(threading.Thread):
    def __init__(self, url: str, headers: dict[str, str], prompt: str, **rest: object) -> None:
        super().__init__(daemon=True)
        self.netloc, self.headers, self.prompt = urlsplit(url).netloc, headers, prompt
        self.calls, self.keeps_alive, self.timeout = Calls(), bool(rest["keeps_alive"]), 20
        self.over = threading.Event()
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        body = json.dumps(LOG | {"promptId": self.prompt})
        while not self.over.is_set():
            self.call("GET", f"/prompts/{self.prompt}", None)
            self.call("POST", "/logs", body)
        self.close()

    def call(self, method: str, path: str, body: str | None) -> None:
        request_id = os.urandom(8).hex()
        failures = self.calls.refused
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.netloc, timeout=self.timeout)
                self.connection.connect()
            failures = self.calls.unsent
            headers = self.headers | {"X-Request-Id": request_id}
            self.connection.request(method, path, body, headers)
            failures = self.calls.unanswered
            with self.connection.getresponse() as response:
                response.read()
            self.calls.answered[response.status] += 1
            if response.will_close or not self.keeps_alive:
                self.close()
        except (OSError, http.client.HTTPException):
            failures.append(request_id)
            self.close()
            self.over.wait(0.02)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@contextmanager
def calling(url: str, *, keeping: int = 16, opening: int = 4) -> Iterator[Calls]:
    """So many clients that keep their connection, and that open one for each call."""
    headers = {"Authorization": f"Bearer {sign_up(url)}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    body = json.dumps({"title": "A title", "content": "Some content.", "model": "GPT-4o"})
    connection.request("POST", "/prompts", body, headers)
    prompt = json.loads(connection.getresponse().read())["_id"]
    connection.close()
    clients = [
        Client(url, headers, prompt, keeps_alive=number < keeping)
        for number in range(keeping + opening)
    ]
    for client in clients:
        client.start()
    together = Calls()
    try:
        yield together
    finally:
        for client in clients:
            client.over.set()
        for client in clients:
            client.join(30)
            assert not client.is_alive(), "a client hangs"
            together.answered += client.calls.answered
            for name in ("refused", "unsent", "unanswered"):
                getattr(together, name).extend(getattr(client.calls, name))
