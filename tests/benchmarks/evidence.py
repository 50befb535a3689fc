"""`make bench-evidence`: what it costs to say something of 100,000 outputs of one prompt.

    python -m tests.benchmarks.evidence [--logs N] [--databases sqlite postgresql] [--keep DIR]

They are kept through the API, 500 at a time. The server has one worker and one thread, and gets one
request after another over one connection. Milliseconds are those on a CPU, of the server's
processes and of PostgreSQL's. The tables go to docs/benchmarks.md.
"""

import argparse
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests import live
from tests.benchmarks.processes import cpu_ms
from tests.benchmarks.scale import Client, Cost, cost_of, machine, running, write

MODELS = ["small-1", "small-2", "large-1", "large-2"]
VERSIONS = 5
AT_ONCE = 500
TARGET = 150  # ms of CPU for stats
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.evidence")
    parser.add_argument("--logs", type=int, default=100_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--keep", type=Path, default=live.ROOT / "var" / "bench")
    asked = parser.parse_args()
    for database in asked.databases:
        print(database, flush=True)
        directory = asked.keep / f"{database}-evidence-{asked.logs}"
        with running(database, directory, [2, 20, 10]) as (url, process, cluster, _):
            client = Client(url, "user0.1@example.com")
            lines = measure(client, asked.logs, process, cluster)
            write("bench-evidence", database, "\n".join(lines))


def measure(
    client: Client, count: int, process: "subprocess.Popen[bytes]", cluster: int | None
) -> Iterator[str]:
    yield f"On {machine()}.\n"
    prompts = {}
    for name, size, is_fine in [
        (f"{count // 100:,}", count // 100, False),
        (f"{count:,}", count, False),
        (f"{count:,}, every score another", count, True),
    ]:
        before = cpu_ms(process.pid), cpu_ms(cluster) if cluster else 0.0
        prompts[name] = filled(client, size, is_fine=is_fine)
        server = (cpu_ms(process.pid) - before[0]) / size
        database = ((cpu_ms(cluster) if cluster else 0.0) - before[1]) / size
        print(f"  {name}: kept for {server:.2f} + {database:.2f} ms each", flush=True)
    yield f"To keep each of the last {count:,} took {server:.2f} + {database:.2f} ms of CPU.\n"
    yield "| outputs | request | server ms | database ms | p50 ms | p95 ms | target |"
    yield "|---|---|---|---|---|---|---|"
    for name, prompt in prompts.items():
        for kind, path in kinds(prompt).items():
            rounds = [cost_of(client, path, process, cluster) for _ in range(ROUNDS)]
            cost = min(rounds, key=lambda cost: cost.cpu)
            print(f"  {name:32} {kind:34} {cost.cpu:7.2f} ms", flush=True)
            yield (
                f"| {name} | {kind} | {cost.server:.1f} | {cost.database:.1f} | {cost.p50:.1f} "
                f"| {cost.p95:.1f} | {verdict(kind, cost)} |"
            )


def kinds(prompt: str) -> dict[str, str]:
    """Requests by name."""
    path = f"/prompts/{prompt}"
    return {
        "stats": f"{path}/stats",
        "stats by version": f"{path}/stats?groupBy=version",
        "stats by model": f"{path}/stats?groupBy=model",
        "stats since a time": f"{path}/stats?since=2026-01-01",
        "two versions compared": f"{path}/compare?a=1&b=2",
        "two models compared": f"{path}/compare?a=small-1&b=large-1&by=model",
        "the leaderboard": "/leaderboard",
    }


def verdict(kind: str, cost: Cost) -> str:
    if not kind.startswith("stats"):
        return ""
    return "held" if cost.cpu <= TARGET else f"missed: {TARGET} ms"


def filled(client: Client, count: int, *, is_fine: bool) -> str:
    """The id of a new prompt with so many outputs."""
    random = Random(count)
    prompt = client.post("/prompts", {"title": "Sum up", "content": "v1 {{text}}", "model": "m"})
    wire_id = prompt["_id"]
    for number in range(2, VERSIONS + 1):
        client.send_json("PATCH", f"/prompts/{wire_id}", {"content": f"v{number} {{{{text}}}}"})
    for first in range(0, count, AT_ONCE):
        logs = [
            log(wire_id, number, random, is_fine=is_fine)
            for number in range(first, min(first + AT_ONCE, count))
        ]
        client.post("/logs/batch?atomic=true", {"logs": logs})
    return str(wire_id)


def log(prompt: str, number: int, random: Random, *, is_fine: bool) -> dict[str, Any]:
    version = random.randint(1, VERSIONS)
    score = min(10.0, max(0.0, random.gauss(5 + version / 5, 2)))
    return {
        "promptId": prompt,
        "version": version,
        "modelUsed": random.choice(MODELS),
        "output": "An output of some length. " * random.randint(5, 50),
        "variables": {"text": f"Text {number // 10}"},
        "score": (score if is_fine else round(score * 2) / 2) if random.random() < 0.8 else None,
        "latencyMs": int(random.lognormvariate(7.5, 0.6)),
        "inputTokens": random.randint(50, 4_000),
        "outputTokens": random.randint(10, 1_500),
        "costUsd": f"0.{random.randint(10, 10**7):09d}",
    }


if __name__ == "__main__":
    main()
