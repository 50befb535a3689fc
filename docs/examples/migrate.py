"""Brings prompts over from the export of another prompt manager.

    PROMPTCRAFTER_KEY=… python3 migrate.py KIND FILE [--dry-run] [--api URL] [--model NAME]

KIND is csv, langfuse, open-webui, openai or prompts-chat; docs/how-to/migrate.md says what each
file looks like, and what is not carried over. The versions of a prompt are saved in their order,
then its labels are set, then all is read back and compared. Run again within a day, it goes on
where it was interrupted and saves nothing twice. Needs Python alone.
"""

import argparse
import csv
import hashlib
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

csv.field_size_limit(10_000_000)  # the module refuses a field of over 131,072 characters otherwise

Entry = dict[str, Any]
LARGE = 1_000_000  # bytes; a body that is refused unread ends the connection


@dataclass
class Version:
    content: str
    model: str
    message: str
    tags: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def text(self) -> Entry:
        return {"content": self.content, "model": self.model, "tags": self.tags}


@dataclass
class Prompt:
    title: str
    versions: list[Version]  # oldest first

    def __str__(self) -> str:
        last = enumerate(self.versions, start=1)
        labels = [f"{label} → {number}" for number, each in last for label in each.labels]
        lost = sorted({name for each in self.versions for name in each.lost})
        parts = [f"{len(self.versions)} version{'s' * (len(self.versions) > 1)}", *labels]
        if lost:
            parts.append(f"without {', '.join(lost)}")
        return f"{self.title}: {'; '.join(parts)}"


# Reading exports --------------------------------------------------------------------------------


def from_csv(
    path: str, model: str, title: str = "title", content: str = "content"
) -> Iterator[Prompt]:
    """A prompt of each row; `model` and `tags` (with commas) are used where there are such."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            tags = clean((row.get("tags") or "").split(","))
            version = Version(row[content], row.get("model") or model, "From a CSV file", tags)
            yield Prompt(row[title], [version])


def from_prompts_chat(path: str, model: str) -> Iterator[Prompt]:
    return from_csv(path, model, title="act", content="prompt")


def from_langfuse(path: str, model: str) -> Iterator[Prompt]:
    """Objects as `GET /api/public/v2/prompts/{name}` answers them, one for each version."""
    for name, entries in in_order(entries_of(path), "name"):
        yield Prompt(name, [langfuse_version(each, model) for each in entries])


def langfuse_version(entry: Entry, model: str) -> Version:
    config = entry.get("config") or {}
    said = entry.get("commitMessage")
    return Version(
        content_of(entry["prompt"]),
        config.get("model") or model,
        f"Langfuse, version {entry['version']}" + (f": {said}" if said else ""),
        clean(entry.get("tags") or []),
        [label for label in entry.get("labels") or [] if label != "latest"],
        [f"config.{key}" for key in config if key != "model"],
    )


def from_openai(path: str, model: str) -> Iterator[Prompt]:
    """Prompt objects: `name` (or `id`), `version`, `model`, `messages`."""
    known = {"object", "id", "prompt_id", "name", "version", "model", "messages"}
    entries = entries_of(path)
    for each in entries:
        each["name"] = each.get("name") or each.get("id") or each["prompt_id"]
    for name, versions in in_order(entries, "name"):
        yield Prompt(
            name,
            [
                Version(
                    content_of(each["messages"]),
                    each.get("model") or model,
                    f"OpenAI, version {each.get('version', 1)}",
                    lost=[key for key in each if key not in known],
                )
                for each in versions
            ],
        )


def from_open_webui(path: str, model: str) -> Iterator[Prompt]:
    for each in entries_of(path):
        tags = [tag["name"] if isinstance(tag, dict) else tag for tag in each.get("tags") or []]
        message = f"Open WebUI, /{each['command'].lstrip('/')}"
        version = Version(each["content"], model, message, clean(tags))
        yield Prompt(each.get("name") or each["title"], [version])


def entries_of(path: str) -> list[Entry]:
    """Of a file with one JSON value or several: objects, lists of them, or `{"data": [...]}`."""
    with open(path, encoding="utf-8-sig") as file:
        text = file.read().strip()
    found: list[Entry] = []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        text = text[end:].lstrip()
        if isinstance(value, dict):
            value = value.get("data", [value])
        found += value
    return found


def in_order(entries: Iterable[Entry], name: str) -> Iterator[tuple[str, list[Entry]]]:
    """The entries of each name, by their version."""
    by_name: dict[str, list[Entry]] = {}
    for each in entries:
        by_name.setdefault(each[name], []).append(each)
    for key, versions in by_name.items():
        yield key, sorted(versions, key=lambda each: int(each.get("version", 1)))


def content_of(prompt: str | list[Entry]) -> str:
    """A text as it is; a conversation as one text, each message under its role in brackets."""
    if isinstance(prompt, str):
        return prompt
    return "\n\n".join(map(message_text, prompt))


def message_text(message: Entry) -> str:
    if message.get("type") == "placeholder":
        return f"[placeholder]\n{{{{{message['name']}}}}}"
    content = message["content"]
    if not isinstance(content, str):
        content = "\n".join(part["text"] for part in content)
    return f"[{message['role']}]\n{content}"


def clean(tags: Iterable[str]) -> list[str]:
    """As the service keeps them: trimmed, each once."""
    return list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


READERS: dict[str, Callable[[str, str], Iterator[Prompt]]] = {
    "csv": from_csv,
    "langfuse": from_langfuse,
    "open-webui": from_open_webui,
    "openai": from_openai,
    "prompts-chat": from_prompts_chat,
}


def read(kind: str, path: str, model: str) -> list[Prompt]:
    """All of it, so that a file of another kind ends this before anything is saved."""
    try:
        return list(READERS[kind](path, model))
    except OSError as error:
        sys.exit(f"{path} can't be read: {error.strerror}.")
    except KeyError as error:
        sys.exit(f"{path} does not look like an export of this kind: it lacks {error}.")
    except (ValueError, TypeError, AttributeError) as error:
        sys.exit(f"{path} does not look like an export of this kind: {error}.")


# Saving -----------------------------------------------------------------------------------------


class Refused(Exception):
    """The service's own sentence."""


