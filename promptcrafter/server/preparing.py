"""What must be done once before a release serves, however many processes start at once."""

import hashlib
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
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
    release = ".".join(map(str, connection.get_database_version()))
    # This process ends: PostgreSQL would log it as a client that was lost.
    connections.close_all()
    return f"{connection.display_name} {release}"


def collect_static_files() -> None:
    """Where they are not those that were collected last: it takes 0.8 s.

    A start that was killed half-way may have left half a file, which looks up to date to the next
    start, or half a manifest, which stops it.
    """
    record, mark = settings.DATA_DIR / "static.sources", settings.DATA_DIR / "static.unfinished"
    sources = _sources()
    if mark.exists():
        shutil.rmtree(settings.STATIC_ROOT, ignore_errors=True)
    elif _has_collected(record, sources):
        return
    mark.touch()
    call_command("collectstatic", verbosity=0, interactive=False)
    record.write_text(sources)
    mark.unlink(missing_ok=True)


def _has_collected(record: Path, sources: str) -> bool:
    """Whether that was collected, and nothing has been lost since then."""
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if not (manifest.exists() and record.exists()) or record.read_text() != sources:
        return False
    pairs = json.loads(manifest.read_bytes())["paths"].items()
    return all((settings.STATIC_ROOT / name).exists() for pair in pairs for name in pair)


def _sources() -> str:
    """A hash of the names, sizes and times of all files that are collected, and of what decides how
    that is done."""
    files = (storage.path(name) for finder in get_finders() for name, storage in finder.list(None))
    found = ((path, os.stat(path)) for path in files)
    lines = sorted(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in found)
    names = ["STATIC_URL", "STORAGES", *(n for n in dir(settings) if n.startswith("WHITENOISE_"))]
    lines += [f"{name} {getattr(settings, name)!r}" for name in names]
    lines += [version("django"), version("whitenoise")]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
