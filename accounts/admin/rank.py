"""Nobody does anything to who has as much power, or more."""

from django.http import HttpRequest

from accounts.models import User
from accounts.models.users import Check


class Above(Exception):
    pass


def is_above(request: HttpRequest, user: User | None) -> bool:
    """Of two who are staff, neither is below the other; only a superuser is above them."""
    if user is None or user == request.user or is_superuser(request):
        return False
    return user.is_staff or user.is_superuser


def is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def lock(request: HttpRequest, user: User) -> None:
    """Until the transaction ends, so that nobody rises meanwhile. Raises Above, DoesNotExist."""
    check(request)(User.objects.select_for_update(no_key=True).get(pk=user.pk))


def check(request: HttpRequest) -> Check:
    """For the locked row: somebody may have risen since the page was asked for. Raises Above."""

    def require_below(locked: User) -> None:
        if is_above(request, locked):
            raise Above

    return require_below
