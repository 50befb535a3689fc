"""Hours of mixed load in minutes: what the processes hold must not grow."""

import http.client
import json
import os
import random
import signal
import socket
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests import live
from tests.faults.processes import children, wait_for
from tests.faults.writers import PASSWORD

SECONDS = float(os.environ.get("FAULT_SOAK_SECONDS", "240"))
CLIENTS = 8
WAL_LIMIT = 67_108_864  # settings.SQLITE_OPTIONS


class Visitor(threading.Thread):
    """One person who does a bit of everything, well-formed or not."""

    def __init__(self, url: str, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.address = urlsplit(url).hostname, urlsplit(url).port
        self.connection = http.client.HTTPConnection(*self.address, timeout=60)
        self.over, self.statuses = over, Counter[str]()
        self.who = {"email": f"{os.urandom(8).hex()}@example.com", "password": PASSWORD}
        self.token = self.refresh = ""
        self.prompts: list[str] = []

    def run(self) -> None:
        while not self.token and not self.over.is_set():
            self.sessions(self.call("POST", "/auth/signup", self.who | {"name": "Visitor"}))
        acts: list[tuple[Callable[[], None], int]] = [
            (self.read, 40),
            (self.write, 20),
            (self.err, 10),
            (self.look, 5),
            (self.vanish, 5),
            (self.come_and_go, 1),
        ]
        kinds, weights = zip(*acts, strict=True)
        while not self.over.is_set():
            random.choices(kinds, weights)[0]()
        self.connection.close()

    def call(self, method: str, path: str, body: object = None, **headers: str) -> dict[str, str]:
        """The answer, where it is a JSON object."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = body if isinstance(body, bytes | None) else json.dumps(body)
        if data is not None:
            sent["Content-Type"] = "application/json"
        try:
            self.connection.request(method, path, data, sent | headers)
            with self.connection.getresponse() as response:
                text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.statuses[type(error).__name__] += 1
            self.connection.close()
            return {}
        self.statuses[str(response.status)] += 1
        with suppress(ValueError):
            answer = json.loads(text)
            return answer if isinstance(answer, dict) else {}
        return {}

    def sessions(self, answer: dict[str, str]) -> None:
        self.token = answer.get("token", self.token)
        self.refresh = answer.get("refresh", self.refresh)

    def write(self) -> None:
        if len(self.prompts) < 20 or random.random() < 0.1:
            text = " ".join(random.choices(["mountain", "river", "code", "poem", "tree"], k=40))
            body = {"title": "A title", "content": text, "model": "GPT-4o", "tags": ["a", "b"]}
            self.prompts.append(self.call("POST", "/prompts", body).get("_id", "none"))
        prompt = random.choice(self.prompts)
        log = {"promptId": prompt, "output": "An output.", "modelUsed": "GPT-4o", "score": 5}
        self.call("POST", "/logs", log)
        self.call("PATCH", f"/prompts/{prompt}", {"title": os.urandom(8).hex()})
        self.call("PUT", f"/prompts/{prompt}/labels/production", {"version": "latest"})

    def read(self) -> None:
        prompt = random.choice(self.prompts or ["none"])
        paths = [
            "/prompts?limit=20",
            "/search?q=mountain",
            f"/prompts/{prompt}",
            "/tags",
            "/models",
        ]
        paths += [f"/prompts/{prompt}/stats", f"/prompts/{prompt}/versions", "/auth/me", "/readyz"]
        self.call("GET", random.choice(paths))

    def look(self) -> None:
        """The pages of the browsable API."""
        page = random.choice(["/prompts", "/docs", "/api-auth/login/", "/auth/me", "/openapi.json"])
        self.call("GET", page, Accept="text/html")

    def err(self) -> None:
        self.call("GET", f"/no/such/{os.urandom(4).hex()}")
        self.call("POST", "/prompts", b'{"title": ')
        self.call("POST", "/prompts", {"title": "x", "content": []})
        self.call("DELETE", "/healthz")

    def vanish(self) -> None:
        """Leaves without an answer, or in the midst of asking."""
        body = json.dumps({"title": "A title", "content": "x" * 10_000, "model": "GPT-4o"})
        head = (
            f"POST /prompts HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n\r\n"
        )
        with socket.create_connection(self.address, timeout=60) as connection:
            connection.sendall((head + body)[: random.choice([20, 300, 5_000, 20_000])].encode())
        self.statuses["left"] += 1

    def come_and_go(self) -> None:
        self.sessions(self.call("POST", "/auth/refresh", {"refresh": self.refresh}))
        self.call("POST", "/auth/logout", {"refresh": self.refresh})
        self.call("POST", "/auth/login", self.who | {"password": "wrong"})
        self.token = ""
        while not self.token and not self.over.is_set():
            self.sessions(self.call("POST", "/auth/login", self.who))


def held(pid: int) -> dict[str, int]:
    """Memory of its own in kB, file descriptors and threads of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return {
        "memory": int(status["RssAnon"].split()[0]),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(status["Threads"]),
    }


def connections(environment: dict[str, str]) -> int:
    """To PostgreSQL, of this server; 0 on SQLite."""
    if not environment:
        return 0
    name = environment["DATABASE_URL"].rpartition("/")[2]
    with live.administration() as connection:
        counted = connection.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        [(count,)] = counted.fetchall()
    return int(str(count))


def test_nothing_grows(tmp_path, capsys):
    with live.database() as environment:
        process, url = live.start(tmp_path, ACCESS_LOG="0", **environment)
        wait_for(lambda: len(children(process.pid)) == 2)
        workers, wal = children(process.pid), tmp_path / "promptcrafter.sqlite3-wal"
        over, seen = threading.Event(), defaultdict(list)
        visitors = [Visitor(url, over) for _ in range(CLIENTS)]
        for visitor in visitors:
            visitor.start()
        ends_at = time.monotonic() + SECONDS
        while time.monotonic() < ends_at:
            time.sleep(min(2, SECONDS / 50))
            for worker in workers:
                for what, amount in held(worker).items():
                    seen[f"{what} of {worker}"].append(amount)
            seen["connections"].append(connections(environment))
            seen["wal"].append(wal.stat().st_size if wal.exists() else 0)
        over.set()
        for visitor in visitors:
            visitor.join(90)
            assert not visitor.is_alive()
        assert children(process.pid) == workers
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 0
    statuses = sum((visitor.statuses for visitor in visitors), Counter())
    halves = {
        what: [statistics.median(part) for part in (values[third : 2 * third], values[2 * third :])]
        for what, values in seen.items()
        if (third := len(values) // 3)
    }
    with capsys.disabled():
        print(f"\n{statuses.total()} requests in {SECONDS:.0f} s: {dict(sorted(statuses.items()))}")
        for what, (before, after) in halves.items():
            print(f"  {what}: {before:.0f} → {after:.0f}, at most {max(seen[what])}")
    assert set(statuses) - {"left"} <= {str(each) for each in range(200, 500)} | {"503"}
    for what, (before, after) in halves.items():
        if what.startswith("memory"):
            assert after <= before * 1.1 + 4_000, what
        elif what == "wal":
            assert max(seen[what]) <= 2 * WAL_LIMIT
        else:
            # A connection that a client has just left may be there still.
            assert after <= before + 2, what
