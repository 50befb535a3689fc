"""Who uses the service, and how they show that it is they."""

from accounts.models.users import (
    EMAIL_MAX_LENGTH,
    EmailTaken,
    User,
    UserManager,
    WrongCredentials,
    normalise_email,
)

__all__ = [
    "EMAIL_MAX_LENGTH",
    "EmailTaken",
    "User",
    "UserManager",
    "WrongCredentials",
    "normalise_email",
]
