"""`make bench-scale`: what lists and searches cost in a small, a middling and a large library,
among a million prompts of others.

    python -m tests.benchmarks.scale [--prompts N] [--databases sqlite postgresql] [--keep DIR]

Of N prompts, a tenth is one person's and a hundredth another's; 100 is the mean of all. For each
database the same people's libraries are made three times: among all, without the many small
ones, and the middling one alone. The server has one worker and one thread, and gets one request
after another over one connection. Milliseconds are those on a CPU, of the server's processes and
of PostgreSQL's. The tables go to docs/benchmarks.md.
"""

import argparse
import http.client
import json
import os
import platform
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from tests import live, postgres
from tests.benchmarks.processes import cpu_ms, memory_mb

PASSWORD = "correct horse battery"
KEYS = {"SECRET_KEY": "s" * 59 + "1", "JWT_SIGNING_KEY": "j" * 59 + "1"}
LIMITS = (
    "REQUESTS_PER_USER",
    "LOGIN_FAILURES",
    "LOGIN_FAILURES_PER_ADDRESS",
    "LOGIN_FAILURES_PER_ACCOUNT",
)
ORDINARY = "-c shared_buffers=256MB -c maintenance_work_mem=256MB -c max_wal_size=4GB"
TARGETS = {10_000: 10, 100_000: 40}  # prompts in the library → CPU ms of a search
# Each kind of request is measured in turn with the others, so many times for so long, and at least
# five requests each time; the cheapest time counts, as what else a machine does only adds.
ROUNDS, SECONDS = 4, 0.4
MARK = "<!-- by `make {}`, {} -->"


class Cost(NamedTuple):
    """Of one kind of request: CPU milliseconds each, latencies in ms, and rows of the answer."""

    server: float
    database: float
    p50: float
    p95: float
    rows: int

    @property
    def cpu(self) -> float:
        return self.server + self.database


