import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F

from accounts.models import User
from prompts import search
from prompts.models import Label, LabelMove, Log, Prompt, Version
from prompts.seeding import library, progress, texts
from tests.callers import Caller

SMALL = ["--users=5", "--prompts=60", "--large", "30", "10", "--logs=25", "--versions=1.8"]


def seed(*arguments):
    out = StringIO()
    call_command("seed_library", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def library_of_60(db):
    seed(*SMALL, "--labels=0.5")


def everything():
    """All rows as values, less passwords and the keys that the database gave."""
    users = [*User.objects.order_by("pk").values_list("pk", "email", "name", "created_at")]
    rows = [Prompt.objects, Log.objects, Version.objects, LabelMove.objects, Label.objects]
    hidden = {"password", "move_id"}
    values = [[*each.order_by("pk").values()] for each in rows]
    for row in [row for each in values for row in each]:
        for name in [name for name in row if name in hidden or isinstance(row["id"], int)]:
            if name in hidden | {"id"}:
                del row[name]
    return users, values


def test_everybody_has_their_share(library_of_60):
    sizes = User.objects.annotate(size=Count("prompts")).order_by("pk")
    assert sorted(user.size for user in sizes) == [6, 7, 7, 10, 30]
    assert Log.objects.count() == 25


def test_a_prompts_row_shows_its_newest_version(library_of_60):
    for prompt in Prompt.objects.all():
        versions = list(prompt.versions.order_by("number"))
        assert [each.number for each in versions] == list(range(1, prompt.version + 1))
        assert versions[-1].text == prompt.text
        times = [each.created_at for each in versions]
        assert (times[0], times[-1]) == (prompt.created_at, prompt.updated_at)
        assert times == sorted(set(times))
        assert [each.source for each in versions[:2]] == ["create", "edit"][: len(versions)]
        assert {each.author_id for each in versions} == {prompt.owner_id}
    assert Prompt.objects.filter(version__gt=1).exists()


def test_what_is_searched_is_what_saving_would_have_written(library_of_60):
    for prompt in Prompt.objects.all():
        assert prompt.search_text == search.document(prompt.title, prompt.content, prompt.tags)
        prompt.full_clean()


def test_labels_stand_in_the_prompt_as_in_their_rows(library_of_60):
    for prompt in Prompt.objects.all():
        rows = list(prompt.label_rows.select_related("move"))
        assert {each.name: each.version for each in rows} == prompt.labels
        assert prompt.revision == prompt.version + prompt.label_moves.count()
        assert all(each.move.to_version == each.version <= prompt.version for each in rows)
        assert all(each.move.created_at > prompt.created_at for each in rows)
    assert 10 < Label.objects.filter(name="production").count() < 50


def test_a_log_is_of_its_prompts_owner_and_later(library_of_60):
    assert not Log.objects.exclude(owner=F("prompt__owner")).exists()
    assert not Log.objects.filter(created_at__lte=F("prompt__created_at")).exists()
    for log in Log.objects.all():
        log.full_clean()


def test_keys_are_of_the_time_that_they_name(library_of_60):
    for thing in [*User.objects.all(), *Prompt.objects.all(), *Log.objects.all()]:
        assert thing.pk.version == 7
        assert thing.pk.variant == uuid.RFC_4122
        assert thing.pk.int >> 80 == int(thing.created_at.timestamp() * 1000)


@pytest.mark.django_db
def test_two_runs_with_one_seed_are_equal_and_with_another_nothing_is():
    seed(*SMALL)
    first = everything()
    User.objects.all().delete()
    seed(*SMALL)
    assert everything() == first
    seed(*SMALL, "--seed=2", "--add")
    assert User.objects.count() == 10
    assert Prompt.objects.values("content").distinct().count() == 120


@pytest.mark.django_db
def test_a_library_does_not_depend_on_the_others():
    def largest():
        mine = Prompt.objects.filter(owner__name="User 0").order_by("pk")
        return [*mine.values_list("pk", "title", "content", "created_at")]

    seed("--users=2", "--prompts=30", "--large=20")
    among_few = largest()
    User.objects.all().delete()
    seed("--users=9", "--prompts=60", "--large=20", "--logs=10")
    assert largest() == among_few


@pytest.mark.django_db
def test_who_was_given_a_password_can_log_in_and_search():
    seed("--users=1", "--prompts=20", "--password=correct horse battery")
    email = User.objects.get().email
    body = {"email": email, "password": "correct horse battery"}
    token = Caller().post("/auth/login", body).json()["token"]
    caller = Caller(token=token)
    assert len(caller.get("/prompts").json()) == 20
    title = Prompt.objects.first().title
    assert title in {each["title"] for each in caller.get(f"/search?q={title}").json()}


@pytest.mark.django_db
def test_nobody_can_log_in_without_one():
    seed("--users=1", "--prompts=1")
    assert not User.objects.get().has_usable_password()


def test_where_there_are_users_it_is_refused_unless_told(alice):
    with pytest.raises(CommandError, match="--add"):
        seed("--prompts=1")
    seed("--prompts=1", "--add")
    with pytest.raises(CommandError, match="--seed"):
        seed("--prompts=1", "--add")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--prompts=5", "--large", "6"],
        ["--users=1", "--large", "5", "5"],
        ["--users=1", "--prompts=10", "--large", "5"],
        ["--users=0"],
        ["--prompts=-1"],
        ["--prompts=many"],
        ["--versions=0.5"],
        ["--versions=nan"],
        ["--labels=1.5"],
        ["--csv=/nowhere.csv"],
    ],
)
def test_numbers_that_can_not_be_are_refused(db, arguments):
    with pytest.raises(CommandError):
        seed(*arguments)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_nothing_is_a_library_too():
    seed("--users=0", "--prompts=0")
    assert not Prompt.objects.exists()


