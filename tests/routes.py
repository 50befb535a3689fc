"""Every route of the API, read from the URL configuration, to hold a table against."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

NOT_THE_API = ("admin", "api-auth/", "docs", "password-reset")


def routes() -> Iterator[tuple[str, str]]:
    """Each (method, path); in the path a parameter stands as `<name>`."""
    for path, callback in _walk(get_resolver(), ""):
        if path.startswith(NOT_THE_API):
            continue
        actions = getattr(callback, "actions", None)
        for method in actions or callback.cls.http_method_names:
            is_served = method in callback.cls.http_method_names and (
                actions or hasattr(callback.cls, method)
            )
            if is_served and method not in {"options", "head"}:
                yield method.upper(), f"/{path}"


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        path = prefix + _readable(str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from _walk(pattern, path)


def _readable(pattern: str) -> str:
    return (
        pattern.removeprefix("^")
        .removesuffix("$")
        .removesuffix(r"\Z")
        .replace("(?P<pk>[^/]+)", "<pk>")
    )
