"""The first page: what the service is, and the ways into it."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from promptcrafter.browsable.operations import described, marked
from promptcrafter.description import description

# What somebody finds, by the name that it has in JSON.
FOR_PEOPLE = {
    "prompts": "/prompts",
    "logs": "/logs",
    "search": "/search",
    "tags": "/tags",
    "models": "/models",
    "leaderboard": "/leaderboard",
    "trash": "/trash",
    "render": "/render",
    "keys": "/auth/keys",
    "sessions": "/auth/sessions",
    "me": "/auth/me",
}
FOR_ALL = {"docs": "/docs", "openapi": "/openapi.json"}
FOR_STAFF = {"admin": "/admin/"}
FOR_STRANGERS = {"log in": "/api-auth/login/"}

# Of what the API's description does not describe.
WORDS = {
    "docs": "The API's reference, to try out",
    "admin": "What operators see and do",
    "log in": "Into these pages, by e-mail and password",
    "sign up": "Make an account",
}


class Looking(IsAuthenticated):
    """A stranger with a browser is welcomed; a program is told to log in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        is_page = request.accepted_renderer.format != "json"
        return is_page or super().has_permission(request, view)


def entrances(request: Request) -> dict[str, str]:
    """The URL of each thing that the caller may reach, by name."""
    if request.user.is_authenticated:
        staff = FOR_STAFF if getattr(request.user, "is_staff", False) else {}
        paths = FOR_PEOPLE | FOR_ALL | staff
    else:
        sign_up = {"sign up": "/api-auth/signup/"} if settings.SIGNUPS_OPEN else {}
        paths = FOR_STRANGERS | sign_up | FOR_ALL
    return {name: request.build_absolute_uri(path) for name, path in paths.items()}


def welcome(answer: dict[str, str]) -> dict[str, Any]:
    """What the page says of each of them, and of the whole, in the words of the description."""
    about, _, _ = description()["info"]["description"].partition(". ")
    paths = {name: urlsplit(url).path for name, url in answer.items()}
    entries = [
        {"name": name.capitalize(), "path": path, "words": marked(_words(name, path))}
        for name, path in paths.items()
    ]
    return {"about": about, "entries": entries}


def _words(name: str, path: str) -> str:
    summaries = [str(each["summary"]) for each in described(path).values()]
    return WORDS.get(name) or summaries[0]
