"""The settings of production, but with Django's own SQLite: what the lock is held against."""

from promptcrafter.settings import *  # noqa: F403
from promptcrafter.settings import DATABASES

DATABASES["default"]["ENGINE"] = "django.db.backends.sqlite3"
