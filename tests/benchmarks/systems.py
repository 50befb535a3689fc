"""The servers that `make bench` compares, each in a process tree of its own, on the same rows."""

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import jwt
import psycopg

from tests import live
from tests.benchmarks.scale import KEYS, PASSWORD

PEERS = live.ROOT / ".venv-bench" / "bin"
KEY = KEYS["JWT_SIGNING_KEY"]
PACKAGE = "tests.benchmarks.peers"
GRANIAN = [
    *(str(PEERS / "granian"), "--interface", "wsgi", "--http", "1", "--no-ws"),
    *("--workers", "1", "--blocking-threads", "1", "--blocking-threads-idle-timeout", "600"),
    *("--backpressure", "512"),
]
UVICORN = [
    *(str(PEERS / "uvicorn"), "--workers", "1", "--loop", "uvloop", "--http", "httptools"),
]
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
    start: Callable[[], tuple["subprocess.Popen[bytes]", str]]
    url: str = ""
    pid: int = 0


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
        user_id=str(person["number"] + 1),
        token_type="access",
        jti=uuid4().hex,
        iat=int(time.time()),
    ),
)
EMPTY = DRF._replace(prompts="/prompts")


@contextmanager
def systems(
    directory: Path, environment: dict[str, str], wanted: list[str]
) -> Iterator[list[System]]:
    """Those that can be had on that database, running."""
    env = peer_environment(directory, environment)
    known = [
        System("ours", OURS, lambda: ours(directory, environment)),
        System("FastAPI", FASTAPI, lambda: peer([*UVICORN, f"{PACKAGE}.fastapi_app:app"], env)),
        System(
            "default DRF", DRF, lambda: peer([*GRANIAN, f"{PACKAGE}.drf.wsgi:application"], env)
        ),
        System(
            "empty Django", EMPTY, lambda: peer([*GRANIAN, f"{PACKAGE}.empty:application"], env)
        ),
    ]
    with ExitStack() as stack:
        running = []
        for each in known:
            if each.name in wanted:
                process, url = each.start()
                stack.callback(end, process)
                running.append(each._replace(url=url, pid=process.pid))
        yield running


def ours(
    directory: Path, environment: dict[str, str], **settings: str
) -> tuple["subprocess.Popen[bytes]", str]:
    """With all defaults but those of `environment`, one worker and one thread."""
    alone = {"WORKERS": "1", "THREADS": "1"}
    return live.start(directory, stderr=log(directory), **{**environment, **alone, **settings})


def log(directory: Path) -> Any:
    return (directory / "access.log").open("wb")


def peer(command: list[str], env: dict[str, str]) -> tuple["subprocess.Popen[bytes]", str]:
    port = live.free_port()
    with Path(env["PEER_LOG"]).open("ab") as stream:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=live.ROOT, env=env, stdout=stream, stderr=stream
        )
    wait_until_answering(process, port, env["PEER_LOG"])
    return process, f"http://127.0.0.1:{port}"


def wait_until_answering(process: "subprocess.Popen[bytes]", port: int, log: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended before it answered; see {log}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/prompts")
            connection.getresponse()
            return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise TimeoutError(port)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)


# The rows ---------------------------------------------------------------------------------------


def peer_environment(directory: Path, environment: dict[str, str]) -> dict[str, str]:
    env = live.clean_environment() | {"PEER_KEY": KEY, "PEER_LOG": str(directory / "peers.log")}
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
        with psycopg.connect(
            dbname="postgres", host=env["PEER_SOCKET"], user="postgres", autocommit=True
        ) as connection:
            for name in ("drf", "fastapi"):
                connection.execute(f"DROP DATABASE IF EXISTS {name}")
                connection.execute(f"CREATE DATABASE {name}")
    else:
        Path(env["PEER_FILE"]).unlink(missing_ok=True)
    rows = told(environment, "rows")
    python = str(PEERS / "python")
    django = {"DJANGO_SETTINGS_MODULE": f"{PACKAGE}.drf.settings"}
    fills = [[python, "-m", f"{PACKAGE}.drf.fill", PASSWORD]]
    if is_postgresql:
        fills.append([python, "-m", f"{PACKAGE}.fastapi_fill"])
    for command in fills:
        subprocess.run(command, cwd=live.ROOT, env=env | django, input=rows, check=True)
    done.touch()


def told(environment: dict[str, str], *arguments: str) -> bytes:
    """By `peers.rows`, of the server's own database."""
    return subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.rows", *arguments],
        cwd=live.ROOT,
        env=live.clean_environment() | environment,
        capture_output=False,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
