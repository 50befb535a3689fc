"""`make test`: the whole suite on SQLite and on PostgreSQL. Arguments go on to pytest.

Both run at once; what PostgreSQL's has to say is shown after SQLite's.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from typing import IO

from tests import postgres


def main() -> int:
    with ExitStack() as stack:
        url = os.environ.get("TEST_DATABASE_URL")
        bindir = postgres.binaries()
        if url is None and bindir is not None:
            url = stack.enter_context(postgres.new_cluster(bindir))
        if url is None:
            print(f"*** NOT TESTED ON POSTGRESQL: none here. {postgres.HOW_TO_GET_IT} ***")
            return suite().wait() or int(os.environ.get("REQUIRE_POSTGRES") == "1")
        output = stack.enter_context(tempfile.TemporaryFile())
        on_postgresql = suite({"TEST_DATABASE_URL": url}, output)
        print("\n=== The suite on SQLite ===", flush=True)
        failed = suite().wait()
        print("\n=== The suite on PostgreSQL ===", flush=True)
        failed = on_postgresql.wait() or failed
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout.buffer)
        return failed


def suite(
    more: dict[str, str] | None = None, output: IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    environment = {k: v for k, v in os.environ.items() if k != "TEST_DATABASE_URL"} | (more or {})
    command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


if __name__ == "__main__":
    sys.exit(main())
