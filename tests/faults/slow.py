"""Clients that take their time: a byte a second each, and again from the start when dropped."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

HEAD = (
    "POST /prompts HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
# What each sends at once; the rest of the request, and of its length, comes byte by byte.
KINDS = {
    "headers": "POST /prompts HTTP/1.1\r\n",
    "body": HEAD.replace("{length}", "200000") + "{{",
    # More than haproxy's buffer: what trickles through to the service must not take all threads.
    "long body": HEAD.replace("{length}", "2000000") + '{{"content": "' + "x" * 300_000,
}


@dataclass
class Seen:
    """What happened meanwhile."""

    probes: list[float] = field(default_factory=list)  # seconds
    failed: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    refused: int = 0


async def drip(url: str, kind: str, *, token: str, clients: int, seconds: float) -> Seen:
    """Sends from so many clients for so long, and probes GET /prompts every 100 ms meanwhile."""
    seen = Seen()
    address = urlsplit(url)
    start = KINDS[kind].format(token=token).encode()
    tasks = [
        asyncio.create_task(_client(address.hostname, address.port, start, seen))
        for _ in range(clients)
    ]
    await asyncio.sleep(1)
    try:
        await _probe(url, token, seconds, seen)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return seen


async def _client(host: str | None, port: int | None, start: bytes, seen: Seen) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(start)
                while not reader.at_eof():
                    writer.write(b"x")
                    await writer.drain()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(4_096), 1)
                seen.dropped += 1
            finally:
                writer.close()
            continue
        seen.refused += 1
        await asyncio.sleep(1)


async def _probe(url: str, token: str, seconds: float, seen: Seen) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def once() -> None:
        began = loop.time()
        try:
            async with httpx2.AsyncClient(timeout=3) as client:
                answer = await client.get(f"{url}/prompts", headers={"Authorization": token})
            if answer.status_code != 200:
                seen.failed[str(answer.status_code)] += 1
        except httpx2.TransportError as error:
            seen.failed[type(error).__name__] += 1
        seen.probes.append(loop.time() - began)

    tasks = []
    while loop.time() < end:
        tasks.append(asyncio.create_task(once()))
        await asyncio.sleep(0.1)
    await asyncio.gather(*tasks)
