import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from promptcrafter import backups, locks
from promptcrafter.management.commands.backup import sentence, told


class Command(BaseCommand):
    help = "Makes the database what it was when a backup was taken. Stop the service first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--overwrite", action="store_true", help="though the database holds something"
        )

    def handle(self, *, file: Path, overwrite: bool, **options: Any) -> None:
        start = time.monotonic()
        try:
            found = backups.restore(file, overwrite=overwrite)
        except (backups.Refused, locks.Taken, DatabaseError, OSError) as error:
            raise CommandError(sentence(error)) from error
        self.stdout.write(f"{file} is restored in {time.monotonic() - start:.1f} s.\n{told(found)}")
        self.stdout.write("Migrating it to the end ...")
        call_command("migrate", verbosity=0, interactive=False)
