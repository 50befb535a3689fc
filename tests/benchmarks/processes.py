"""What processes cost, read from /proc (Linux)."""

import os
from pathlib import Path


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children = "".join(
        file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")
    ).split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def cpu_ms(pid: int) -> float:
    """Milliseconds on a CPU of all of a tree's threads: of those that live to the nanosecond, of
    processes that ended to the clock's tick of 10 ms for all together."""
    while True:
        try:
            return sum(_living_ms(each) + _reaped_ms(each) for each in tree(pid))
        except (FileNotFoundError, ProcessLookupError):  # one ended meanwhile: its parent has it
            continue


def _living_ms(pid: int) -> float:
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in files) / 1e6


def _reaped_ms(pid: int) -> float:
    """Of its children that ended, and theirs."""
    # The name, in parentheses, may hold spaces. Of the rest, cutime and cstime are 13 and 14.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK") * 1_000


def memory_mb(pid: int, name: str) -> float:
    """Of a tree; `VmRSS` is what it has, `VmHWM` the most that each of it ever had."""
    return sum(_kilobytes(each, "status", f"{name}:") for each in tree(pid)) / 1_024


def largest_mb(pid: int) -> float:
    """The most that one process of a tree ever had."""
    return max(_kilobytes(each, "status", "VmHWM:") for each in tree(pid)) / 1_024


def shared_mb(pid: int) -> float:
    """What a tree has; of pages that several processes have, each counts its share (PSS)."""
    return sum(_kilobytes(each, "smaps_rollup", "Pss:") for each in tree(pid)) / 1_024


def _kilobytes(pid: int, file: str, name: str) -> int:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(name))
