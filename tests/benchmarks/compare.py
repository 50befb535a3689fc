"""`make bench`: what requests cost, beside what they cost others on the same rows.

    python -m tests.benchmarks.compare [--only CASE …] [--databases sqlite postgresql]
        [--seconds N] [--rounds N] [--keep DIR]

Each server has one worker and one thread, and gets what four connections send by `wrk`. They take
turns, and of a case's rounds the cheapest counts, as what else a machine does only adds. An answer
of another status than the case expects ends the run. Milliseconds are those on a CPU, of the
server's processes and of PostgreSQL's. The tables go to docs/benchmarks.md, unless --only was
given.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests import live
from tests.benchmarks import cases, wrk
from tests.benchmarks.cases import CASES, Case
from tests.benchmarks.processes import cpu_ms, largest_mb, shared_mb
from tests.benchmarks.scale import LIMITS, ORDINARY, library, machine, write
from tests.benchmarks.systems import (
    Person,
    System,
    fill,
    ours,
    running,
    started,
    systems,
    told,
    vacuum,
)

USERS, EACH, LOGS = 200, 100, 100_000
# Never reached, but counted as by default.
WIDE = "100000000/1m"
# A vacuum after what one server wrote would be counted with what the next one does.
OPTIONS = f"{ORDINARY} -c autovacuum=off"
BUSY = "get beside log-ins"
STARTS = 3


class Cost(NamedTuple):
    """CPU milliseconds of a request, and latencies in ms."""

    server: float
    database: float
    per_second: float
    p50: float
    p99: float

    @property
    def cpu(self) -> float:
        return self.server + self.database


class Size(NamedTuple):
    """Megabytes, of the largest process at its largest and of all processes now."""

    largest: float
    all: float


class Start(NamedTuple):
    """Seconds until the first answer, and how long all processes were on a CPU for it."""

    seconds: float
    cpu: float


class Quiet(NamedTuple):
    """A get's latencies, alone and while two connections log in."""

    alone: wrk.Load
    beside: wrk.Load


Costs = Mapping[tuple[str, str], Cost]


class Target(NamedTuple):
    """A case may cost so much of what another one does, or several together."""

    case: str
    most: float
    other: str
    of: tuple[tuple[str, str], ...]

    def ratio(self, costs: Costs) -> float:
        return costs[self.case, "ours"].cpu / sum(costs[each].cpu for each in self.of)


PEERS = {"FastAPI", "default DRF"}
FLOORS = (("get", "empty Django"), ("get", "its statements"))
TARGETS = [
    Target("get", 0.45, "FastAPI", (("get", "FastAPI"),)),
    Target("get", 0.25, "default DRF", (("get", "default DRF"),)),
    Target("get", 4, "the floors' sum", FLOORS),
    Target("get, 304", 0.6, "our get", (("get", "ours"),)),
    Target("list of 100", 0.35, "FastAPI", (("list of 100", "FastAPI"),)),
    Target("search", 0.6, "FastAPI", (("search", "FastAPI"),)),
    Target("create", 0.8, "FastAPI", (("create", "FastAPI"),)),
    Target("update", 0.8, "FastAPI", (("update", "FastAPI"),)),
]
SQLITE_TARGETS = [target for target in TARGETS if target.other == "our get"]
MOST_MB, MOST_SECONDS, MOST_BESIDE = 110, 2, 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.compare")
    parser.add_argument("--only", nargs="+", choices=[*(case.name for case in CASES), BUSY])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=live.ROOT / "var" / "bench")
    asked = parser.parse_args()
    wrk.require()
    for database in asked.databases:
        print(database, flush=True)
        text = "\n".join(compared(database, asked))
        if asked.only:
            print(text, flush=True)
        else:
            write("bench", database, text)