class Library(NamedTuple):
    """Whose requests are measured, with how many prompts."""

    email: str
    size: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale")
    parser.add_argument("--prompts", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--keep", type=Path, default=live.ROOT / "var" / "bench")
    asked = parser.parse_args()
    for database in asked.databases:
        sections = list(measure(database, asked.prompts, asked.keep))
        write("bench-scale", database, "\n".join(sections))


def measure(database: str, prompts: int, keep: Path) -> Iterator[str]:
    users, large, middle = prompts // 100, prompts // 10, prompts // 100
    small = -(-(prompts - large - middle) // (users - 2))
    plans = {
        f"{prompts:,}": [users, prompts, large, middle],
        f"{large + middle + small:,}": [3, large + middle + small, large, middle],
        f"{middle + small:,}": [2, middle + small, middle],
    }
    costs: dict[str, dict[tuple[int, str], Cost]] = {}
    for total, plan in plans.items():
        print(f"{database}, {total} prompts", flush=True)
        directory = keep / f"{database}-{plan[1]}"
        with running(database, directory, plan) as (url, process, cluster, environment):
            known = [Library(f"user{n}.1@example.com", size) for n, size in enumerate(plan[2:])]
            if len(plan) > 3:
                known.append(Library("user2.1@example.com", small))
            costs[total] = {}
            for library in known:
                client = Client(url, library.email)
                paths = kinds(client, library.size)
                rounds = [
                    {kind: cost_of(client, path, process, cluster) for kind, path in paths.items()}
                    for _ in range(ROUNDS)
                ]
                for kind in paths:
                    cost = min((each[kind] for each in rounds), key=lambda cost: cost.cpu)
                    costs[total][library.size, kind] = cost
                    print(f"  {library.size:7,} {kind:34} {cost.cpu:7.2f} ms", flush=True)
            if total == next(iter(plans)):
                yield from about(Client(url, known[0].email), process, known, environment)
    yield table(costs)


# What is measured -------------------------------------------------------------------------------


class Client:
    """One connection, logged in."""

    def __init__(self, url: str, email: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        body = json.dumps({"email": email, "password": PASSWORD})
        answer = self.send("POST", "/auth/login", body, {"Content-Type": "application/json"})
        self._headers = {"Authorization": f"Bearer {json.loads(answer)['token']}"}

    def send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> bytes:
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        self.links = response.headers.get("Link", "")
        data = response.read()
        assert response.status in {200, 201}, (path, response.status, data[:300])
        return data

    def send_json(self, method: str, path: str, body: Any) -> Any:
        headers = {**self._headers, "Content-Type": "application/json"}
        return json.loads(self.send(method, path, json.dumps(body), headers))

    def post(self, path: str, body: Any) -> Any:
        return self.send_json("POST", path, body)

    def get(self, path: str) -> Any:
        return json.loads(self.send("GET", path, None, self._headers))

    def following(self) -> str:
        """The path of the next page."""
        (url,) = re.findall(r'<([^>]*)>; rel="next"', self.links)
        return "/" + url.split("/", 3)[3]

    def read_through(self, path: str) -> int:
        """The size of an answer that is not kept."""
        self._connection.request("GET", path, None, self._headers)
        response = self._connection.getresponse()
        return sum(map(len, iter(lambda: response.read(65_536), b"")))


def kinds(client: Client, size: int) -> dict[str, str]:
    """Requests by name. The words are those of that library, so that each is as common as it is
    called."""
    sample = client.get("/prompts?limit=500")
    middle = deep(client, size)
    documents = [{*re.findall(r"[a-z]+", row["content"].lower())} for row in sample]
    counts = Counter(word for words in documents for word in words)
    by_count = sorted(counts, key=lambda word: (counts[word], word))
    common = [word for word in reversed(by_count) if len(word) > 2][:2]
    middling = min(by_count, key=lambda word: (abs(counts[word] - 15), word))
    rare = next(word for word in by_count if len(word) > 6)
    tag = client.get("/tags?limit=1")[0]["tag"]
    model = client.get("/models?limit=1")[0]["model"]
    search = "/search?limit=50&q="
    return {
        "a prompt": f"/prompts/{sample[0]['_id']}",
        "a page of 50": "/prompts?limit=50",
        "… by `updatedAt`": "/prompts?limit=50&ordering=-updatedAt",
        "… by `title`": "/prompts?limit=50&ordering=title",
        "… with a tag": f"/prompts?limit=50&tag={quote(tag)}",
        "… with a model": f"/prompts?limit=50&model={quote(model)}",
        "… with a model of no prompt": "/prompts?limit=50&model=none",
        "… with a label": "/prompts?limit=50&label=production",
        "… half-way down": middle,
        "… of titles": "/prompts?limit=50&content=none",
        "… of logs": "/logs?limit=50",
        "… of logs by `score`": "/logs?limit=50&ordering=-score",
        "tags": "/tags?limit=50",
        "models": "/models",
        "search, a rare word": search + rare,
        "search, one in 3 %": search + middling,
        "search, a common word": search + common[0],
        "search, two characters": search + "th",
        "search, two rare characters": search + "qz",
        "search, no such word": search + "xyzzyplugh",
        "search, two common words": search + "+".join(common),
        "search, common, with a tag": f"{search}{common[0]}&tag={quote(tag)}",
        "search, common, released": f"{search}{common[0]}&label=production",
    }


def deep(client: Client, size: int) -> str:
    path = "/prompts?limit=500&content=none"
    for _ in range(max(1, size // 1_000)):
        if client.get(path) and "next" not in client.links:
            return "/prompts?limit=50&ordering=createdAt"
        path = client.following()
    return path.replace("limit=500", "limit=50").replace("content=none&", "")


def cost_of(
    client: Any, path: str, process: "subprocess.Popen[bytes]", cluster: int | None
) -> Cost:
    for _ in range(2):
        rows = client.get(path)
    latencies: list[float] = []
    server, database = cpu_ms(process.pid), cpu_ms(cluster) if cluster else 0.0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until or len(latencies) < 5:
        begun = time.perf_counter()
        client.get(path)
        latencies.append((time.perf_counter() - begun) * 1_000)
    count = len(latencies)
    server = (cpu_ms(process.pid) - server) / count
    database = (cpu_ms(cluster) - database) / count if cluster else 0.0
    p95 = statistics.quantiles(latencies, n=20)[-1]
    count = len(rows) if isinstance(rows, list) else 1
    return Cost(server, database, statistics.median(latencies), p95, count)


# What it is measured on -------------------------------------------------------------------------


@contextmanager
def running(database: str, directory: Path, plan: list[int]) -> Iterator[Any]:
    """The URL of a server on such a library, made where it is not there yet; its process, the
    process of PostgreSQL, and the environment that names the database."""
    with library(database, directory, plan) as (environment, cluster):
        process, url = live.start(
            directory, **environment, ACCESS_LOG="0", WORKERS="1", THREADS="1"
        )
        try:
            yield url, process, cluster, environment
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


@contextmanager
def library(
    database: str,
    directory: Path,
    plan: list[int],
    *,
    logs: int | None = None,
    options: str = ORDINARY,
) -> Iterator[tuple[dict[str, str], int | None]]:
    """The environment that names such a library, and the process of PostgreSQL."""
    with ExitStack() as stack:
        # PostgreSQL's user must get through to its own folder in there.
        directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        environment = {"DATA_DIR": str(directory), **KEYS, **dict.fromkeys(LIMITS, "off")}
        cluster = None
        if database == "postgresql":
            url, cluster = stack.enter_context(kept_cluster(directory / "postgresql", options))
            environment["DATABASE_URL"] = url
        if not (directory / "built").exists():
            build(environment, plan, logs=plan[1] // 20 if logs is None else logs)
            (directory / "built").touch()
        manage(environment, "migrate", "-v0")  # it may be of an older release
        yield environment, cluster


def manage(environment: dict[str, str], *command: str) -> None:
    run = [sys.executable, "manage.py", *command]
    subprocess.run(run, cwd=live.ROOT, env=live.clean_environment() | environment, check=True)


def build(environment: dict[str, str], plan: list[int], *, logs: int) -> None:
    users, prompts, *large = map(str, plan)
    seed = ["seed_library", "--users", users, "--prompts", prompts]
    seed += ["--large", *large] if large else []
    seed += ["--versions", "1.1", "--logs", str(logs), "--password", PASSWORD]
    for command in (["migrate", "-v0"], seed, ["index_search"]):
        begun = time.monotonic()
        manage(environment, *command)
        print(f"  {command[0]}: {time.monotonic() - begun:.0f} s", flush=True)
    if "DATABASE_URL" in environment:
        analyze = [sys.executable, "manage.py", "shell", "-c"]
        code = "from django.db import connection as c; c.cursor().execute('VACUUM ANALYZE')"
        env = live.clean_environment() | environment
        subprocess.run([*analyze, code], cwd=live.ROOT, env=env, check=True, capture_output=True)


@contextmanager
def kept_cluster(directory: Path, options: str) -> Iterator[tuple[str, int]]:
    """A cluster with its ordinary durability that stays on the disk, and its process."""
    bindir = postgres.binaries()
    if bindir is None:
        sys.exit(f"No PostgreSQL here. {postgres.HOW_TO_GET_IT}")
    with postgres.cluster(bindir, directory=directory, options=options) as url:
        yield url, int((directory / "data" / "postmaster.pid").read_text().split()[0])


# What is told -----------------------------------------------------------------------------------


def about(
    client: Client,
    process: "subprocess.Popen[bytes]",
    libraries: list[Library],
    environment: dict[str, str],
) -> Iterator[str]:
    yield f"On {machine()}.\n"
    before = memory_mb(process.pid, "VmRSS")
    size = client.read_through("/prompts")
    grown = memory_mb(process.pid, "VmHWM") - before
    yield (
        f"The whole list of {libraries[0].size:,} prompts, {size / 1e6:,.0f} MB of JSON, took the "
        f"server {max(grown, 0):.0f} MB more than the {before:.0f} MB that it had.\n"
    )
    yield from plans(client, libraries, environment)


def plans(client: Client, libraries: list[Library], environment: dict[str, str]) -> Iterator[str]:
    paths = kinds(client, libraries[0].size)
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.plans", libraries[0].email],
        cwd=live.ROOT,
        env=live.clean_environment() | environment,
        input="\n".join(paths.values()).encode(),
        capture_output=True,
        check=True,
    )
    found = json.loads(run.stdout)
    sizes = found.pop("")
    yield f"What it does for the library of {libraries[0].size:,}:\n"
    yield "| request | plan |\n|---|---|"
    for kind, path in paths.items():
        yield f"| {kind} | {'<br>'.join(f'`{line}`' for line in found[path])} |"
    yield "\nOn the disk:\n\n| table or index | MB |\n|---|---|"
    for name, size, _ in sorted(sizes, key=lambda item: -item[1]):
        if size > 1e6:
            yield f"| `{name}` | {size / 1e6:,.0f} |"
    without = sum(size for _, size, is_for_finding in sizes if not is_for_finding)
    yield f"| all | {sum(size for _, size, _ in sizes) / 1e6:,.0f} |"
    yield f"| without indexes, `prompts_searchbucket`, `prompts_tag` | {without / 1e6:,.0f} |\n"


def table(costs: dict[str, dict[tuple[int, str], Cost]]) -> str:
    """The costs in the largest library of all, and as a ratio to those in a smaller one."""
    whole, middle, small = costs
    lines = [
        "| library | request | rows | server ms | database ms | p50 ms | p95 ms | × a prompt "
        f"| × at {middle} | × at {small} | target |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (size, kind), cost in costs[whole].items():
        base = costs[whole][size, "a prompt"].cpu
        ratios = [
            f"{cost.cpu / costs[total][size, kind].cpu:.2f}" if (size, kind) in costs[total] else ""
            for total in (middle, small)
        ]
        lines.append(
            f"| {size:,} | {kind} | {cost.rows} | {cost.server:.2f} | {cost.database:.2f} "
            f"| {cost.p50:.1f} | {cost.p95:.1f} | {cost.cpu / base:.1f} "
            f"| {' | '.join(ratios)} | {verdict(size, kind, cost.cpu, base)} |"
        )
    return "\n".join(lines)


def verdict(size: int, kind: str, cpu: float, base: float) -> str:
    if kind.startswith("… ") or kind == "a page of 50":
        return "held" if cpu <= 3 * base else "missed: 3 ×"
    most = TARGETS.get(size)
    if most and kind.startswith("search"):
        return "held" if cpu <= most else f"missed: {most} ms"
    return ""


def machine() -> str:
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return (
        f"{processor[1] if processor else platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def write(target: str, database: str, text: str) -> None:
    """Between the marks of that target and database, in docs/benchmarks.md."""
    file = live.ROOT / "docs" / "benchmarks.md"
    begin, end = MARK.format(target, database), MARK.format(target, f"{database}, end")
    before, _, rest = file.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
