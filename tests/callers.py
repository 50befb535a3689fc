"""Somebody at the other end of the API: how the tests speak to it."""

from typing import Any

from django.test import Client

from accounts import tokens
from accounts.models import User


class Caller:
    """Sends JSON through Django's whole request path; an unforeseen exception is a 500, as live."""

    def __init__(self, user: User | None = None, token: str | None = None) -> None:
        """With a session of that user's, unless another token is given."""
        self.user = user
        if user and token is None:
            token = tokens.issue(user).token
        self.token = token
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self.headers | headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("DELETE", path, body, headers=headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("POST", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("PATCH", path, body, **options)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Bytes and text go out as they are, anything else as JSON."""
        data = {} if body is None else body
        if not isinstance(data, bytes | str):
            data = self.client._encode_json(data, "application/json")
        headers = self.headers | (headers or {})
        return self.client.generic(method, path, data, content_type, headers=headers)
