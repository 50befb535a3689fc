"""Load by `wrk` (Debian's package), which costs less than what it measures."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

SCRIPT = Path(__file__).with_name("wrk.lua")


class Unexpected(Exception):
    """An answer that was not asked for: its time says nothing."""


def require() -> None:
    if shutil.which("wrk") is None:
        sys.exit("No wrk here. apt install wrk")


class Load(NamedTuple):
    """What was sent, the last few of it without waiting for the answers; latencies in ms."""

    sent: int
    per_second: float
    p50: float
    p99: float


def request(
    url: str, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """As it goes over the wire. Each `#NUMBER#` in it becomes 15 digits, each time others."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        length = len(body.replace(b"#NUMBER#", b"0" * 15))
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def drive(
    url: str, requests: Sequence[bytes], *, expected: int, seconds: int, connections: int = 4
) -> Load:
    """Sends them in turn for so long; raises Unexpected for any other status, or none."""
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "requests.lua")
        script.write_text(_script(requests, expected), encoding="ascii")
        size = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
        run = subprocess.run(
            ["wrk", *size, "-s", str(script), url], stdout=subprocess.PIPE, check=True
        )
    told = json.loads(run.stdout.splitlines()[-1])
    if told["wrong"] or told["broken"] or not told["answered"]:
        example = requests[0].partition(b"\r\n")[0].decode()
        raise Unexpected(
            f"{example} and others like it: of {told['answered']} answers {told['wrong']} were not "
            f"{expected} but {told['example']} or the like, and {told['broken']} connections broke."
        )
    per_second = told["answered"] / told["us"] * 1e6
    return Load(told["sent"], per_second, told["p50"] / 1_000, told["p99"] / 1_000)


def _script(requests: Sequence[bytes], expected: int) -> str:
    listed = ",\n".join(_quoted(each) for each in requests)
    is_counted = any(b"#NUMBER#" in each for each in requests)
    count = str(time.time_ns() // 1_000_000 % 10**12 * 100) if is_counted else "nil"
    head = f"requests = {{{listed}}}\nexpected = {expected}\ncount = {count}\n"
    return head + SCRIPT.read_text(encoding="ascii")


def _quoted(text: bytes) -> str:
    plain = (
        chr(each) if 32 <= each < 127 and each not in b'"\\' else f"\\{each:03}" for each in text
    )
    return f'"{"".join(plain)}"'
