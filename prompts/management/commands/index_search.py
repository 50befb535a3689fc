from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from prompts.models import Label, Prompt, SearchIndex
from prompts.models.index import TAIL


class Command(BaseCommand):
    help = (
        "Indexes libraries of 250 prompts and more for searching, less what was saved in the last "
        "minute. A server does so by itself, within some two minutes of a search; after an import "
        "this spares the first ones the wait. Nothing is ever missing from an answer meanwhile."
    )

    def handle(self, **options: Any) -> None:
        for searched in (Prompt, Label):
            unindexed = searched.objects.filter(slot=None).order_by().values_list("owner")
            behind = unindexed.annotate(tail=Count("pk")).filter(tail__gte=TAIL)
            count = sum(SearchIndex.catch_up(searched, owner) for owner, _ in behind)
            self.stdout.write(f"{searched.__name__}s indexed now: {count}.")
