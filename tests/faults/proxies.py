"""nginx and haproxy, started from the files in deploy/ with only addresses and folders replaced."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import live

PROXIES = ["haproxy", "nginx"]
SERVICE = "127.0.0.1:8000"


class Proxy(NamedTuple):
    url: str
    log: Callable[[], str]


@contextmanager
def in_front_of(service: str, name: str) -> Iterator[Proxy]:
    """That proxy, before the service of that URL. Skips where it is not installed."""
    program = _program(name)
    address = f"127.0.0.1:{live.free_port()}"
    with (
        tempfile.TemporaryDirectory(prefix=f"{name}-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog,
    ):
        directory = Path(folder)
        directory.chmod(0o755)  # nginx's workers are another user
        _listen(syslog, directory / "syslog")
        write = {"haproxy": _haproxy, "nginx": _nginx}[name]
        arguments = write(directory, urlsplit(service).netloc, address)
        process = subprocess.Popen([program, *arguments], stderr=subprocess.DEVNULL)
        try:
            _wait_until_ready(process, f"http://{address}")
            yield Proxy(f"http://{address}", lambda: _logged(syslog, directory))
        finally:
            process.terminate()
            process.wait(timeout=40)


def _listen(syslog: socket.socket, path: Path) -> None:
    """As /dev/log, which haproxy writes its log to."""
    syslog.setblocking(False)
    syslog.bind(str(path))
    path.chmod(0o777)


def _logged(syslog: socket.socket, directory: Path) -> str:
    """nginx's log so far, or of haproxy's what came since somebody asked."""
    lines = [file.read_text() for file in sorted(directory.glob("*.log"))]
    with suppress(BlockingIOError):
        while True:
            lines.append(syslog.recv(65_536).decode())
    return "".join(lines)


def _program(name: str) -> str:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        missing = f"{name} is not installed: apt install {name}"
        pytest.fail(missing) if os.environ.get("REQUIRE_PROXIES") == "1" else pytest.skip(missing)
    return program


def _haproxy(directory: Path, service: str, address: str) -> list[str]:
    file = directory / "haproxy.cfg"
    replaced = {
        SERVICE: service,
        "bind :80\n": f"bind {address}\n",
        "log /dev/log ": f"log {directory}/syslog ",
    }
    if os.geteuid() != 0:
        replaced |= {"    user haproxy\n": "", "    group haproxy\n": ""}
    file.write_text(_with(replaced, "haproxy.cfg"))
    return ["-db", "-f", str(file)]


def _nginx(directory: Path, service: str, address: str) -> list[str]:
    file = directory / "nginx.conf"
    # Debian's nginx makes these folders too, which only root may where it would.
    unused = ("fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{each}_temp_path {directory}/{each};\n" for each in unused)
    replaced = {
        SERVICE: service,
        "listen 80 ": f"listen {address} ",
        "/run/nginx.pid": f"{directory}/nginx.pid",
        "/var/log/nginx": str(directory),
        "/var/lib/nginx": str(directory),
        "http {\n": f"http {{\n{folders}",
    }
    file.write_text(_with(replaced, "nginx.conf"))
    return ["-e", f"{directory}/error.log", "-c", str(file), "-g", "daemon off;"]


def _with(replaced: dict[str, str], name: str) -> str:
    text = (live.ROOT / "deploy" / name).read_text()
    for old, new in replaced.items():
        assert old in text, f"deploy/{name} has no {old!r}"
        text = text.replace(old, new)
    return text


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "the proxy ended before it answered"
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise TimeoutError(url)
