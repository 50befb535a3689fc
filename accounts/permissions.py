"""Who may do what. A person, by a token or a log-in in a browser, may do all with what is theirs; a
program's key what its scopes name."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiKey


class InsufficientScope(PermissionDenied):
    """Names what is missing; nothing, where no key may do it."""

    default_code = "insufficient_scope"

    def __init__(self, scope: str | None = None) -> None:
        super().__init__(
            f"This key lacks the scope `{scope}`."
            if scope
            else "No key may do this; log in and use your own token."
        )
        self.details = {"missing": [scope] if scope else []}


class OutsideLabels(PermissionDenied):
    """Names the labels that the key is limited to."""

    default_code = "outside_labels"

    def __init__(self, labels: list[str]) -> None:
        super().__init__("This key is limited to some labels, and what you ask for goes beyond.")
        self.details = {"labels": labels}


class HasScope(BasePermission):
    """Holds a key against the view's `scopes`, method → scope: what is not named there no key may.

    A key that is limited to labels may call only the view's `limited_methods`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        key = request.auth
        method = "GET" if request.method == "HEAD" else request.method
        if not isinstance(key, ApiKey) or method == "OPTIONS":
            return True
        scope = getattr(view, "scopes", {}).get(method)
        if scope is None:
            raise InsufficientScope
        require_scope(request, scope)
        if key.labels and method not in getattr(view, "limited_methods", ()):
            raise OutsideLabels(key.labels)
        return True


def require_scope(request: Request, scope: str) -> None:
    """For what the method alone does not tell; raises InsufficientScope."""
    if isinstance(request.auth, ApiKey) and scope not in request.auth.scopes:
        raise InsufficientScope(scope)


def labels_of(request: Any) -> list[str]:
    """The labels that the caller is limited to; none for who sees all."""
    return request.auth.labels if isinstance(request.auth, ApiKey) else []


class IsOwner(BasePermission):
    message = "This belongs to somebody else."
    code = "not_owner"

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return bool(obj.owner_id == request.user.pk)
