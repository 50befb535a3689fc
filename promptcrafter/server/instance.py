"""`make reload`: finds the server of DATA_DIR and PORT, and has it take up the code on the disk.

    python -m promptcrafter.server.instance

Ends when that is done, or with one sentence and exit status 1.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import TracebackType

from django.core.exceptions import ImproperlyConfigured

from promptcrafter import environment as env

# Migrations are among what it waits for.
PATIENCE_SECONDS = 600


class Instance:
    """The file that tells which process serves, and how its last change went."""

    def __init__(self, directory: Path, port: int) -> None:
        self.file = directory / f"server-{port}.pid"

    def __enter__(self) -> "Instance":
        if not self._is_ours():
            self.note(True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_ours():
            self.file.unlink()

    def note(self, has_changed: bool) -> None:
        """One line: the process, when it was born, whether it now is what the disk holds, when."""
        draft = self.file.with_suffix(".draft")
        line = f"{os.getpid()} {born(os.getpid())} {has_changed:d} {time.time_ns()}"
        draft.write_text(line, encoding="ascii")
        draft.replace(self.file)

    def read(self) -> list[str]:
        """The words of its line; none where no server runs, a killed one's file notwithstanding."""
        try:
            words = self.file.read_text(encoding="ascii").split()
            is_running = len(words) == 4 and born(int(words[0])) == words[1]
        except (OSError, ValueError):
            return []
        return words if is_running else []

    def _is_ours(self) -> bool:
        return self.read()[:1] == [str(os.getpid())]


def born(pid: int) -> str:
    """When the process began, so that another one of the same number is not taken for it; OSError
    where it is none."""
    if sys.platform != "linux":
        os.kill(pid, 0)
        return "-"
    # What stands before the last parenthesis is the program's name (proc(5)).
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()[19]


def main() -> None:
    try:
        port = env.number("PORT", 8000, minimum=1, maximum=65535)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    instance = Instance(env.DATA_DIR, port)
    before = instance.read()
    if not before:
        sys.exit(f"No server of DATA_DIR {env.DATA_DIR}, PORT {port} is running.")
    os.kill(int(before[0]), signal.SIGHUP)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := instance.read()) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    if now == before or now[2:3] != ["1"]:
        sys.exit("It goes on with the code that it had, or has ended; its log says why.")
    print(f"The server on port {port} runs the code on the disk.")


if __name__ == "__main__":
    main()
