"""The middleware that browsers need, left out where a program calls.

Sessions and messages are of cookies, and a call with a token has none of them: DRF takes the token
before it would look at a cookie. (Django's own check wants its CSRF middleware by its name, so that
stays.)
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from whitenoise.middleware import WhiteNoiseMiddleware

from promptcrafter.wire import JSON

# Django's views, which look for a session, and files; all else is the API.
FOR_BROWSERS = ("/admin", "/api-auth/", "/docs", "/password-reset", "/static/")


def is_of_program(request: HttpRequest) -> bool:
    """Whether an API call brings a token and wants no page."""
    sent = request.META
    return (
        sent.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer "
        and sent.get("HTTP_ACCEPT", "*/*") in JSON
        and not request.path_info.startswith(FOR_BROWSERS)
    )


class OfPages:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_of_program(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class StaticFiles(OfPages, WhiteNoiseMiddleware):
    pass


class Sessions(OfPages, SessionMiddleware):
    pass


class Authentication(OfPages, AuthenticationMiddleware):
    pass


class Messages(OfPages, MessageMiddleware):
    pass