def compared(database: str, asked: argparse.Namespace) -> Iterator[str]:
    directory = asked.keep / f"{database}-compared-{LOGS}"
    plan = [USERS, USERS * EACH]
    with library(database, directory, plan, logs=LOGS, options=OPTIONS) as (env, cluster):
        env |= {**dict.fromkeys(LIMITS, WIDE), "BENCH_LOGS": str(directory)}
        fill(directory, env)
        vacuum(directory, env)
        bench = Bench(
            people=json.loads(told(env, "people", str(cases.PEOPLE))),
            environment=env,
            known=systems(directory, env),
            cluster=cluster,
            seconds=asked.seconds,
            rounds=asked.rounds,
        )
        wanted = asked.only or [*(case.name for case in CASES), BUSY]
        costs, sizes = bench.costs([case for case in CASES if case.name in wanted])
        quiet = bench.quiet() if BUSY in wanted else None
        starts = {} if asked.only else bench.starts()
    yield f"On {machine()}.\n"
    yield from cost_table(costs)
    yield ""
    yield from target_table(costs, TARGETS if cluster else SQLITE_TARGETS)
    yield from other_targets(sizes, starts, quiet)
    if starts:
        yield ""
        yield from size_table(sizes, starts)


# Measuring --------------------------------------------------------------------------------------


class Bench(NamedTuple):
    people: Sequence[Person]
    environment: dict[str, str]
    known: Mapping[str, System]
    cluster: int | None
    seconds: int
    rounds: int

    def costs(self, wanted: Sequence[Case]) -> tuple[Costs, dict[str, Size]]:
        """Of each case, by its name and the server's; and the size of each server in the end."""
        names = {name for case in wanted for name in case.systems}
        costs: dict[tuple[str, str], Cost] = {}
        with running([self.known[name] for name in self.known if name in names], self.people) as up:
            cases.require_agreement(up, self.people)
            for case in wanted:
                costs |= self._case(case, [each for each in up if each.name in case.systems])
                if case.name == "get" and self.cluster:
                    rounds = [self._statements(self.cluster) for _ in range(self.rounds)]
                    costs["get", "its statements"] = min(rounds, key=lambda cost: cost.cpu)
            sizes = {each.name: Size(largest_mb(each.pid), shared_mb(each.pid)) for each in up}
        return costs, sizes

    def _case(self, case: Case, up: Sequence[System]) -> Costs:
        requests = {system.name: case.requests(system, self.people) for system in up}
        costs: dict[tuple[str, str], list[Cost]] = {}
        for system in up:
            wrk.drive(system.url, requests[system.name], expected=case.expected, seconds=1)
        for _ in range(self.rounds):
            for system in up:
                cost = self._cost(case, system, requests[system.name])
                costs.setdefault((case.name, system.name), []).append(cost)
                print(f"  {case.name:16} {system.name:14} {cost.cpu:8.3f} ms", flush=True)
        return {key: min(each, key=lambda cost: cost.cpu) for key, each in costs.items()}

    def _cost(self, case: Case, system: System, requests: Sequence[bytes]) -> Cost:
        def spent() -> tuple[float, float]:
            return cpu_ms(system.pid), cpu_ms(self.cluster) if self.cluster else 0.0

        before = spent()
        load = wrk.drive(
            system.url,
            requests,
            expected=case.expected,
            seconds=self.seconds,
            connections=case.connections,
        )
        after = at_rest(spent)
        server, database = (b - a for a, b in zip(before, after, strict=True))
        return Cost(server / load.sent, database / load.sent, load.per_second, load.p50, load.p99)

    def _statements(self, cluster: int) -> Cost:
        """What those of a get cost by themselves."""
        requests = [
            (f"/prompts/{prompt['wireId']}", person["token"])
            for person in self.people[cases.READERS]
            for prompt in person["prompts"][:20]
        ]
        run = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.statements", str(cluster), str(self.seconds)],
            cwd=live.ROOT,
            env=live.clean_environment() | self.environment,
            input=json.dumps(requests).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        found = json.loads(run.stdout)
        cost = Cost(found["client"], found["database"], found["count"] / self.seconds, 0, 0)
        print(f"  {'get':16} {len(found['statements'])} statements {cost.cpu:10.3f} ms", flush=True)
        return cost

    def quiet(self) -> Quiet:
        """With the default numbers of workers and threads; of the rounds the quietest."""
        with started(ours(self.environment), self.people[0]) as (system, _):
            gets, log_ins = (make(system, self.people) for make in (cases.get, cases.log_in))
            rounds = [self._beside(system.url, gets, log_ins) for _ in range(self.rounds)]
        return Quiet(*(min(each, key=lambda load: load.p99) for each in zip(*rounds, strict=True)))

    def _beside(self, url: str, gets: Sequence[bytes], log_ins: Sequence[bytes]) -> Quiet:
        wrk.drive(url, gets, expected=200, seconds=1)
        alone = wrk.drive(url, gets, expected=200, seconds=self.seconds)
        with ThreadPoolExecutor(1) as others:
            logging_in = others.submit(
                wrk.drive, url, log_ins, expected=200, seconds=self.seconds + 2, connections=2
            )
            time.sleep(1)
            beside = wrk.drive(url, gets, expected=200, seconds=self.seconds)
            logging_in.result()
        print(f"  {BUSY:16} p99 {alone.p99:.1f} → {beside.p99:.1f} ms", flush=True)
        return Quiet(alone, beside)

    def starts(self) -> dict[str, Start]:
        """Of several the shortest."""
        starts: dict[str, list[Start]] = {}
        for _ in range(STARTS):
            for name, system in self.known.items():
                with started(system, self.people[0]) as (up, seconds):
                    start = Start(seconds, cpu_ms(up.pid) / 1_000)
                    starts.setdefault(name, []).append(start)
        return {name: min(each) for name, each in starts.items()}


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


