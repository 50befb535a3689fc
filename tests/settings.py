"""The production settings, in a data directory of their own that ends with the run."""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

DIRECTORY = Path(tempfile.mkdtemp(prefix="promptcrafter-test-"))
atexit.register(shutil.rmtree, DIRECTORY, ignore_errors=True)

os.environ["DATA_DIR"] = str(DIRECTORY)
os.environ["SECRET_KEY"] = secrets.token_urlsafe(64)
os.environ["JWT_SIGNING_KEY"] = secrets.token_urlsafe(64)
os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("ACCESS_LOG", "0")
if "TEST_DATABASE_URL" in os.environ:
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

for limit in (
    "LOGIN_FAILURES",
    "LOGIN_FAILURES_PER_ADDRESS",
    "LOGIN_FAILURES_PER_ACCOUNT",
    "SIGNUPS_PER_ADDRESS",
    "RESETS_PER_ADDRESS",
    "RESETS_PER_ACCOUNT",
    "REQUESTS_PER_USER",
):  # the tests of limits set their own
    os.environ[limit] = "off"

from promptcrafter.settings import *  # noqa: E402, F403
from promptcrafter.settings import DATABASES  # noqa: E402

ALLOWED_HOSTS = ["testserver"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Django would test in memory, where none of SQLite's locking is to be seen.
    DATABASES["default"]["TEST"] = {"NAME": str(DIRECTORY / "test.sqlite3")}
