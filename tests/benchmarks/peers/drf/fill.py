"""Makes the tables and fills them with rows of JSON: python -m tests.benchmarks.peers.drf.fill"""

import json
import sys
from itertools import islice

import django
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import call_command

AT_ONCE = 2_000


def main(password: str) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)  # the tables that refer to those
    from tests.benchmarks.peers.drf.models import Log, Prompt  # noqa: PLC0415  # after the set-up

    for model in (Prompt, Log):
        for field in model._meta.fields:
            field.auto_now = field.auto_now_add = False
    users, hashed = {}, make_password(password)
    rows = (json.loads(line) for line in sys.stdin)
    while batch := list(islice(rows, AT_ONCE)):
        for table, row in batch:
            if table == "user":
                users[row["id"]] = row["number"] + 1
        person = get_user_model()
        person.objects.bulk_create(
            person(id=row["number"] + 1, username=row["email"], email=row["email"], password=hashed)
            for table, row in batch
            if table == "user"
        )
        Prompt.objects.bulk_create(
            Prompt(**{**row, "owner_id": users[row["owner_id"]]})
            for table, row in batch
            if table == "prompt"
        )
        Log.objects.bulk_create(Log(**row) for table, row in batch if table == "log")


if __name__ == "__main__":
    main(sys.argv[1])
