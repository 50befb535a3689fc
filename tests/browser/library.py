"""A filled library to look at, the same each time but for its times, which end a fortnight ago.

Run by `manage.py shell` in a process of its own, for it turns that process's clock back.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import UUID

from django.utils import timezone

from accounts.models import ApiKey, Session, User
from accounts.models.resets import reset_token
from promptcrafter import ids
from prompts import costs
from prompts.models import Log, Prompt
from tests.browser import texts
from tests.browser.chromium import OPERATOR, PASSWORD, PERSON
from tests.browser.texts import Draft

START = datetime.combine(datetime.now(UTC) - timedelta(days=62), time(8), UTC)
LATER = datetime(2099, 12, 31, tzinfo=UTC)  # sessions and keys that have run out are not shown
OUTPUTS_COUNT = 60
SCORES = {2: 5.5, 3: 7.0, 4: 8.2}  # about what the outputs of each version are worth
COST_OF_MODEL = {"gpt-4o": "0.0041", "claude-sonnet-4": "0.0067"}


class Clock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def turn(self, **forward: float) -> None:
        self.moment += timedelta(**forward)


clock = Clock()


def fill() -> None:
    """Writes the library, and on standard output the ids that paths have need of."""
    timezone.now = clock
    operator = User.objects.create_superuser(
        OPERATOR, PASSWORD, name="Root", id=key(1), created_at=START
    )
    person = User.objects.create_user(PERSON, PASSWORD, name="Ada", id=key(2), created_at=START)
    stranger = User.objects.create_user("bob@example.com", name="Bob", id=key(3), created_at=START)
    for number, draft in enumerate(texts.OTHERS):
        clock.turn(days=1, minutes=17)
        save(draft, person, number)
    prompt = save(texts.PARCEL, person, 50)
    edit(prompt, person, operator)
    save(texts.TRASHED, person, 51).move_to_trash()
    foreign = save(texts.STRANGERS, stranger, 52)
    logs = list(outputs(prompt))
    for log in logs:
        clock.moment = log.created_at
        log.save()
    let_in(person)
    found = {
        "prompt": prompt.wire_id,
        "prompt_pk": prompt.pk,
        "foreign": foreign.wire_id,
        "log": logs[-1].wire_id,
        "log_pk": logs[-1].pk,
        "person_pk": person.pk,
    }
    timezone.now = now
    found["reset"] = reset_token(stranger)
    print(json.dumps(found, default=str))


now = timezone.now


def key(number: int) -> UUID:
    """A UUIDv7 (RFC 9562) of the clock's time."""
    return UUID(int=ids.lowest(clock.moment).int | 7 << 76 | 2 << 62 | number)


def save(draft: Draft, owner: User, number: int) -> Prompt:
    prompt = Prompt(id=key(number), owner=owner, **draft._asdict())
    prompt.save()
    return prompt


def edit(prompt: Prompt, author: User, operator: User) -> None:
    """A version every few days; `staging` goes ahead, `production` follows, and once back."""
    for message, changes in texts.EDITS:
        clock.turn(days=3, hours=2)
        prompt.edit(author=author, message=message, **changes)
        clock.turn(hours=1)
        prompt.set_label("staging", to="latest", actor=author, note="Try it out.")
        clock.turn(hours=20)
        if prompt.version in SCORES:
            prompt.set_label("production", to="latest", actor=author)
    prompt.roll_back_label("production", actor=operator, note="Complaints about the tone.")
    prompt.set_label("production", to=4, actor=author, note="It was not the prompt.")


def outputs(prompt: Prompt) -> Iterator[Log]:
    """Spread over three weeks, of three versions and two models."""
    random, began = Random(7), clock.moment
    for number in range(OUTPUTS_COUNT):
        clock.moment = began + timedelta(hours=8.4 * number, minutes=random.randrange(60))
        version = 2 + min(number * 3 // OUTPUTS_COUNT + number % 2, 2)
        model = random.choice(list(COST_OF_MODEL))
        score = min(10, max(0, random.gauss(SCORES[version] + (model == "gpt-4o") / 3, 1.2)))
        yield Log(
            id=key(number),
            prompt=prompt,
            version=version,
            output=random.choice(texts.OUTPUTS),
            model_used=model,
            notes=texts.NOTES[number % 20] if number % 20 < len(texts.NOTES) else None,
            score=None if number % 9 == 8 else round(score * 2) / 2,
            created_at=clock.moment,
            label="production" if number % 2 else "staging",
            variables=json.dumps({"language": "English", "tracking": f"PX-{number // 4:04}"}),
            latency_ms=round(random.lognormvariate(7.2, 0.4)),
            input_tokens=random.randint(180, 420),
            output_tokens=random.randint(40, 160),
            cost=costs.read(COST_OF_MODEL[model]),
        )


def let_in(person: User) -> None:
    """Two sessions and three keys, of which none opens anything."""
    devices = (
        "curl/8.9.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    )
    for number, device in enumerate(devices):
        Session.objects.create(
            id=key(number),
            user=person,
            refresh_id=f"{number:032}",
            password_mark=person.password_mark,
            device=device,
            created_at=clock.moment,
            expires_at=LATER,
        )
    keys = [
        ("The web shop", ["prompts:read", "logs:write"], ["production"]),
        ("Nightly export", ["prompts:read", "logs:read"], []),
        ("A notebook", ["prompts:read", "prompts:write", "logs:read", "logs:write"], []),
    ]
    for number, (name, scopes, labels) in enumerate(keys):
        ApiKey.objects.create(
            id=key(number),
            user=person,
            name=name,
            prefix=f"pc_Example{number}",
            digest=f"{number:064}",
            scopes=scopes,
            labels=labels,
            created_at=clock.moment,
            last_used_at=clock.moment if number else None,
            expires_at=LATER if number == 1 else None,
        )
