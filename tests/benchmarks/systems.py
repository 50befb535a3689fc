"""The servers that `make bench` compares, each in a process tree of its own, on the same rows."""

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
import psycopg

from tests import live
from tests.benchmarks.scale import KEYS, PASSWORD

PEERS = live.ROOT / ".venv-bench" / "bin"
KEY = KEYS["JWT_SIGNING_KEY"]
PACKAGE = "tests.benchmarks.peers"
ALONE = {"WORKERS": "1", "THREADS": "1"}
# As PromptCrafter sets it up.
GRANIAN = [
    *(str(PEERS / "granian"), "--interface", "wsgi", "--http", "1", "--no-ws"),
    *("--workers", "1", "--blocking-threads", "1", "--blocking-threads-idle-timeout", "600"),
    *("--backpressure", "512"),
]
UVICORN = [str(PEERS / "uvicorn"), "--workers", "1", "--loop", "uvloop", "--http", "httptools"]

Person = Mapping[str, Any]


class Dialect(NamedTuple):
    """How a server spells what is asked of it."""

    id_of: str  # a prompt's
    prompts: str
    search: str
    logs: str
    log: dict[str, str]  # names of its fields
    token: Callable[[Person], str]

    def prompt(self, prompt: Mapping[str, str]) -> str:
        slash = "/" if self.prompts.endswith("/") else ""
        return f"{self.prompts.rstrip('/')}/{prompt[self.id_of]}{slash}"


class System(NamedTuple):
    name: str
    dialect: Dialect
    command: Sequence[str]
    environment: dict[str, str]
    url: str = ""
    pid: int = 0


@cache
def signed(**claims: Any) -> str:
    return jwt.encode({**claims, "exp": int(time.time()) + 86_400}, KEY, algorithm="HS256")


LOG = {"prompt": "prompt_id", "output": "output", "model": "model_used", "score": "score"}
OURS = Dialect(
    id_of="wireId",
    prompts="/prompts",
    search="/search?q=",
    logs="/logs",
    log={"prompt": "promptId", "output": "output", "model": "modelUsed", "score": "score"},
    token=lambda person: person["token"],
)
FASTAPI = Dialect(
    id_of="id",
    prompts="/prompts",
    search="/search?q=",
    logs="/logs",
    log=LOG,
    token=lambda person: signed(sub=person["id"]),
)
DRF = Dialect(
    id_of="id",
    prompts="/prompts/",
    search="/prompts/?search=",
    logs="/logs/",
    log={**LOG, "prompt": "prompt"},
    token=lambda person: signed(
        user_id=str(person["number"] + 1), token_type="access", jti=uuid4().hex
    ),
)
EMPTY = DRF._replace(prompts="/prompts")


def systems(directory: Path, environment: dict[str, str]) -> dict[str, System]:
    """All that can be had on that database, by name; none runs yet."""
    env = peer_environment(directory, environment)
    fastapi = [*UVICORN, f"{PACKAGE}.fastapi_app:app"]
    drf, empty = ([*GRANIAN, f"{PACKAGE}.{name}:application"] for name in ("drf.wsgi", "empty"))
    known = [
        ours(environment | ALONE),
        System("FastAPI", FASTAPI, fastapi, env),
        System("default DRF", DRF, drf, env),
        System("empty Django", EMPTY, empty, env),
    ]
    is_postgresql = "DATABASE_URL" in environment
    return {each.name: each for each in known if is_postgresql or each.name != "FastAPI"}


def ours(environment: dict[str, str]) -> System:
    """With all defaults but those."""
    command = [PEERS / "python", "-m", "promptcrafter.serve"]
    return System("ours", OURS, command, live.clean_environment() | environment)


@contextmanager
def running(known: Sequence[System], people: Sequence[Person]) -> Iterator[list[System]]:
    with ExitStack() as stack:
        yield [stack.enter_context(started(each, people[0]))[0] for each in known]


@contextmanager
def started(system: System, person: Person) -> Iterator[tuple[System, float]]:
    """The server, and after how many seconds it gave somebody their prompt."""
    port = str(live.free_port())
    # Each server reads its own of these; what they log is written, as it would be, and not read.
    env = system.environment | {"PORT": port, "GRANIAN_PORT": port, "UVICORN_PORT": port}
    log = Path(system.environment["BENCH_LOGS"], f"{system.name.replace(' ', '-')}.log")
    begun = time.perf_counter()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            system.command, cwd=live.ROOT, env=env, stdout=stream, stderr=stream
        )
    try:
        system = system._replace(url=f"http://127.0.0.1:{port}", pid=process.pid)
        wait_until_answering(system, process, person, log)
        yield system, time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def wait_until_answering(
    system: System, process: "subprocess.Popen[bytes]", person: Person, log: Path
) -> None:
    spell = system.dialect
    path = spell.prompts if spell is EMPTY else spell.prompt(person["prompts"][0])
    headers = {"Authorization": f"Bearer {spell.token(person)}"}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{system.name} ended before it answered; see {log}"
        connection = http.client.HTTPConnection(urlsplit(system.url).netloc, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            status = connection.getresponse().status
            assert status == 200, f"{system.name} answers {path} with {status}; see {log}"
            return
        except OSError:
            time.sleep(0.005)
        finally:
            connection.close()
    raise TimeoutError(system.name)


# The rows ---------------------------------------------------------------------------------------


def peer_environment(directory: Path, environment: dict[str, str]) -> dict[str, str]:
    env = live.clean_environment() | {"PEER_KEY": KEY, "BENCH_LOGS": environment["BENCH_LOGS"]}
    if "DATABASE_URL" in environment:
        return env | {"PEER_SOCKET": str(directory / "postgresql")}
    return env | {"PEER_FILE": str(directory / "drf.sqlite3")}


def fill(directory: Path, environment: dict[str, str]) -> None:
    """Gives the peers the rows that the server has, once."""
    done = directory / "peers-built"
    if done.exists():
        return
    env = peer_environment(directory, environment)
    is_postgresql = "PEER_SOCKET" in env
    if is_postgresql:
        make_databases(env["PEER_SOCKET"])
    else:
        Path(env["PEER_FILE"]).unlink(missing_ok=True)
    rows = told(environment, "rows")
    python = str(PEERS / "python")
    env["DJANGO_SETTINGS_MODULE"] = f"{PACKAGE}.drf.settings"
    fills = [[python, "-m", f"{PACKAGE}.drf.fill", PASSWORD]]
    if is_postgresql:
        fills.append([python, "-m", f"{PACKAGE}.fastapi_fill"])
    for command in fills:
        subprocess.run(command, cwd=live.ROOT, env=env, input=rows, check=True)
    done.touch()


def make_databases(host: str) -> None:
    with connected("postgres", host) as connection:
        for name in ("drf", "fastapi"):
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name}")


def vacuum(directory: Path, environment: dict[str, str]) -> None:
    """Takes away what an earlier run has left of old rows."""
    if "DATABASE_URL" in environment:
        for name in ("postgres", "drf", "fastapi"):
            with connected(name, str(directory / "postgresql")) as connection:
                connection.execute("VACUUM ANALYZE")


def connected(name: str, host: str) -> "psycopg.Connection[Any]":
    return psycopg.connect(dbname=name, host=host, user="postgres", autocommit=True)


def told(environment: dict[str, str], *arguments: str) -> bytes:
    """By `peers.rows`, of the server's own database."""
    return subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.rows", *arguments],
        cwd=live.ROOT,
        env=live.clean_environment() | environment,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
