import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from prompts.models import Prompt

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(BaseCommand):
    help = "Destroys what has been in the trash for long, with all that hangs on it. Dry run first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", required=True, help="an age, like 30d (m, h, d, w)")
        parser.add_argument("--no-dry-run", action="store_true", help="do it")

    def handle(self, *, older_than: str, no_dry_run: bool, **options: Any) -> None:
        old = Prompt.trash.filter(deleted_at__lt=timezone.now() - age(older_than))
        count = 0
        for prompt in old.without_text().order_by("pk").iterator():
            wire_id = prompt.wire_id
            if no_dry_run and not prompt.destroy():
                continue  # taken out of the trash meanwhile
            self.stdout.write(wire_id)
            count += 1
        noun = "prompt" if count == 1 else "prompts"
        self.stdout.write(f"{count} {noun} {'purged' if no_dry_run else 'would be purged'}.")


def age(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,5})([mhdw])", text)
    if match is None:
        raise CommandError(f"An age is a number and a unit (m, h, d, w), like 30d, not {text!r}.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})
