import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from promptcrafter import backups
from promptcrafter.backups.contents import Contents


class Command(BaseCommand):
    help = "Copies the database into a new file, while the service runs, and reads it back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace a backup of that name")

    def handle(self, *, file: Path, force: bool, **options: Any) -> None:
        start = time.monotonic()
        try:
            found = backups.take(file, force=force)
        except (backups.Refused, DatabaseError, OSError) as error:
            raise CommandError(sentence(error)) from error
        self.stdout.write(
            f"{file} is written and read back, {file.stat().st_size:,} bytes in "
            f"{time.monotonic() - start:.1f} s; {file.name}.sha256 has its checksum.\n"
            f"{told(found)}"
        )


def sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}."
    return str(error).strip().splitlines()[0]


def told(found: Contents) -> str:
    """What a backup holds, for who has one to compare."""
    rows = "".join(f"\n  {name} {count:,}" for name, count in found.counts.items() if count)
    return f"It is of the migrations {' and '.join(found.newest)}, and holds these rows:{rows}"
