"""A database that was filled before a migration is right after it, and after going back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from uuid_utils.compat import uuid7

from prompts.models import Prompt

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def migrate():
    """Migrates the app `prompts`, and gives its models as they are then; to the end afterwards."""

    def to(name):
        executor = MigrationExecutor(connection)
        executor.migrate([("prompts", name)])
        return MigrationExecutor(connection).loader.project_state([("prompts", name)]).apps

    yield to
    migrate_to_the_end()


def migrate_to_the_end():
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_prompts_from_before_there_were_versions_get_their_first(migrate, make_user):
    old = migrate("0001_prompts_and_logs").get_model("prompts", "Prompt")
    now = timezone.now()
    text = {"title": "Old", "content": " as it was\r\n", "model": "m", "tags": ["é"]}
    times = {"created_at": now, "updated_at": now + timezone.timedelta(hours=1)}
    key = uuid7()
    old.objects.create(id=key, owner_id=make_user("ada").pk, search_text="old", **text, **times)
    migrate_to_the_end()
    prompt = Prompt.objects.get(pk=key)
    (version,) = prompt.versions.all()
    assert version.text == prompt.text == text
    assert (version.number, prompt.version, prompt.labels) == (1, 1, {})
    assert (version.author, version.source) == (prompt.owner, "create")
    assert version.created_at == times["updated_at"]
    assert prompt.edit(title="New", author=prompt.owner)
    assert Prompt.objects.get().version == 2


def test_every_migration_goes_back_on_a_filled_database(migrate, alice, make_prompt, make_log):
    prompt = make_prompt(alice)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("live", to=1, actor=alice.user)
    make_log(prompt)
    old = migrate("0001_prompts_and_logs").get_model("prompts", "Prompt")
    assert old.objects.get().title == "Version 2"
    migrate_to_the_end()
    assert [v.title for v in Prompt.objects.get().versions.all()] == ["Version 2"]
