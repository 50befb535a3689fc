from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from prompts.seeding import library, progress, texts


class Command(BaseCommand):
    help = "Fills an empty database with made-up prompts, the same for the same numbers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--users", type=number, default=10, help="how many people (10)")
        parser.add_argument("--prompts", type=number, default=1_000, help="in all (1,000)")
        parser.add_argument(
            "--large", type=number, nargs="+", default=[], metavar="SIZE",
            help="the sizes of the first people's libraries; the others share the rest evenly",
        )  # fmt: skip
        parser.add_argument(
            "--versions", type=mean, default=1.2, help="of each prompt, in the mean (1.2)"
        )
        parser.add_argument("--logs", type=number, default=0, help="in all (0)")
        parser.add_argument(
            "--labels", type=share, default=0.1, help="the share with `production` (0.1)"
        )
        parser.add_argument(
            "--csv", type=Path, metavar="FILE", dest="file",
            help="of real prompts, with the columns title and content, to draw half from",
        )  # fmt: skip
        parser.add_argument("--seed", type=number, default=1, help="another one, other texts (1)")
        parser.add_argument("--password", help="of everybody; without it nobody can log in")
        parser.add_argument("--add", action="store_true", help="though there are users already")

    def handle(self, *, add: bool, file: Path | None, **options: Any) -> None:
        fields = library.Plan.__dataclass_fields__
        plan = library.Plan(**{name: options[name] for name in fields})
        if not add and User.objects.exists():
            raise CommandError("There are users already; --add puts more beside them.")
        if User.objects.filter(email=plan.email(0)).exists():
            raise CommandError("The people of this --seed are there already; use another one.")
        try:
            steps = library.seed(plan, read(file) if file else [])
            progress.shown(steps, total=plan.prompts, noun="prompts", stream=self.stdout)
        except library.Impossible as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{plan.users:,} users have {plan.prompts:,} prompts.")
        if plan.password and plan.users:
            self.stdout.write(f"The first of them logs in as {plan.email(0)}.")


def read(file: Path) -> list[texts.Text]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return list(texts.read(lines))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} can't be read: {error}.") from error


def number(text: str) -> int:
    """argparse makes a sentence of the ValueError, and of the function's name."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError
    return int(text)


def share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError
    return float(text)


def mean(text: str) -> float:
    if not 1 <= float(text) <= 100:
        raise ValueError
    return float(text)
