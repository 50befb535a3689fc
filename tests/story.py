"""One story that calls every operation: where the examples of the description come from."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.test import Client
from django.utils import timezone

from promptcrafter.description import description

HOST = "prompts.example.com"
# Nobody else's in the tests: schemathesis sends the examples, and would end its own account.
PASSWORD = "lilac umbrella on tuesday"
NEW_PASSWORD = "seven quiet lanterns"
# What tells of a thing's state, or of what to do next.
HEADERS = [
    "Allow",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
]
# Whose header is the example, where others have it too.
PREFERRED = {"Allow": "PUT /prompts/{prompt}", "ETag": "getPrompt", "Link": "listPrompts"}
DRAFT = "Write a {{tone=friendly}} mail about {{subject}}."


class Answer:
    """What one call of an operation was answered, and when."""

    def __init__(self, operation: str, response: Any, began_at: datetime, **asked: Any) -> None:
        self.operation = operation
        self.status = response.status_code
        self.headers = {name: response[name] for name in HEADERS if name in response.headers}
        body = response.getvalue()
        self.body = orjson.loads(body) if body else None
        self.began_at, self.ended_at = began_at, timezone.now()
        self.asked = asked

    def __getitem__(self, name: Any) -> Any:
        return self.body[name]


class Story:
    """Of a person who comes, writes, releases, judges, finds, takes away and leaves.

    Calls operations by name, as the description has them, and keeps what was answered.
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.token = ""
        self.client = Client(headers={"host": HOST, "user-agent": "curl/8.14"})
        self.operations = {
            operation["operationId"]: (method.upper(), path)
            for path, methods in description()["paths"].items()
            for method, operation in methods.items()
        }

    def call(
        self,
        operation: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **path: Any,
    ) -> Answer:
        method, template = self.operations[operation]
        url = template.format(**path)
        if query:
            url += f"?{urlencode(query, doseq=True)}"
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = b"" if body is None else orjson.dumps(body)
        began_at = timezone.now()
        response = self.client.generic(
            method, url, data, "application/json", headers=sent | (headers or {}), secure=True
        )
        parameters = {**path, **(query or {})}
        answer = Answer(operation, response, began_at, body=body, parameters=parameters)
        self.answers.append(answer)
        assert answer.status < 400, (operation, answer.body)
        return answer

    # The parts of the story, in their order ------------------------------------------------------

    def tell(self) -> None:
        self.arrive()
        prompt, mail = self.write()
        self.release(prompt)
        self.fill_in(mail)
        log = self.judge(prompt)
        self.find(prompt, mail)
        self.take_away(prompt, mail, log)
        self.leave()

    def arrive(self) -> None:
        for operation in ("isAlive", "isReady"):
            self.call(operation)
        person = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
        self.call("signUp", person)
        account = {"email": person["email"], "password": PASSWORD}
        self.call("logOut", {"refresh": self.call("logIn", account)["refresh"]})
        tokens = self.call("refreshTokens", {"refresh": self.call("logIn", account)["refresh"]})
        self.token = tokens["token"]
        self.call("listLists")
        self.call("getMe")
        self.call("updateMe", {"name": "Ada Lovelace"})
        key = {"name": "Nightly run", "scopes": ["prompts:read", "logs:write"]}
        made = self.call("createKey", key)
        self.call("listKeys")
        self.call("deleteKey", keyId=made["_id"])
        other = self.call("listSessions")[1]
        self.call("deleteSession", sessionId=other["_id"])

    def write(self) -> tuple[str, str]:
        text = {
            "title": "AI image prompt",
            "content": "Create a prompt for a surreal mountain landscape painting.",
            "model": "DALL·E",
            "tags": ["art", "surreal", "landscape"],
        }
        key = {"Idempotency-Key": "first-save"}
        prompt = self.call("createPrompt", text, headers=key)["_id"]
        self.call("createPrompt", text, headers=key)
        mail = {"title": "Friendly mail", "content": DRAFT, "model": "GPT-4o", "tags": ["mail"]}
        edit = {
            "content": "Create a prompt for a surreal mountain landscape, in oil.",
            "message": "Name the technique.",
            "baseVersion": 1,
        }
        self.call("updatePrompt", edit, promptId=prompt)
        return prompt, self.call("createPrompt", mail)["_id"]

    def release(self, prompt: str) -> None:
        label = {"promptId": prompt, "label": "production"}
        self.call("setLabel", {"version": 1, "note": "First release."}, **label)
        self.call(
            "setLabel", {"version": 2, "note": "The oil sells.", "expectedVersion": 1}, **label
        )
        self.call("getLabel", **label)
        self.call("listLabels", promptId=prompt)
        self.call("getLabelHistory", **label)
        self.call("rollbackLabel", {"note": "Too dark."}, **label)
        self.call("setLabel", {"version": 2}, promptId=prompt, label="staging")
        self.call("deleteLabel", promptId=prompt, label="staging")
        self.call("getPrompt", promptId=prompt)
        self.call("listVersions", promptId=prompt)
        self.call("getVersion", promptId=prompt, number=1)
        self.call("diffVersions", query={"from": 1, "to": 2}, promptId=prompt)
        back = {"message": "Back to the first."}
        self.call("restoreVersion", back, promptId=prompt, number=1)
        self.call("restoreVersion", back, promptId=prompt, number=1)

    def fill_in(self, mail: str) -> None:
        values = {"subject": "the picnic"}
        self.call("renderPrompt", {"variables": values, "version": "latest"}, promptId=mail)
        self.call("renderDraft", {"content": DRAFT, "variables": values, "strict": True})
        self.call("checkDraft", {"content": "Write a {tone} mail about {{subject}}."})

    def judge(self, prompt: str) -> str:
        first = {
            "promptId": prompt,
            "version": 1,
            "output": "https://example.com/mountain-1.png",
            "modelUsed": "DALL·E 3",
            "notes": "The sky is too dark.",
            "score": 7.5,
            "latencyMs": 2130,
            "costUsd": "0.04",
            "externalId": "run-1",
        }
        log = self.call("createLog", first)["_id"]
        scores = [(1, 6), (1, 6.5), (1, 7), (1, 5.5), (2, 8), (2, 8.5), (2, 9), (2, 7.5), (2, 9.5)]
        logs = [
            {
                "promptId": prompt,
                "version": version,
                "output": f"https://example.com/mountain-{number}.png",
                "modelUsed": "DALL·E 3",
                "score": score,
            }
            for number, (version, score) in enumerate(scores, 2)
        ]
        taken = {**logs[0], "externalId": "run-1"}
        self.call("createLogs", {"logs": [*logs[:1], taken]}, query={"atomic": "false"})
        self.call("createLogs", {"logs": logs[1:]})
        self.call("getLog", logId=log)
        self.call("updateLog", {"notes": "The sky is right.", "score": 8}, logId=log)
        self.call("listLogs", query={"promptId": prompt, "limit": 2})
        self.call("getStats", query={"groupBy": "version"}, promptId=prompt)
        self.call("compareOutputs", query={"a": "1", "b": "2"}, promptId=prompt)
        self.call("getLeaderboard", query={"minScored": 5})
        return log

    def find(self, prompt: str, mail: str) -> None:
        self.call("listPrompts", query={"limit": 1})
        self.call("listPrompts", query={"limit": 2})
        self.call("getPrompts", query={"id": [mail, prompt]})
        self.call("searchPrompts", query={"q": "mountain paint", "highlight": "true"})
        self.call("listTags", query={"prefix": "s"})
        self.call("listModels")

    def take_away(self, prompt: str, mail: str, log: str) -> None:
        self.call("deleteLog", logId=log)
        self.call("deletePrompt", promptId=mail)
        self.call("listTrash")
        self.call("restorePrompt", promptId=mail)
        self.call("deletePrompt", promptId=mail)
        self.call("destroyPrompt", promptId=mail)

    def leave(self) -> None:
        self.call("requestPasswordReset", {"email": "ada@example.com"})
        words = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD, "revokeKeys": True}
        self.call("changePassword", words)
        self.call("deleteMe", {"password": NEW_PASSWORD})
        self.token = ""
        self.call("getDescription")

    # What it tells --------------------------------------------------------------------------------

    def operations_told(self) -> dict[str, Any]:
        """Of each operation what was asked the first time, and the first answer of each status."""
        told: dict[str, Any] = {}
        for answer in self.answers:
            one = told.setdefault(answer.operation, {"parameters": answer.asked["parameters"]})
            if answer.asked["body"] is not None:
                one.setdefault("request", answer.asked["body"])
            if answer.body is not None and answer.operation != "getDescription":
                one.setdefault("responses", {}).setdefault(str(answer.status), answer.body)
        return {name: told[name] for name in self.operations}
