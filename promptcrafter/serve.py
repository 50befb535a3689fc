"""`make run`: everything from an empty folder to a listening server, in one process tree.

    python -m promptcrafter.serve

Whatever is wrong with the environment ends it with one sentence and exit status 1.
"""

import logging
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from threading import Event

import django
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connections
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from promptcrafter.environment import DATA_DIR
from promptcrafter.preparing import prepare

WSGIApplication = Callable[..., Iterable[bytes]]

logger = logging.getLogger("promptcrafter.serve")  # it runs as __main__

NEXT = """\
PromptCrafter listens on {url} (Ctrl-C ends it). In another terminal:

  TOKEN=$(curl -s {url}/auth/signup -H 'Content-Type: application/json' -d '{{"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}}' | python3 -c 'import json, sys; answer = json.load(sys.stdin); print(answer["token"]) if "token" in answer else sys.exit(answer["error"])')
  curl -s {url}/prompts -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"title": "AI image prompt", "content": "A surreal mountain landscape.", "model": "DALL·E"}}'
  curl -s '{url}/search?q=mountain' -H "Authorization: Bearer $TOKEN"
"""  # noqa: E501


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptcrafter.settings")
    try:
        try:
            write_keys(DATA_DIR)
        except OSError as error:
            raise ImproperlyConfigured(f"DATA_DIR can't be used: {error}.") from error
        django.setup()
        serve()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except Error as error:
        sys.exit(f"The database of DATABASE_URL can't be used: {str(error).splitlines()[0]}")


def write_keys(directory: Path) -> None:
    """Makes the data directory and the keys that the environment does not set."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("SECRET_KEY", "JWT_SIGNING_KEY"):
        file = directory / name.lower()
        if name not in os.environ and not file.exists():
            write_once(file, secrets.token_urlsafe(64))


def write_once(file: Path, text: str) -> None:
    """A whole file of mode 600, or none; of two processes at once, the first one's."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
        stream.write(text)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def check_settings() -> None:
    """Raises ImproperlyConfigured for what can't be right, and logs what should not be."""
    found = [each for each in run_checks() if not each.is_silenced()]
    for each in found:
        if each.is_serious():
            raise ImproperlyConfigured(f"{each.msg} ({each.id})")
        logger.warning("%s (%s)", each.msg, each.id)


def serve() -> None:
    check_settings()
    address = free_address(settings.HOST, settings.PORT)
    prepare()
    # The workers are forked from here, and a connection must not be shared with a fork.
    connections.close_all()
    server = MPServer(
        "promptcrafter.wsgi:application",
        address=address,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        workers=settings.WORKERS,
        blocking_threads=settings.THREADS,
        # An ended thread takes its database connection with it.
        blocking_threads_idle_timeout=600,
        # It counts connections, idle ones too, not requests: 32 would let 32 browsers in.
        backpressure=512,
        # Headers of over 16 kB in all are refused: Python 3.11.7 takes a second for 28 kB of
        # backslashes in a cookie.
        http1_settings=HTTP1Settings(header_read_timeout=15_000, max_buffer_size=16_384),
        # HTTP/2 needs no Content-Length, and Django would take such a body for an empty one.
        http=HTTPModes.http1,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
        log_dictconfig=settings.LOGGING,
    )
    end_for_sure(server)
    url = f"http://{reachable(address)}:{settings.PORT}"
    server.on_startup(lambda: print(NEXT.format(url=url), flush=True))
    server.serve(target_loader=load_application, wrap_loader=False)


def load_application() -> WSGIApplication:
    """In each worker. The terminal's Ctrl-C is for the parent, which ends its workers itself."""
    os.setpgid(0, 0)
    logging.captureWarnings(True)
    return import_module("promptcrafter.wsgi").application


def end_for_sure(server: MPServer) -> None:
    """Mends granian 2.8.7: a signal that reaches the workers too (systemd sends it to all) may be
    forgotten while the parent replaces those that ended, and the parent then waits for ever."""

    class Interrupt(Event):
        def clear(self) -> None:
            super().clear()
            if server.interrupt_signal:
                self.set()

    server.main_loop_interrupt = Interrupt()
    # Workers that were told to end are no failure.
    server.on_shutdown(server.interrupt_children.clear)


def reachable(address: str) -> str:
    """How a URL spells an address to call on this machine."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
    return f"[{address}]" if ":" in address else address


def free_address(host: str, port: int) -> str:
    """The IP address of `host`; raises ImproperlyConfigured where it can't be listened on.

    Granian would share a port that another process serves (SO_REUSEPORT) without a word.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ImproperlyConfigured(
            f"Can't listen on HOST {host}, PORT {port}: {error.strerror}. "
            "Set them to an address of this machine and a free port."
        ) from error
    return str(address[0])


if __name__ == "__main__":
    main()
