"""Saves each row of a CSV file as a prompt, then reads all back and compares them.

    python3 import_csv.py prompts.csv --token "$TOKEN" [--api URL] [--model NAME]

The file needs the columns `title` and `content`; `model` and `tags` (with commas) are used where
they are there. A row that the service refuses is shown with its reason, and the rest goes on. Needs
Python alone.
"""

import argparse
import csv
import http.client
import json
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

csv.field_size_limit(10_000_000)  # the module refuses a field of over 131,072 characters otherwise


class Api:
    """One kept connection to the service."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self.connection = kind(parts.netloc, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of the answer; waits where the service says that it was too often."""
        try:
            self.connection.request(method, path, body and json.dumps(body), self.headers)
            response = self.connection.getresponse()
            answer = json.loads(response.read())
            if response.status != 429:
                return response.status, answer
            time.sleep(int(response.headers["Retry-After"]))
            return self.call(method, path, body)
        except (BrokenPipeError, ConnectionResetError):
            self.connection.close()
            return 413, {"error": "The service hung up; the row is too large, most likely."}


def rows(path: str, model: str) -> Iterator[dict[str, Any]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {
                "title": row["title"],
                "content": row["content"],
                "model": row.get("model") or model,
                "tags": [tag for tag in (row.get("tags") or "").split(",") if tag.strip()],
            }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("csv")
    parser.add_argument("--token", required=True)
    parser.add_argument("--api", default="http://127.0.0.1:8000")
    parser.add_argument("--model", default="any", help="for rows without one")
    options = parser.parse_args()
    api = Api(options.api, options.token)

    saved: dict[str, dict[str, Any]] = {}
    refused = 0
    for number, prompt in enumerate(rows(options.csv, options.model), start=1):
        status, answer = api.call("POST", "/prompts", prompt)
        if status == 201:
            saved[answer["_id"]] = prompt
        else:
            refused += 1
            print(f"row {number} refused ({status}): {answer['error']}")

    status, kept = api.call("GET", "/prompts")
    if status != 200:
        sys.exit(kept["error"])
    by_id = {prompt["_id"]: prompt for prompt in kept}
    changed = [
        id_
        for id_, sent in saved.items()
        if any(by_id[id_][field] != sent[field] for field in ("title", "content", "model"))
    ]
    print(f"{len(saved)} saved, {refused} refused, {len(changed)} came back changed")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
