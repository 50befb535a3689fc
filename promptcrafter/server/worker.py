"""What runs in each worker: the application, and how it ends."""

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any

from granian import _signals
from granian._granian import WorkerSignal

from promptcrafter.server import listening

WSGIApplication = Callable[..., Iterable[bytes]]

# The parent's word to a worker. SIGTERM and SIGINT reach workers, too, from systemd or a terminal,
# and at that moment some of them must still accept what waits.
RETIRE = signal.SIGUSR1

# For so long a worker that ends answers with `Connection: close`. Who sends something more seldom
# than that may meet a connection that was closed, as always with HTTP.
FAREWELL_SECONDS = 1.0

_PR_SET_PDEATHSIG = 1


def load_application(listener: int, is_ready: Any) -> WSGIApplication:
    """`is_ready.value` becomes true when it is."""
    end_with_parent()
    signal.signal(RETIRE, signal.SIG_DFL)
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    logging.captureWarnings(True)
    farewell = Farewell(listener)
    _signals.set_sync_signals = farewell.signals
    application = farewell.to(import_module("promptcrafter.wsgi").application)
    is_ready.value = 1
    return application


def end_with_parent() -> None:
    """Linux ends this process when its parent ends, however that ends: of two starts, the workers
    of the first must not serve beside those of the second."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # it ended before it could be watched
        os._exit(1)


class Farewell:
    """A worker's end: nobody new comes in, all others hear that it closes, and then it does.

    Granian alone closes every idle connection at once, and whoever sends on one at that moment gets
    no answer.
    """

    def __init__(self, listener: int) -> None:
        self.listener = listener
        self.is_said = False

    def signals(self) -> WorkerSignal:
        """In place of granian's `set_sync_signals`: what it waits for to end."""
        over = WorkerSignal()
        signal.signal(RETIRE, partial(self.say, over))
        return over

    def say(self, over: WorkerSignal, *_: Any) -> None:
        signal.signal(RETIRE, signal.SIG_IGN)
        listening.turn_away(self.listener)
        self.is_said = True
        time.sleep(FAREWELL_SECONDS)  # the main thread has nothing else to do
        over.set()

    def to(self, application: WSGIApplication) -> WSGIApplication:
        def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
                last = [("Connection", "close")] if self.is_said else []
                return start_response(status, [*headers, *last], *error)

            return application(environ, start)

        return wrapped
