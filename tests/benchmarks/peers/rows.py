"""What the server's database holds, for others to hold too, and tokens; on that database.

python -m tests.benchmarks.peers.rows rows > rows     # JSON lines: a table's name and a row
python -m tests.benchmarks.peers.rows people 50 > people    # JSON: the first of them, with tokens
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "promptcrafter.settings"
django.setup()

from accounts import tokens  # noqa: E402
from accounts.models import User  # noqa: E402
from prompts.models import Log, Prompt  # noqa: E402

COLUMNS = ("id", "owner_id", "title", "content", "model", "tags", "created_at", "updated_at")
LOG_COLUMNS = ("id", "prompt_id", "output", "model_used", "score", "created_at")


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    for number, user in enumerate(User.objects.order_by("pk").iterator()):
        yield "user", {"id": user.pk, "number": number, "email": user.email, "name": user.name}
    for row in Prompt.objects.order_by("pk").values(*COLUMNS).iterator():
        yield "prompt", row
    for row in Log.objects.order_by("pk").values(*LOG_COLUMNS).iterator():
        yield "log", row


def people(count: int) -> Iterator[dict[str, Any]]:
    """The first in the order of rows(), with the prompts that were there first, and tokens."""
    for number, user in enumerate(User.objects.order_by("pk")[:count]):
        prompts = Prompt.objects.filter(owner=user).order_by("pk")[:100]
        yield {
            "id": user.pk,
            "number": number,
            "email": user.email,
            "token": tokens.issue(user).token,
            "prompts": [
                {"id": each.pk, "wireId": each.wire_id, "content": each.content} for each in prompts
            ],
        }


if __name__ == "__main__":
    if sys.argv[1] == "rows":
        for row in rows():
            print(json.dumps(row, default=str))
    else:
        json.dump(list(people(int(sys.argv[2]))), sys.stdout, default=str)