# What is told -----------------------------------------------------------------------------------


def cost_table(costs: Costs) -> Iterator[str]:
    yield "| case | server | server ms | database ms | CPU ms | requests/s | p50 ms | p99 ms |"
    yield "|---|---|---|---|---|---|---|---|"
    for (case, system), cost in costs.items():
        latencies = f"{cost.p50:.1f} | {cost.p99:.1f}" if cost.p50 else " | "
        yield (
            f"| {case} | {system} | {cost.server:.3f} | {cost.database:.3f} | {cost.cpu:.3f} "
            f"| {cost.per_second:,.0f} | {latencies} |"
        )


def target_table(costs: Costs, targets: Sequence[Target]) -> Iterator[str]:
    """Those of the cases that were measured, then the other ratios to the peers."""
    yield "| CPU of ours / of | is | at most | |"
    yield "|---|---|---|---|"
    measured = [each for each in targets if {(each.case, "ours"), *each.of} <= costs.keys()]
    for target in measured:
        ratio = target.ratio(costs)
        yield row(f"{target.case} / {target.other}", f"{ratio:.2f}", ratio, target.most)
    told = {(target.case, target.other) for target in measured}
    for case, system in costs:
        if system in PEERS and (case, system) not in told:
            ratio = costs[case, "ours"].cpu / costs[case, system].cpu
            yield row(f"{case} / {system}", f"{ratio:.2f}")


def other_targets(
    sizes: Mapping[str, Size], starts: Mapping[str, Start], quiet: Quiet | None
) -> Iterator[str]:
    if starts:
        largest, start = sizes["ours"].largest, starts["ours"].seconds
        yield row("memory of one worker, MB", f"{largest:.0f}", largest, MOST_MB)
        yield row("cold start, s", f"{start:.2f}", start, MOST_SECONDS)
    if quiet:
        ratio = quiet.beside.p99 / quiet.alone.p99
        latencies = [
            f"{name} {getattr(quiet.alone, name):.1f} → {getattr(quiet.beside, name):.1f} ms"
            for name in ("p50", "p99")
        ]
        what = f"p99 of a get while two log in / alone ({', '.join(latencies)})"
        yield row(what, f"{ratio:.1f}", ratio, MOST_BESIDE)


def row(what: str, value: str, number: float = 0, most: float | None = None) -> str:
    if most is None:
        return f"| {what} | {value} | | |"
    return f"| {what} | {value} | {most:g} | {'held' if number <= most else 'missed'} |"


def size_table(sizes: Mapping[str, Size], starts: Mapping[str, Start]) -> Iterator[str]:
    yield "| server | largest process, MB | all processes, PSS MB | cold start, s | of CPU, s |"
    yield "|---|---|---|---|---|"
    for name, size in sizes.items():
        start = starts[name]
        yield (
            f"| {name} | {size.largest:.0f} | {size.all:.0f} | {start.seconds:.2f} "
            f"| {start.cpu:.2f} |"
        )


if __name__ == "__main__":
    main()
