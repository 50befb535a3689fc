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
    lines = [
        line
        for each in tree(pid)
        for line in Path(f"/proc/{each}/status").read_text().splitlines()
        if line.startswith(name)
    ]
    return sum(int(line.split()[1]) for line in lines) / 1_024


def private_mb(pid: int) -> float:
    """What a tree would give back: of pages that several processes have, each its share (PSS)."""
    files = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in tree(pid)]
    lines = [line for text in files for line in text.splitlines() if line.startswith("Pss:")]
    return sum(int(line.split()[1]) for line in lines) / 1_024
