"""The parent: it starts workers, replaces those that die, and makes way for new code."""

import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Event, Thread
from typing import Any, cast

from granian._granian import SocketHolder
from granian.server import MPServer, mp
from granian.server.mp import WorkerProcess

from promptcrafter.server import listening
from promptcrafter.server.worker import RETIRE

logger = logging.getLogger(__name__)

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
REHEARSAL = "from promptcrafter.serve import rehearse; rehearse()"


class Worker(WorkerProcess):
    is_ready: Any  # shared with the process

    def _watcher(self) -> None:
        self.inner.join()
        if self.is_ready.value:
            # It did serve: no loop of crashes at the start, which granian takes for the end.
            self.parent.respawned_wrks.pop(self.idx, None)
        super()._watcher()

    def terminate(self) -> None:
        self.interrupt_by_parent = True
        if self.inner.is_alive():
            os.kill(self.inner.pid, RETIRE)


mp.WorkerProcess = Worker  # type: ignore[misc]


class Predecessor:
    """A worker of the program that this process ran before it took up the new code."""

    def __init__(self, pid: int) -> None:
        self.idx = self.pid = pid
        self.has_ended = False

    def is_alive(self) -> bool:
        if not self.has_ended:
            try:
                self.has_ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
            except ChildProcessError:
                self.has_ended = True
        return not self.has_ended

    def terminate(self) -> None:
        self._send(RETIRE)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def join(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or 10)
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)


class Interrupt(Event):
    """Mends granian 2.8.7: a signal may be forgotten while the parent replaces workers that ended,
    and it then waits for ever."""

    def __init__(self, server: MPServer) -> None:
        super().__init__()
        self.server = server

    def clear(self) -> None:
        super().clear()
        if self.server.interrupt_signal or self.server.reload_signal:
            self.set()


class Parent(MPServer):
    """With listening sockets that outlive the workers, and a reload that changes the whole
    program.

    `predecessors` are the process ids of workers that serve until the new ones do.
    """

    def __init__(
        self,
        target: str,
        *,
        listeners: list[socket.socket],
        predecessors: Sequence[int] = (),
        on_change: Callable[[bool], None],
        **options: Any,
    ) -> None:
        super().__init__(target, **options)
        self.listeners = listeners
        self.predecessors = [Predecessor(pid) for pid in predecessors]
        self.succession: Thread | None = None
        self.on_change = on_change
        self.main_loop_interrupt = Interrupt(self)
        self.on_shutdown(self._forgive)

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        # Those that came while the program was changed have waited.
        self.on_startup(lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS))
        super().startup(spawn_target, target_loader)
        if self.predecessors:
            self.succession = Thread(target=self._succeed, name="succession")
            self.succession.start()

    def _forgive(self) -> None:
        """Workers that were told to end are no failure; those that can't start are, status 1."""
        if self.interrupt_signal:
            self.interrupt_children.clear()

    def _init_shared_socket(self) -> None:
        """There they are, from the start on."""

    def _drop_shared_socket(self) -> None:
        for listener in self.listeners:
            listener.close()

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Worker:  # type: ignore[override]
        number, is_ready = self.listeners[idx].fileno(), multiprocessing.RawValue("b", 0)
        holder: Any = SocketHolder
        self._shd, self._sso = holder(number, False, listening.BACKLOG), None
        worker = super()._spawn_worker(idx, target, partial(callback_loader, number, is_ready))
        worker.is_ready = is_ready  # type: ignore[attr-defined]
        return cast(Worker, worker)

    def _succeed(self) -> None:
        """Ends the predecessors, as soon as the new workers serve."""
        while not self._all_serve():
            if self.interrupt_signal:
                return
            time.sleep(0.05)
        for old in self.predecessors:
            old.terminate()
        for old in self.predecessors:
            old.join(self.workers_kill_timeout)
            old.kill()
        self.predecessors.clear()
        self.on_change(True)

    def _all_serve(self) -> bool:
        workers = list(self.wrks)  # one is missing while it is replaced
        is_whole = len(workers) == self.workers
        return is_whole and all(cast(Worker, each).is_ready.value for each in workers)

    def shutdown(self, exit_code: int = 0) -> None:
        if self.succession:
            self.succession.join()
        listening.drain(self.listeners)
        self.wrks += cast(list[WorkerProcess], self.predecessors)
        super().shutdown(exit_code)

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Becomes the program as it is on the disk now, if that can start; else goes on."""
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        if self.succession:
            self.succession.join()
        if self._rehearse():
            self._become_new()
        elif not self.interrupt_signal:
            logger.error("the new code can't start (see above): what ran before goes on")
            self.on_change(False)

    def _rehearse(self) -> bool:
        """Another process does all that a start does, but to listen. False, too, if told to end."""
        rehearsal = subprocess.Popen([sys.executable, "-c", REHEARSAL])  # noqa: S603
        while rehearsal.poll() is None:
            if self.interrupt_signal:
                rehearsal.terminate()
            time.sleep(0.05)
        return rehearsal.returncode == 0 and not self.interrupt_signal

    def _become_new(self) -> None:
        """The process, its listening sockets and its workers stay; all else is read anew."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        for listener in self.listeners:
            listener.set_inheritable(True)
        listeners = [str(each.fileno()) for each in self.listeners]
        workers = [str(each.inner.pid) for each in self.wrks]
        program = [sys.executable, "-m", "promptcrafter.serve"]
        os.execv(sys.executable, [*program, ",".join(listeners), *workers])  # noqa: S606
