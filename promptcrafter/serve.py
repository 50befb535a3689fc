"""`make run`: everything from an empty folder to a listening server, in one process tree.

    python -m promptcrafter.serve

Whatever is wrong with the environment ends it with one sentence and exit status 1.
"""

import logging
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp

import django
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import Error
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from promptcrafter.environment import DATA_DIR, flag
from promptcrafter.server import listening
from promptcrafter.server.instance import Instance
from promptcrafter.server.parent import Parent
from promptcrafter.server.preparing import prepare
from promptcrafter.server.worker import end_with_parent, load_application

logger = logging.getLogger("promptcrafter.serve")  # it runs as __main__

NEXT = """\
PromptCrafter listens on {url}, on {database} (Ctrl-C ends it). In another terminal:

  TOKEN=$(curl -s {url}/auth/signup -H 'Content-Type: application/json' -d '{{"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}}' | python3 -c 'import json, sys; answer = json.load(sys.stdin); print(answer["token"]) if "token" in answer else sys.exit(answer["error"])')
  curl -s {url}/prompts -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"title": "AI image prompt", "content": "A surreal mountain landscape.", "model": "DALL·E"}}'
  curl -s '{url}/search?q=mountain' -H "Authorization: Bearer $TOKEN"
"""  # noqa: E501


def main() -> None:
    if inherited := "".join(sys.argv[1:2]):
        # As many workers as sockets that listen, whatever the new code's default is.
        os.environ["WORKERS"] = str(len(inherited.split(",")))
    set_up(partial(serve, *sys.argv[1:]))


def set_up(then: Callable[[], None]) -> None:
    """Django, and what needs it; whatever can't be right ends the process with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptcrafter.settings")
    try:
        try:
            write_keys(DATA_DIR)
        except OSError as error:
            raise ImproperlyConfigured(f"DATA_DIR can't be used: {error}.") from error
        django.setup()
        then()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except Error as error:
        sys.exit(f"The database of DATABASE_URL can't be used: {str(error).splitlines()[0]}")


def write_keys(directory: Path) -> None:
    """Makes the data directory and the keys that the environment does not set."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_counting = flag("METRICS", default=False)
    for name in ("SECRET_KEY", "JWT_SIGNING_KEY", *["METRICS_TOKEN"] * is_counting):
        file = directory / name.lower()
        if name not in os.environ and not file.exists():
            write_once(file, secrets.token_urlsafe(64))


def write_once(file: Path, text: str) -> None:
    """A whole file of mode 600, or none; of two processes at once, the first one's."""
    with NamedTemporaryFile("w", dir=file.parent, prefix=f"{file.name}.") as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, file)


@contextmanager
def counting_together(*, goes_on: bool) -> Iterator[None]:
    """With METRICS=1, in a folder where all workers count, and any can sum it up; after a reload in
    the same one."""
    if not settings.METRICS:
        yield
        return
    if not goes_on:  # before prometheus_client is imported
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = mkdtemp(prefix="promptcrafter-metrics-")
    try:
        yield
    finally:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def check_settings() -> None:
    """Raises ImproperlyConfigured for what can't be right, and logs what should not be."""
    found = [each for each in run_checks() if not each.is_silenced()]
    for each in found:
        if each.is_serious():
            raise ImproperlyConfigured(f"{each.msg} ({each.id})")
        logger.warning("%s (%s)", each.msg, each.id)


def rehearse() -> None:
    """A start up to the first request, beside a server that runs; exit status 1 if it fails."""

    def start() -> None:
        check_settings()
        prepare()
        get_wsgi_application()

    set_up(start)


def serve(inherited: str = "", *predecessors: str) -> None:
    """Until a signal ends it. After a reload, what listens and the old workers are there, and the
    rehearsal has checked and prepared all: a database that is away since then ends nothing."""
    with counting_together(goes_on=bool(inherited)):
        if not inherited:
            check_settings()
        listen_and_serve(inherited, *predecessors)


def prepare_apart() -> str:
    """`prepare` in a process that ends with it, as do its connections and the 14 MB that workers
    would inherit."""
    with ProcessPoolExecutor(1, get_context("fork"), initializer=end_with_parent) as apart:
        try:
            return apart.submit(prepare).result()
        except BrokenProcessPool as error:
            sentence = "The process that prepares a start was killed; start again."
            raise ImproperlyConfigured(sentence) from error


def listen_and_serve(inherited: str, *predecessors: str) -> None:
    if inherited:
        listeners = listening.inherited(map(int, inherited.split(",")))
    else:
        listeners = listening.listen(settings.HOST, settings.PORT, count=settings.WORKERS)
    database = "" if inherited else prepare_apart()
    address = listeners[0].getsockname()[0]
    url = f"http://{reachable(address)}:{settings.PORT}"
    with Instance(DATA_DIR, settings.PORT) as instance:
        server = Parent(
            "promptcrafter.wsgi:application",
            listeners=listeners,
            predecessors=[int(each) for each in predecessors],
            on_change=instance.note,
            address=address,
            port=settings.PORT,
            interface=Interfaces.WSGI,
            workers=len(listeners),
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
        if not inherited:
            server.on_startup(lambda: print(NEXT.format(url=url, database=database), flush=True))
        server.serve(target_loader=load_application, wrap_loader=False)


def reachable(address: str) -> str:
    """How a URL spells an address to call on this machine."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
    return f"[{address}]" if ":" in address else address


if __name__ == "__main__":
    main()