@pytest.mark.django_db
def test_texts_are_drawn_from_a_file_of_real_ones(tmp_path):
    file = tmp_path / "real.csv"
    file.write_text('title,content\nA real one,"Act as\na poet."\nno,title too short\n', "utf-8")
    seed("--prompts=40", f"--csv={file}", "--versions=1")
    real = Prompt.objects.filter(title="A real one", content="Act as\na poet.")
    assert 10 < real.count() < 30
    assert not Prompt.objects.filter(title="no").exists()


def test_a_long_text_of_a_file_is_read():
    long = "x" * texts.CONTENT_LENGTHS[-1]
    assert list(texts.read(["title,content\n", f"Long,{long}\n"])) == [("Long", long)]


@pytest.mark.parametrize("text", ["name,text\na,b\n", "", 'title,content\n"a\0', "\udcff"])
def test_a_file_that_is_no_list_of_prompts_is_refused(db, tmp_path, text):
    file = tmp_path / "wrong.csv"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    if "\0" in text:
        seed(f"--csv={file}", "--prompts=1")  # a row like that is left out
        return
    with pytest.raises(CommandError, match="can't be read"):
        seed(f"--csv={file}")


def test_words_are_common_middling_and_rare():
    writer = texts.Writer(library.Random(1))
    contents = [set(writer.text()[1].split()) for _ in range(1_000)]

    def share(word):
        return sum(word in content for content in contents) / 1_000

    assert share("the") > 0.9
    assert 0.02 < share("mountain") < 0.5
    once = set.union(*contents)
    assert sum(share(word) == 0.001 for word in list(once)[:300]) > 100
    assert max(map(len, contents)) > 500
    assert any(not word.isascii() for word in once)


def test_the_progress_is_a_line_for_each_tenth():
    out = StringIO()
    progress.shown([1] * 40, total=40, noun="prompts", stream=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 10
    assert "50%  20 of 40 prompts" in lines[4]


def test_the_progress_on_a_terminal_is_one_line():
    out = StringIO()
    out.isatty = lambda: True
    progress.shown([20, 20], total=40, noun="prompts", stream=out)
    assert out.getvalue().count("\r") == 2
    assert out.getvalue().count("\n") == 1
    assert progress.line(10, total=40, noun="prompts", seconds=10).endswith("1 a second, 0:30 left")
