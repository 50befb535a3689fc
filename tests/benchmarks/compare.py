"""`make bench`: what requests cost, beside what they cost others on the same rows.

    python -m tests.benchmarks.compare [--only CASE …] [--databases sqlite postgresql]
        [--systems NAME …] [--seconds N] [--rounds N] [--keep DIR]

Each server has one worker and one thread, and gets what four connections send by `wrk`. They take
turns, and of a case's rounds the cheapest counts, as what else a machine does only adds.
Milliseconds are those on a CPU, of the server's processes and of PostgreSQL's. The tables go to
docs/benchmarks.md, unless only a part was asked for.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests import live
from tests.benchmarks import wrk
from tests.benchmarks.processes import cpu_ms
from tests.benchmarks.scale import ORDINARY, library, machine
from tests.benchmarks.systems import Person, System, fill, systems, told

USERS, EACH = 200, 100
PEOPLE = 5  # whose requests take turns
# A vacuum after what one server wrote would be counted with what the next one does.
OPTIONS = f"{ORDINARY} -c autovacuum=off"


class Case(NamedTuple):
    name: str
    requests: Callable[[System, Sequence[Person]], list[bytes]]
    expected: int
    systems: tuple[str, ...] = ("ours", "FastAPI", "default DRF")
    connections: int = 4


class Cost(NamedTuple):
    server: float
    database: float
    per_second: float
    p50: float
    p99: float

    @property
    def cpu(self) -> float:
        return self.server + self.database


def get(system: System, people: Sequence[Person]) -> list[bytes]:
    spell = system.dialect
    if system.name == "empty Django":
        return [send(system, people[0], "GET", spell.prompts)]
    requests = [
        send(system, person, "GET", spell.prompt(prompt))
        for person in people[:PEOPLE]
        for prompt in person["prompts"]
    ]
    return mixed(requests)


CASES = [
    Case("get", get, 200, ("ours", "FastAPI", "default DRF", "empty Django")),
]


def send(system: System, person: Person, method: str, path: str, body: Any = None) -> bytes:
    headers = {"Authorization": f"Bearer {system.dialect.token(person)}"}
    data = b"" if body is None else json.dumps(body).encode()
    return wrk.request(system.url, method, path, body=data, headers=headers)


def mixed(requests: list[bytes]) -> list[bytes]:
    Random(1).shuffle(requests)
    return requests


# Measuring --------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.compare")
    parser.add_argument("--only", nargs="+", choices=[case.name for case in CASES])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=live.ROOT / "var" / "bench")
    asked = parser.parse_args()
    for database in asked.databases:
        print(database, flush=True)
        print("\n".join(compared(database, asked)))


def compared(database: str, asked: argparse.Namespace) -> Iterator[str]:
    directory = asked.keep / f"{database}-compared"
    with library(database, directory, [USERS, USERS * EACH], options=OPTIONS) as (env, cluster):
        fill(directory, env)
        people = json.loads(told(env, "people", str(PEOPLE)))
        cases = [case for case in CASES if not asked.only or case.name in asked.only]
        wanted = {name for case in cases for name in case.systems}
        if database == "sqlite":
            wanted.discard("FastAPI")
        with systems(directory, env, sorted(wanted)) as running:
            costs = {}
            for case in cases:
                costs |= measured(case, running, people, cluster, asked)
            if cluster:
                costs["get", "its statements"] = of_statements(env, people, cluster, asked.seconds)
    yield f"On {machine()}.\n"
    yield "| case | of | server ms | database ms | CPU ms | requests/s | p50 ms | p99 ms |"
    yield "|---|---|---|---|---|---|---|---|"
    for (case, system), cost in costs.items():
        latencies = f"{cost.p50:.2f} | {cost.p99:.2f}" if cost.p50 else " | "
        yield (
            f"| {case} | {system} | {cost.server:.3f} | {cost.database:.3f} | {cost.cpu:.3f} "
            f"| {cost.per_second:,.0f} | {latencies} |"
        )


def measured(
    case: Case,
    running: Sequence[System],
    people: Sequence[Person],
    cluster: int | None,
    asked: argparse.Namespace,
) -> dict[tuple[str, str], Cost]:
    of_case = [system for system in running if system.name in case.systems]
    requests = {system.name: case.requests(system, people) for system in of_case}
    costs: dict[tuple[str, str], list[Cost]] = {}
    for system in of_case:
        wrk.drive(system.url, requests[system.name], expected=case.expected, seconds=1)
    for _ in range(asked.rounds):
        for system in of_case:
            cost = cost_of(case, system, requests[system.name], cluster, asked.seconds)
            costs.setdefault((case.name, system.name), []).append(cost)
            print(f"  {case.name:16} {system.name:14} {cost.cpu:8.3f} ms", flush=True)
    return {key: min(each, key=lambda cost: cost.cpu) for key, each in costs.items()}


def cost_of(
    case: Case, system: System, requests: list[bytes], cluster: int | None, seconds: int
) -> Cost:
    def spent() -> tuple[float, float]:
        return cpu_ms(system.pid), cpu_ms(cluster) if cluster else 0.0

    before = spent()
    load = wrk.drive(
        system.url,
        requests,
        expected=case.expected,
        seconds=seconds,
        connections=case.connections,
    )
    after = at_rest(spent)
    server, database = (b - a for a, b in zip(before, after, strict=True))
    return Cost(server / load.sent, database / load.sent, load.per_second, load.p50, load.p99)


def at_rest(spent: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """What was spent when what was sent last is done, too."""
    before = spent()
    for _ in range(50):
        time.sleep(0.05)
        after = spent()
        if sum(after) - sum(before) < 1:
            return after
        before = after
    return before


def of_statements(
    env: dict[str, str], people: Sequence[Person], cluster: int, seconds: int
) -> Cost:
    """What those of a get cost by themselves."""
    requests = [
        (f"/prompts/{prompt['wireId']}", person["token"])
        for person in people[:PEOPLE]
        for prompt in person["prompts"][:20]
    ]
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.statements", str(cluster), str(seconds)],
        cwd=live.ROOT,
        env=live.clean_environment() | env,
        input=json.dumps(requests).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(run.stdout)
    print(f"  its statements: {len(found['statements'])}", flush=True)
    return Cost(found["client"], found["database"], found["count"] / seconds, 0, 0)


if __name__ == "__main__":
    main()