class Api:
    """One kept connection to the service."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        is_https = parts.scheme == "https"
        kind = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
        self.connection = kind(parts.netloc, timeout=60)
        self.prefix = parts.path.rstrip("/")
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and body of the answer; waits where the service says that it was too often.

        Raises OSError and HTTPException where there is no answer.
        """
        text = None if body is None else json.dumps(body)
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self.connection.request(method, self.prefix + path, text, sent)
            response = self.connection.getresponse()
            said = response.read()
        except (BrokenPipeError, ConnectionResetError) as error:
            self.connection.close()
            if len(text or "") < LARGE:
                raise
            raise Refused("The service hung up; the text is too large, most likely.") from error
        if response.status == 429:
            time.sleep(int(response.headers["Retry-After"]))
            return self.call(method, path, body, **headers)
        if response.status >= 500 or response.headers.get_content_type() != "application/json":
            raise ConnectionError(f"status {response.status}")
        return response.status, json.loads(said)

    def need(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer; raises Refused where it is an error."""
        status, answer = self.call(method, path, body, **headers)
        if status == 401:
            sys.exit(answer["error"])
        if status >= 400:
            raise Refused(answer["error"])
        return answer


def bring(api: Api, prompt: Prompt) -> None:
    """Saves what is not there yet; raises Refused, also where the prompt was edited meanwhile."""
    first = prompt.versions[0]
    body = {"title": prompt.title, "message": first.message, **first.text}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    path = f"/prompts/{api.need('POST', '/prompts', body, Idempotency_Key=digest)['_id']}"
    kept = api.need("GET", f"{path}/versions")[::-1]
    numbers = [bring_version(api, path, version, kept) for version in prompt.versions]
    for version, number in zip(prompt.versions, numbers, strict=True):
        for label in version.labels:
            bring_label(api, f"{path}/labels/{quote(label, safe='')}", number)
    texts = [text_of(each) for each in api.need("GET", f"{path}/versions")]
    if any(version.text not in texts for version in prompt.versions):
        raise Refused("It came back changed.")


def bring_version(api: Api, path: str, version: Version, kept: list[Entry]) -> int:
    """Its number. `kept` are those that are there, from the one before this on."""
    if len(kept) > 1 and text_of(kept[0]) != version.text:
        kept.pop(0)
        if text_of(kept[0]) != version.text:
            raise Refused("It was edited since an earlier import, and is left as it is.")
    if text_of(kept[0]) != version.text:
        body = {"message": version.message, "baseVersion": kept[0]["number"], **version.text}
        saved = api.need("PATCH", path, body)
        kept[0] = {"number": saved["version"], **text_of(saved)}
    return int(kept[0]["number"])


def bring_label(api: Api, path: str, number: int) -> None:
    """Sets it where it is not set, and leaves it where somebody has moved it."""
    body = {"version": number, "expectedVersion": None, "note": "As it was exported"}
    status, answer = api.call("PUT", path, body)
    is_there = status == 409 and answer["currentVersion"] == number
    if status >= 400 and not is_there:
        raise Refused(f"The label {path.rpartition('/')[2]}: {answer['error']}")


def text_of(kept: Entry) -> Entry:
    return {name: kept[name] for name in ("content", "model", "tags")}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("kind", choices=READERS)
    parser.add_argument("file")
    parser.add_argument("--api", default="http://127.0.0.1:8000")
    parser.add_argument("--model", default="any", help="where the export names none")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be saved")
    asked = parser.parse_args()
    prompts = read(asked.kind, asked.file, asked.model)
    if asked.dry_run:
        print("\n".join(map(str, prompts)))
        return 0
    if not os.environ.get("PROMPTCRAFTER_KEY"):
        sys.exit("Put a key, or a token, into the environment as PROMPTCRAFTER_KEY.")
    return save(Api(asked.api, os.environ["PROMPTCRAFTER_KEY"]), prompts)


def save(api: Api, prompts: list[Prompt]) -> int:
    refused = 0
    for prompt in prompts:
        try:
            bring(api, prompt)
        except Refused as error:
            refused += 1
            print(f"{prompt.title}: {error}")
        except (OSError, http.client.HTTPException) as error:
            sys.exit(f"{prompt.title}: the service does not answer ({error}); run this again.")
    print(f"{len(prompts) - refused} of {len(prompts)} prompts are there as they were exported.")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
