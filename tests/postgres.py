"""A throw-away PostgreSQL cluster, made from the machine's own binaries."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOW_TO_GET_IT = "apt install postgresql (or set PG_BINDIR, or TEST_DATABASE_URL)"
# The durability of a cluster that lives for a minute is not worth its price.
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


def binaries() -> Path | None:
    """The folder that holds `initdb`: PG_BINDIR, Debian's newest, or one on the PATH."""
    on_path = shutil.which("initdb")
    candidates = [
        os.environ.get("PG_BINDIR"),
        *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True),
        *glob.glob("/usr/pgsql-*/bin"),
        os.path.dirname(os.path.realpath(on_path)) if on_path else None,
    ]
    found = (Path(each) for each in candidates if each and Path(each, "initdb").exists())
    return next(found, None)


@contextmanager
def new_cluster(bindir: Path) -> Iterator[str]:
    """The URL of a new cluster's database."""
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        with cluster(bindir, directory=directory, options=FAST) as url:
            yield url
    finally:
        shutil.rmtree(directory)


@contextmanager
def cluster(bindir: Path, *, directory: Path, options: str) -> Iterator[str]:
    """The URL of the database of a cluster in that folder, made where there is none, on a Unix
    socket that nobody else can reach."""
    directory.mkdir(exist_ok=True)
    identity = unprivileged(directory)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [bindir / program, "-D", directory / "data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=directory,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            **identity,
        )

    if not (directory / "data").exists():
        run("initdb", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
    socket = f"-k {directory} -c listen_addresses=''"
    run("pg_ctl", "-w", "-l", f"{directory}/log", "-o", f"{socket} {options}", "start")
    try:
        yield f"postgresql://postgres@/{directory}/postgres"
    finally:
        run("pg_ctl", "-w", "-m", "fast", "stop")


def unprivileged(directory: Path) -> dict[str, object]:
    """PostgreSQL's programs refuse to run as root: they get another user, and the folder too."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(directory, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
