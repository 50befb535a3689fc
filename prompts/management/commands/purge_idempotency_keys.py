from typing import Any

from django.core.management.base import BaseCommand

from prompts.models import IdempotencyKey


class Command(BaseCommand):
    help = "Forgets the answers to requests with an Idempotency-Key that are over a day old."

    def handle(self, **options: Any) -> None:
        count, _ = IdempotencyKey.objects.expired().delete()
        self.stdout.write(f"Idempotency keys purged: {count}.")
