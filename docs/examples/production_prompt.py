"""Reads the version of a prompt that is released as `production`, and fills it in.

    PROMPTCRAFTER_KEY=… python3 production_prompt.py PROMPT_ID FILE [name=value …] [--api URL]

In an application, make one ReleasedPrompt and `read` it wherever the text is needed:

    prompt = ReleasedPrompt("prompt_01…", key=os.environ["PROMPTCRAFTER_KEY"], file="sum-up.json")
    released = prompt.read()
    text = released.fill(text="It rained all day.")
    prompt.log(released, output=ask_the_model(text), modelUsed="small-1")

FILE holds the last text, for a start while the service is away. Needs Python alone.
"""

import argparse
import http.client
import json
import os
import re
import sys
import time
import unicodedata
import uuid
from collections import deque
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"\\\{\{|\{\{[ \t]{0,64}([^\s{}=]{1,64})[ \t]{0,64}(?:=[^{}]*)?\}\}")


@dataclass(frozen=True)
class Released:
    """A version as it was read; its tag is what the next reading asks about."""

    prompt_id: str
    label: str
    etag: str
    version: int
    content: str
    variables: list[dict[str, str]]

    def fill(self, **values: str) -> str:
        """The text with the values, in one pass; raises KeyError where one is missing."""
        known = {each["name"]: each.get("default") for each in self.variables} | values

        def value(match: "re.Match[str]") -> str:
            if match[1] is None:
                return "{{"
            name = unicodedata.normalize("NFC", match[1])
            if name not in known:
                return match[0]  # which the service does not take for a variable either
            if (text := known[name]) is None:
                raise KeyError(name)
            return text

        return _VARIABLE.sub(value, self.content)


class Refused(Exception):
    """The service answers, but not with the text: the key was revoked, say, or the label is off."""


class ReleasedPrompt:
    """Asks at most once in `max_age` seconds, with the tag of what is known: 304 is a few bytes."""

    def __init__(
        self,
        prompt_id: str,
        *,
        key: str,
        file: str | Path,
        api: str = "http://127.0.0.1:8000",
        label: str = "production",
        max_age: float = 10,
    ) -> None:
        self.prompt_id, self.key, self.label, self.max_age = prompt_id, key, label, max_age
        self.api, self.file = urlsplit(api), Path(file)
        self.known = self._kept()
        self.asked_at = float("-inf")
        self.came = ""  # how the last reading went: "new", "unchanged" or "away"
        self.unsent: deque[dict[str, Any]] = deque(maxlen=1000)

    def read(self) -> Released:
        """What is released, or was when the service was last heard of.

        Raises Refused, and OSError where the service is away and was never heard of.
        """
        if self.known and time.monotonic() - self.asked_at < self.max_age:
            return self.known
        self.asked_at = time.monotonic()
        try:
            self.known = self._ask()
        except (OSError, http.client.HTTPException):
            if self.known is None:
                raise
            self.came = "away"
        return self.known

    def log(self, released: Released, **fields: Any) -> int:
        """Notes an output, after those that could not be sent before; how many are still unsent.

        `fields` are those of a log: `output`, `modelUsed`, and what else is known of it.
        Raises Refused.
        """
        log = {
            "promptId": released.prompt_id,
            "label": released.label,
            "version": released.version,
            "externalId": str(uuid.uuid4()),  # so that it is kept once, however often it is sent
        }
        self.unsent.append(log | fields)
        try:
            while self.unsent:
                status, _, answer = self._call("POST", "/logs", self.unsent[0])
                self.unsent.popleft()
                if status not in {201, 409}:
                    raise Refused(answer["error"])
        except (OSError, http.client.HTTPException):
            pass
        return len(self.unsent)

    def _ask(self) -> Released:
        tag = {"If-None-Match": self.known.etag} if self.known else {}
        path = f"/prompts/{self.prompt_id}?label={self.label}"
        status, etag, answer = self._call("GET", path, **tag)
        if status == 304 and self.known:
            self.came = "unchanged"
            return self.known
        if status != 200:
            raise Refused(answer["error"])
        names = ("version", "content", "variables")
        found = Released(self.prompt_id, self.label, etag, **{name: answer[name] for name in names})
        self._keep(found)
        self.came = "new"
        return found

    def _keep(self, found: Released) -> None:
        """Whole or not at all: a process may end while it writes."""
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        draft.write_text(json.dumps(asdict(found)))
        draft.replace(self.file)

    def _kept(self) -> Released | None:
        """Of the file, if it is this prompt's: another one might have the same tag."""
        if not self.file.exists():
            return None
        kept = Released(**json.loads(self.file.read_text()))
        return kept if (kept.prompt_id, kept.label) == (self.prompt_id, self.label) else None

    def _call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, str, Any]:
        """Status, tag and body; raises OSError also where the service says "not now"."""
        is_https = self.api.scheme == "https"
        kind = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
        headers |= {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        with closing(kind(self.api.netloc, timeout=3)) as connection:
            connection.request(method, self.api.path.rstrip("/") + path, text, headers)
            response = connection.getresponse()
            said = response.read()
        is_ours = not said or response.headers.get_content_type() == "application/json"
        if response.status == 429 or response.status >= 500 or not is_ours:
            raise ConnectionError(f"The service answers {response.status}.")
        answer = json.loads(said) if said else None
        return response.status, response.headers.get("ETag", ""), answer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("prompt")
    parser.add_argument("file")
    parser.add_argument("values", nargs="*", metavar="name=value")
    parser.add_argument("--api", default="http://127.0.0.1:8000")
    parser.add_argument("--label", default="production")
    parser.add_argument("--output", help="note this as what a model made of it")
    asked = parser.parse_args()
    values = dict(each.split("=", 1) for each in asked.values)
    key = os.environ["PROMPTCRAFTER_KEY"]
    prompt = ReleasedPrompt(
        asked.prompt, key=key, file=asked.file, api=asked.api, label=asked.label
    )
    try:
        released = prompt.read()
        print(f"version {released.version} ({prompt.came}): {released.fill(**values)}")
        if asked.output:
            unsent = prompt.log(released, output=asked.output, modelUsed="any", variables=values)
            print(f"{unsent} unsent")
    except (Refused, OSError) as error:
        sys.exit(str(error))
    except KeyError as error:
        sys.exit(f"There is no value for {error}.")


if __name__ == "__main__":
    main()
