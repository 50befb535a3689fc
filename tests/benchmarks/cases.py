"""What `make bench` asks of each server: the same requests, in its own words."""

import http.client
import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from tests.benchmarks import wrk
from tests.benchmarks.scale import PASSWORD
from tests.benchmarks.systems import Person, System

ALL = ("ours", "FastAPI", "default DRF")
WORDS = 20  # that each person looks for
# What is written belongs to others than what is read, whose libraries stay as large as they are.
READERS, CREATORS, EDITORS, LOGGERS, RENDERERS, COMERS = (
    slice(first, first + 5) for first in range(0, 60, 10)
)
PEOPLE = 60
TEMPLATE = (
    "You are {{role}}. Sum up what follows in {{lines=four}} lines for {{audience}}, in "
    "{{language=English}}.\n\n{{text}}\n\nKeep to the facts, name the source of each, and end "
    "with what {{audience}} should do next."
)
VALUES = {"role": "an editor", "audience": "busy readers", "text": "It rained. " * 40}


class Case(NamedTuple):
    name: str
    requests: Callable[[System, Sequence[Person]], list[bytes]]
    expected: int = 200
    systems: tuple[str, ...] = ALL
    connections: int = 4


def get(system: System, people: Sequence[Person]) -> list[bytes]:
    if system.name == "empty Django":
        return [send(system, people[0], "GET", system.dialect.prompts)]
    return of_prompts(system, people[READERS], "GET")


def conditional_get(system: System, people: Sequence[Person]) -> list[bytes]:
    caller = Caller(system)
    requests = []
    for person in people[READERS]:
        for prompt in person["prompts"][:20]:
            path = system.dialect.prompt(prompt)
            tag = caller.call(person, "GET", path)[0]["ETag"]
            requests.append(send(system, person, "GET", path, headers={"If-None-Match": tag}))
    return requests


def whole_list(system: System, people: Sequence[Person]) -> list[bytes]:
    return [send(system, person, "GET", system.dialect.prompts) for person in people[READERS]]


def search(system: System, people: Sequence[Person]) -> list[bytes]:
    """Words of each one's own texts, the common ones more often."""
    random, requests = Random(2), []
    for person in people[READERS]:
        for prompt in random.sample(person["prompts"], WORDS):
            words = re.findall(r"[a-z]{4,}", prompt["content"])
            path = system.dialect.search + quote(random.choice(words))
            requests.append(send(system, person, "GET", path))
    return requests


def create(system: System, people: Sequence[Person]) -> list[bytes]:
    return [
        send(system, person, "POST", system.dialect.prompts, body=written(prompt))
        for person in people[CREATORS]
        for prompt in person["prompts"][:20]
    ]


def update(system: System, people: Sequence[Person]) -> list[bytes]:
    """Another text each time."""
    return [
        send(
            system,
            person,
            "PATCH",
            system.dialect.prompt(prompt),
            body={"content": written(prompt)["content"]},
        )
        for person in people[EDITORS]
        for prompt in person["prompts"]
    ]


def written(prompt: Any) -> dict[str, Any]:
    content = f"{prompt['content'][:600]} #NUMBER#"
    return {"title": "Sum up a report", "content": content, "model": "large-1", "tags": ["art"]}


def log(system: System, people: Sequence[Person]) -> list[bytes]:
    spell = system.dialect
    return [
        send(
            system,
            person,
            "POST",
            spell.logs,
            body={
                spell.log["prompt"]: prompt[spell.id_of],
                spell.log["output"]: prompt["content"][:300],
                spell.log["model"]: "large-1",
                spell.log["score"]: 7.5,
            },
        )
        for person in people[LOGGERS]
        for prompt in person["prompts"]
    ]


def render(system: System, people: Sequence[Person]) -> list[bytes]:
    caller, requests = Caller(system), []
    for person in people[RENDERERS]:
        body = {"title": "A template", "content": TEMPLATE, "model": "large-1"}
        for _ in range(4):
            prompt = caller.call(person, "POST", "/prompts", body)[1]["_id"]
            path = f"/prompts/{prompt}/render"
            requests.append(send(system, person, "POST", path, body={"variables": VALUES}))
    return requests


def stats(system: System, people: Sequence[Person]) -> list[bytes]:
    return of_prompts(system, people[READERS], "GET", "/stats")


def log_in(system: System, people: Sequence[Person]) -> list[bytes]:
    bodies = ({"email": each["email"], "password": PASSWORD} for each in people[COMERS])
    data = [json.dumps(body).encode() for body in bodies]
    return [wrk.request(system.url, "POST", "/auth/login", body=body) for body in data]


CASES = [
    Case("get", get, systems=(*ALL, "empty Django")),
    Case("get, 304", conditional_get, expected=304, systems=("ours",)),
    Case("list of 100", whole_list),
    Case("search", search),
    Case("create", create, expected=201),
    Case("update", update),
    Case("log", log, expected=201),
    Case("render", render, systems=("ours",)),
    Case("stats", stats, systems=("ours",)),
    Case("log-in", log_in, systems=("ours",), connections=2),
]


def require_agreement(up: Sequence[System], people: Sequence[Person]) -> None:
    """Raises AssertionError unless all servers give a reader the same texts."""
    person = people[READERS][0]
    word = re.findall(r"[a-z]{4,}", person["prompts"][0]["content"])[0]
    answers = {}
    for system in (each for each in up if each.name in ALL):
        caller, spell = Caller(system), system.dialect
        listed, found, one = (
            caller.call(person, "GET", path)[1]
            for path in (spell.prompts, spell.search + word, spell.prompt(person["prompts"][0]))
        )
        # Ours looks into tags, too.
        found = [row for row in found if word in f"{row['title']} {row['content']}".lower()]
        answers[system.name] = [
            sorted(each["content"] for each in listed),
            len(found),
            one["title"],
        ]
    assert all(each == next(iter(answers.values())) for each in answers.values()), {
        name: (len(contents), *others) for name, (contents, *others) in answers.items()
    }


# Requests ---------------------------------------------------------------------------------------


def of_prompts(
    system: System, people: Sequence[Person], method: str, suffix: str = ""
) -> list[bytes]:
    requests = [
        send(system, person, method, system.dialect.prompt(prompt) + suffix)
        for person in people
        for prompt in person["prompts"]
    ]
    Random(1).shuffle(requests)
    return requests


def send(
    system: System,
    person: Person,
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    headers = {**authorization(system, person), **(headers or {})}
    return wrk.request(system.url, method, path, body=data, headers=headers)


def authorization(system: System, person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {system.dialect.token(person)}"}


class Caller:
    """One connection, for what a case needs beforehand."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._connection = http.client.HTTPConnection(urlsplit(system.url).netloc, timeout=60)

    def call(self, person: Person, method: str, path: str, body: Any = None) -> tuple[Any, Any]:
        """The headers and the body of the answer."""
        headers = {**authorization(self._system, person), "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, headers)
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status in {200, 201}, (method, path, response.status, answer[:300])
        return response.headers, json.loads(answer)
