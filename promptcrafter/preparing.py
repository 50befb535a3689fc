"""What must be done once before a release serves, however many processes start at once."""

import shutil

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, connections

from promptcrafter.locks import Taken, alone_with


def prepare() -> str:
    """Migrates the database, whose name and version come back, and collects static files; raises
    ImproperlyConfigured.

    Migrating has a lock of its own, which other machines ask for too.
    """
    try:
        call_command("migrate", verbosity=0, interactive=False)
        with alone_with(settings.DATA_DIR / "static.alone"):
            collect_static_files()
    except (CommandError, Taken) as error:
        raise ImproperlyConfigured(str(error)) from error
    version = ".".join(map(str, connection.get_database_version()))
    # Workers are forked, and a connection must not be shared with a fork.
    connections.close_all()
    return f"{connection.display_name} {version}"


def collect_static_files() -> None:
    """A start that was killed half-way may have left half a file, which looks up to date to the
    next start, or half a manifest, which stops it."""
    mark = settings.DATA_DIR / "static.unfinished"
    if mark.exists():
        shutil.rmtree(settings.STATIC_ROOT, ignore_errors=True)
    mark.touch()
    call_command("collectstatic", verbosity=0, interactive=False)
    mark.unlink(missing_ok=True)
