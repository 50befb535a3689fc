"""Clients that write all the time, and note what they were promised."""

import http.client
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

PASSWORD = "correct horse battery"
LABELS = ("production", "staging")


@dataclass
class Answer:
    at: float  # time.monotonic() of its end
    seconds: float
    status: int | None  # None: the connection broke, or nothing came in time
    what: str  # the method and kind, or the exception's name


@dataclass
class Ledger:
    """What was acknowledged, by all writers together."""

    prompts: dict[str, str] = field(default_factory=dict)  # id → title that was last acknowledged
    versions: dict[tuple[str, int], str] = field(default_factory=dict)  # → its title
    labels: dict[tuple[str, str], int] = field(default_factory=dict)  # → number
    logs: dict[str, str] = field(default_factory=dict)  # id → output
    answers: list[Answer] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # answers that break the contract

    @property
    def acknowledged(self) -> int:
        return len(self.versions) + len(self.logs) + len(self.labels)

    def statuses(self) -> dict[str, int]:
        counted = Counter(str(each.status or each.what) for each in self.answers)
        return dict(sorted(counted.items()))

    def longest_gap(self) -> float:
        """The longest time in seconds in which nobody's write was acknowledged."""
        times = sorted(each.at for each in self.answers if each.status and each.status < 300)
        return max((b - a for a, b in pairwise(times)), default=0.0)

    def first_success_after(self, moment: float) -> float:
        """Seconds from that time.monotonic() to the next acknowledged write."""
        times = [each.at for each in self.answers if each.status and each.status < 300]
        return min((at - moment for at in times if at > moment), default=float("inf"))

    def slowest(self) -> float:
        return max((each.seconds for each in self.answers), default=0.0)

    def percentile(self, percent: float) -> float:
        """Of the seconds that acknowledged writes took."""
        times = sorted(each.seconds for each in self.answers if each.status and each.status < 300)
        return times[min(int(len(times) * percent / 100), len(times) - 1)] if times else 0.0


class Writer(threading.Thread):
    """One person, one connection: saves, edits, logs and labels, one call after another.

    Nobody else writes what is theirs, so what was last acknowledged is what must be there, or what
    was sent after it and not answered.
    """

    def __init__(
        self, url: str, token: str, ledger: Ledger, *, pause: float, timeout: float
    ) -> None:
        super().__init__(daemon=True)
        self.netloc = urlsplit(url).netloc
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.ledger, self.pause, self.timeout = ledger, pause, timeout
        self.mine: list[str] = []
        self.over = threading.Event()
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        acts = self.acts()
        while not self.over.is_set():
            act = random.choice(acts) if self.mine else self.save
            if not act():
                self.over.wait(0.05)  # as a client would that was told to come back
            if self.pause:
                self.over.wait(self.pause)
        self.close()

    def acts(self) -> list[Callable[[], bool]]:
        return [self.save, self.edit, self.edit, self.log, self.log, self.label]

    def content(self, title: str) -> str:
        return f"Content of {title}."

    def save(self) -> bool:
        title = os.urandom(8).hex()
        body = {"title": title, "content": self.content(title), "model": "GPT-4o", "tags": ["a"]}
        answer = self.call("POST", "/prompts", body, 201)
        if answer:
            self.mine.append(answer["_id"])
            self.ledger.prompts[answer["_id"]] = title
            self.ledger.versions[answer["_id"], 1] = title
        return answer is not None

    def edit(self) -> bool:
        prompt, title = random.choice(self.mine), os.urandom(8).hex()
        answer = self.call("PATCH", f"/prompts/{prompt}", {"title": title}, 200)
        if answer:
            self.ledger.prompts[prompt] = title
            self.ledger.versions[prompt, answer["version"]] = title
        return answer is not None

    def log(self) -> bool:
        output = os.urandom(8).hex()
        body = {"promptId": random.choice(self.mine), "output": output, "modelUsed": "GPT-4o"}
        answer = self.call("POST", "/logs", body | {"score": 7.5}, 201)
        if answer:
            self.ledger.logs[answer["_id"]] = output
        return answer is not None

    def label(self) -> bool:
        prompt, name = random.choice(self.mine), random.choice(LABELS)
        # What is not answered may have happened: that one's label is not known from here on.
        self.ledger.labels.pop((prompt, name), None)
        answer = self.call("PUT", f"/prompts/{prompt}/labels/{name}", {"version": "latest"}, 200)
        if answer:
            self.ledger.labels[prompt, name] = answer["version"]
        return answer is not None

    def call(self, method: str, path: str, body: dict[str, Any], good: int) -> Any:
        """The answer where it is good, else None."""
        started, status, what = time.monotonic(), None, f"{method} {path.split('/')[1]}"
        answer = None
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.netloc, timeout=self.timeout)
            self.connection.request(method, path, json.dumps(body), self.headers)
            with self.connection.getresponse() as response:
                answer = json.loads(response.read())
                status = response.status
                self.check(status, answer, response.headers, good=good)
                if response.will_close:
                    self.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            what = type(error).__name__
            self.close()
        now = time.monotonic()
        self.ledger.answers.append(Answer(now, now - started, status, what))
        return answer if status in {good, 201} else None

    def check(self, status: int, answer: Any, headers: Any, *, good: int) -> None:
        """An error has the one shape, and one that passes says when to come back."""
        if status in {good, 201}:
            return
        told = f"{status} {answer} {dict(headers)}"
        is_shaped = isinstance(answer, dict) and {"error", "code"} <= set(answer)
        if not is_shaped or status not in {503, 507, 429} or "Retry-After" not in headers:
            self.ledger.wrong.append(told)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def sign_up(url: str) -> str:
    """A token of somebody new."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    email = f"{os.urandom(8).hex()}@example.com"
    body = json.dumps({"name": "Writer", "email": email, "password": PASSWORD})
    for _ in range(50):
        connection.request("POST", "/auth/signup", body, {"Content-Type": "application/json"})
        answer = json.loads((response := connection.getresponse()).read())
        if response.status != 429:  # a process hashes one password at a time
            break
        time.sleep(0.1)
    connection.close()
    return str(answer["token"])


@contextmanager
def writing(
    url: str,
    count: int = 16,
    *,
    kind: type[Writer] = Writer,
    tokens: list[str] | None = None,
    ledger: Ledger | None = None,
    pause: float = 0.0,
    timeout: float = 20.0,
) -> Iterator[Ledger]:
    """`count` writers at work, until the end of the block; what they were promised.

    With `tokens` and the `ledger` of an earlier time they go on as the same people. A call that
    takes longer than `timeout` seconds counts as a broken connection.
    """
    ledger = Ledger() if ledger is None else ledger
    tokens = tokens or [sign_up(url) for _ in range(count)]
    writers = [kind(url, each, ledger, pause=pause, timeout=timeout) for each in tokens]
    for writer in writers:
        writer.start()
    try:
        yield ledger
    finally:
        for writer in writers:
            writer.over.set()
        for writer in writers:
            writer.join(timeout + 5)
            assert not writer.is_alive(), "a writer hangs"
