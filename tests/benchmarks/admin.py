"""`make bench-admin`: what the admin's pages cost among 100,000 prompts.

    python -m tests.benchmarks.admin [--prompts N] [--databases sqlite postgresql] [--keep DIR]

An operator's browser asks a server with one worker and one thread for one page after another, over
one connection. Milliseconds are those on a CPU, of the server's processes and of PostgreSQL's. The
tables go to docs/benchmarks.md.
"""

import argparse
import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests import live
from tests.benchmarks.scale import PASSWORD, Cost, cost_of, machine, running, write

EMAIL = "operator@example.com"
USERS = 200
SMALL = 1_000
LIST = "/admin/prompts/prompt/"
PAGES = {
    "the list of prompts": LIST,
    "… its 20th page": f"{LIST}?p=20",
    "… by title": f"{LIST}?o=1",
    "… with a tag": f"{LIST}?tag=art",
    "… with a tag of no prompt": f"{LIST}?tag=none",
    "… with a model of no prompt": f"{LIST}?model=none",
    "… with a label": f"{LIST}?label=production",
    "… of one owner": f"{LIST}?owner=user7.1%40example.com",
    "… in the trash": f"{LIST}?trash=yes",
    "… searched, a common word": f"{LIST}?q=th",
    "… searched, no such word": f"{LIST}?q=xyzzyplugh",
    "the list of outputs": "/admin/prompts/log/",
    "the list of users": "/admin/accounts/user/",
    "Insights of all, of a year": f"{LIST}insights/?days=365",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.admin")
    parser.add_argument("--prompts", type=int, default=100_000)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--keep", type=Path, default=live.ROOT / "var" / "bench")
    asked = parser.parse_args()
    for database in asked.databases:
        costs = {
            size: measured(database, asked.keep / f"{database}-admin-{size}", size)
            for size in (SMALL, asked.prompts)
        }
        write("bench-admin", database, "\n".join(table(costs, asked.prompts)))


def measured(database: str, directory: Path, size: int) -> dict[str, Cost]:
    print(f"{database}, {size:,} prompts", flush=True)
    with running(database, directory, [USERS, size]) as (url, process, cluster, environment):
        make_operator(environment)
        operator = Operator(url)
        costs = {}
        for name, path in PAGES.items():
            rounds = [cost_of(operator, path, process, cluster) for _ in range(2)]
            costs[name] = min(rounds, key=lambda cost: cost.cpu)
            print(f"  {name:34} {costs[name].cpu:7.1f} ms", flush=True)
        return costs


def make_operator(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput"]
    env = live.clean_environment() | environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run(  # which fails where an earlier run has made them
        [*command, "--email", EMAIL, "--name", "Operator"],
        cwd=live.ROOT,
        env=env,
        capture_output=True,
        check=False,
    )


class Operator:
    """One connection, logged in to the admin."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._cookies = SimpleCookie()
        page = self._send("GET", "/admin/login/")
        (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.decode())
        form = {"csrfmiddlewaretoken": token, "username": EMAIL, "password": PASSWORD}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": url}
        self._send("POST", "/admin/login/?next=/admin/", urlencode(form), headers)

    def get(self, path: str) -> str:
        return self._send("GET", path).decode()

    def _send(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        cookies = "; ".join(f"{name}={each.value}" for name, each in self._cookies.items())
        sent = {"Accept": "text/html", "Cookie": cookies, **(headers or {})}
        self._connection.request(method, path, body, sent)
        response = self._connection.getresponse()
        for header in response.headers.get_all("Set-Cookie", []):
            self._cookies.load(header)
        answer = response.read()
        assert response.status == (200 if method == "GET" else 302), (path, response.status)
        return answer


def table(costs: dict[int, dict[str, Cost]], size: int) -> Iterator[str]:
    yield f"On {machine()}.\n"
    yield f"| page | server ms | database ms | p50 ms | × at {SMALL:,} |"
    yield "|---|---|---|---|---|"
    for name, cost in costs[size].items():
        ratio = cost.cpu / costs[SMALL][name].cpu
        yield (
            f"| {name} | {cost.server:.0f} | {cost.database:.0f} | {cost.p50:.0f} | {ratio:.1f} |"
        )


if __name__ == "__main__":
    main()
