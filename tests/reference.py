"""`make docs`: the description, its examples and the collection, anew, of the code.

The examples are captured in an empty database of this run alone.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
import orjson
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings
from django.test.utils import setup_test_environment
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
if __name__ == "__main__":
    os.environ.pop("TEST_DATABASE_URL", None)
    django.setup()

from accounts.models import ApiKey, User
from promptcrafter.description import description
from promptcrafter.openapi import collection, examples
from prompts.models import IdempotencyKey, Prompt
from prompts.models.idempotency import fingerprint
from tests.callers import Caller
from tests.live import ROOT
from tests.stand_ins import StandIns
from tests.story import HOST, PREFERRED, Answer, Story
from tests.test_errors import ERRORS, LOGGED

OPENAPI = ROOT / "docs/openapi.yaml"
COLLECTION = ROOT / "docs/collection.json"


def main() -> None:
    setup_test_environment()
    logging.disable()
    settings.STATIC_ROOT.mkdir()  # or whitenoise would warn
    call_command("migrate", verbosity=0)
    told, _ = capture()
    examples.FILE.write_bytes(written(told))
    description.cache_clear()
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(OPENAPI))
    COLLECTION.write_bytes(written(collection.of(description())))


def written(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def capture() -> tuple[dict[str, Any], list[Answer]]:
    """What `examples.json` says, and the answers that it comes from."""
    with override_settings(ALLOWED_HOSTS=[HOST, "testserver"]):
        story = Story()
        story.tell()
        errors = dict(sorted(_errors()))
    answers = [*story.answers, *errors.values()]
    told = {
        "operations": story.operations_told(),
        "errors": {code: answer.body for code, answer in errors.items()},
        "headers": _headers(answers),
    }
    return orjson.loads(StandIns(answers).put_into(orjson.dumps(told).decode())), answers


def _headers(answers: list[Answer]) -> dict[str, Any]:
    """One of each."""
    told: dict[str, Any] = {}
    for answer in answers:
        for name, value in answer.headers.items():
            if PREFERRED.get(name, answer.operation) == answer.operation:
                told.setdefault(name, int(value) if value.isdigit() else value)
    return dict(sorted(told.items()))


def _errors() -> Iterator[tuple[str, Answer]]:
    """An answer of each code: to the first request for it in the tests' table of errors."""
    with _library() as (alice, names):
        first = {code: (method, path, options) for _, code, method, path, options in ERRORS[::-1]}
        for code, (method, path, options) in first.items():
            began_at = timezone.now()
            response = alice.send(method, path.format(**names), **_filled_in(options, names))
            answer = Answer(f"{method} {path}", response, began_at)
            assert answer.body["code"] == code, answer.body
            yield code, answer
        began_at = timezone.now()
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice.user)
        yield "permission_denied", Answer("POST /prompts", browser.post("/prompts"), began_at)


def _filled_in(options: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    filled = dict(options)
    if "headers" in options:
        filled["headers"] = {k: value.format(**names) for k, value in options["headers"].items()}
    if options.get("body") is LOGGED:
        filled["body"] = LOGGED | {"promptId": names["prompt"]}
    return filled


@contextmanager
def _library() -> Iterator[tuple[Caller, dict[str, str]]]:
    """What the requests in that table are about; and, meanwhile, its routes."""
    create = User.objects.create_user
    users = [create(f"{name}@example.com", None, name=name) for name in ("alice", "bob")]
    alice = Caller(users[0])
    text = {"title": "A title", "content": "Some content.", "model": "GPT-4o"}
    prompt, bobs = (Prompt.objects.create(owner=user, **text) for user in users)
    prompt.edit(title="Version 2", author=alice.user)
    prompt.set_label("production", to=1, actor=alice.user)
    prompt.logs.create(output="o", model_used="m", external_id="run-1")
    claim = IdempotencyKey.objects.claim
    claim(alice.user, "running", fingerprint("POST", "/prompts", {}))
    claim(alice.user, "used", "another request's")
    keys = {
        "key": {"scopes": ["logs:read"]},
        "limited_key": {"scopes": ["prompts:read"], "labels": ["live"]},
    }
    names = {
        name: ApiKey.objects.mint(alice.user, name="A program", **limits)[1]
        for name, limits in keys.items()
    }
    with override_settings(ROOT_URLCONF="tests.urls"):
        yield alice, names | {"prompt": prompt.wire_id, "bobs": bobs.wire_id}


if __name__ == "__main__":
    main()
