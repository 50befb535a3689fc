"""`make test`: the whole suite on SQLite, then on PostgreSQL. Arguments go on to pytest."""

import os
import subprocess
import sys

from tests import postgres


def main() -> int:
    return run_on_sqlite() or run_on_postgresql()


def run_on_sqlite() -> int:
    environment = {k: v for k, v in os.environ.items() if k != "TEST_DATABASE_URL"}
    return run_pytest("SQLite", environment)


def run_on_postgresql() -> int:
    if "TEST_DATABASE_URL" in os.environ:
        return run_pytest("PostgreSQL", dict(os.environ))
    bindir = postgres.binaries()
    if bindir is None:
        print(f"\n*** NOT TESTED ON POSTGRESQL: none here. {postgres.HOW_TO_GET_IT} ***\n")
        return int(os.environ.get("REQUIRE_POSTGRES") == "1")
    with postgres.cluster(bindir) as url:
        return run_pytest("PostgreSQL", {**os.environ, "TEST_DATABASE_URL": url})


def run_pytest(name: str, environment: dict[str, str]) -> int:
    print(f"\n=== The suite on {name} ===", flush=True)
    command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
