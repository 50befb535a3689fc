"""A database that was filled before a migration is right after it, and after going back."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import ApiKey, BrowserSession, Counter, PasswordReset, Session
from prompts.models import IdempotencyKey, Prompt
from prompts.models.index import SearchIndex

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


OURS = {"accounts", "prompts"}
# What a migration takes away and can't bring back, as tables or columns; the rest must be the same
# after one step back and forth again.
LOST = {
    "accounts.0001_users": {"accounts_user", "accounts_user_groups", "django_admin_log"},
    "accounts.0002_sessions": {"accounts_session"},
    "accounts.0003_api_keys": {"accounts_apikey"},
    "accounts.0004_counters": {"accounts_counter"},
    "accounts.0005_password_resets": {"accounts_passwordreset"},
    "accounts.0006_browser_sessions": {"accounts_browsersession"},
    "prompts.0001_prompts_and_logs": {"prompts_prompt", "prompts_log"},
    "prompts.0002_versions": {
        "prompts_version",
        "prompts_prompt.version",
        "prompts_prompt.revision",
    },
    "prompts.0004_labels": {"prompts_label", "prompts_labelmove", "prompts_prompt.labels"},
    "prompts.0005_trash": {"prompts_prompt.deleted_at"},
    "prompts.0006_idempotency_keys": {"prompts_idempotencykey"},
    "prompts.0007_tags": {"prompts_tag"},
    "prompts.0008_tags_of_prompts": {"prompts_tag"},
    "prompts.0009_log_versions": {"prompts_log.version"},
    "prompts.0011_search_index": {
        "prompts_prompt.slot",
        "prompts_searchindex",
        "prompts_searchbucket",
    },
    "prompts.0013_label_search_texts": {
        *("prompts_label.updated_at", "prompts_label.slot"),
        *("prompts_label.search_text", "prompts_label.owner_id"),
    },
    "prompts.0016_search_index_blocks": {
        *("prompts_searchindex.until_key", "prompts_searchindex.filled"),
    },
    "prompts.0017_variables": {"prompts_prompt.variables", "prompts_version.variables"},
    "prompts.0019_evidence_of_logs": {
        f"prompts_log.{name}"
        for name in (
            *("cost", "external_id", "input_tokens", "inputs", "label", "latency_ms"),
            *("output_tokens", "variables"),
        )
    },
    # The group is made anew, with other numbers.
    "prompts.0020_read_only_staff": {"auth_group", "auth_group_permissions"},
}

# What it takes away, and makes anew of what stayed, but for these.
MADE_ANEW = {"prompts.0008_tags_of_prompts": {"prompts_tag.id"}}


@pytest.fixture
def everything_filled(migrate, make_user):
    """A library of some hundred rows, and one row at least in each other table of ours."""
    call_command("migrate", verbosity=0)
    call_command(
        "seed_library", users=5, prompts=200, versions=1.8, logs=100, labels=0.5, verbosity=0
    )
    ada = make_user("ada")
    now = timezone.now()
    later = now + timezone.timedelta(days=1)
    mark = {"password_mark": "m", "expires_at": later, "created_at": now}
    Session.objects.create(user=ada, refresh_id="r", device="d", **mark)
    ApiKey.objects.mint(ada, name="A program", scopes=["prompts:read"])
    Counter.objects.create(key="k", count=3, ends_at=4_000_000_000)
    PasswordReset.objects.create(email="ada@example.com", site="http://localhost")
    BrowserSession.objects.create(session_key="s", session_data="d", expire_date=later, user=ada)
    IdempotencyKey.objects.create(user=ada, key="k", fingerprint="f", claimed_at=now)
    ada.groups.create(name="Others")
    index = SearchIndex.objects.create(
        owner=ada, of="prompts", slots=3, until=now, until_key=ada.pk
    )
    index.buckets.create(bucket=1, block=0, data=b"...")
    assert {name for name, (_, rows) in snapshot().items() if not rows} <= {
        *("accounts_user_user_permissions", "auth_group_permissions"),
        *("django_admin_log", "django_session"),
    }


def snapshot():
    """The columns and rows of each table, in an order of their own."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            columns = [each[0] for each in cursor.description]
            found[table] = (columns, cursor.fetchall())
    del found["django_migrations"]
    return found


def differences(before, after, lost):
    """The tables whose rows are not the same in those columns that they have both times."""
    for table in before.keys() & after.keys() - lost:
        shared = [
            name
            for name in before[table][0]
            if name in after[table][0] and f"{table}.{name}" not in lost
        ]
        if values(before[table], shared) != values(after[table], shared):
            yield table


def values(table, names):
    columns, rows = table
    places = [columns.index(name) for name in names]
    return sorted(repr([row[place] for place in places]) for row in rows)


def test_each_migration_goes_back_and_forth_on_filled_tables(everything_filled):
    """From the last to the first: one step back, forth and back again, with all rows compared."""
    graph = MigrationExecutor(connection).loader.graph
    plan = MigrationExecutor(connection).migration_plan(graph.leaf_nodes(), clean_start=True)
    steps = [(each.app_label, each.name) for each, _ in plan if each.app_label in OURS]
    assert len(steps) >= 29
    for app, name in reversed(steps):
        earlier = [each for each in steps if each[0] == app and each[1] < name]
        lost = LOST.get(f"{app}.{name}", set())
        before = snapshot()
        go_to(earlier[-1] if earlier else (app, None))
        back = snapshot()
        assert [*differences(before, back, lost)] == [], f"back from {app}.{name}"
        go_to((app, name))
        lost = MADE_ANEW.get(f"{app}.{name}", lost)
        assert [*differences(before, snapshot(), lost)] == [], f"forth to {app}.{name}"
        go_to(earlier[-1] if earlier else (app, None))
        assert [*differences(back, snapshot(), lost)] == [], f"back again from {app}.{name}"


def go_to(target):
    MigrationExecutor(connection).migrate([target])
