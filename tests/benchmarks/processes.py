"""What processes cost, read from /proc (Linux)."""

from pathlib import Path


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children = "".join(
        file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")
    ).split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def cpu_ms(pid: int) -> float:
    """Milliseconds on a CPU of all of a tree's threads, to the nanosecond; of those that live."""
    files = [file for each in tree(pid) for file in Path(f"/proc/{each}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in files) / 1e6


def memory_mb(pid: int, name: str) -> float:
    """Of a tree; `VmRSS` is what it has, `VmHWM` the most that each of it ever had."""
    lines = [
        line
        for each in tree(pid)
        for line in Path(f"/proc/{each}/status").read_text().splitlines()
        if line.startswith(name)
    ]
    return sum(int(line.split()[1]) for line in lines) / 1_024
