"""Who uses the service, and how they show that it is they."""

from accounts.models.browsers import BrowserSession
from accounts.models.counters import Count, Counter
from accounts.models.keys import KEYS_MAX_COUNT, LIMITED_SCOPES, ApiKey, Scope, TooManyKeys
from accounts.models.resets import PasswordReset
from accounts.models.sessions import Session
from accounts.models.users import (
    EMAIL_MAX_LENGTH,
    PASSWORD_MARK_LENGTH,
    EmailTaken,
    SignupsClosed,
    User,
    UserManager,
    WrongCredentials,
    check_email,
    normalise_email,
)

__all__ = [
    "EMAIL_MAX_LENGTH",
    "KEYS_MAX_COUNT",
    "LIMITED_SCOPES",
    "PASSWORD_MARK_LENGTH",
    "ApiKey",
    "BrowserSession",
    "Count",
    "Counter",
    "EmailTaken",
    "PasswordReset",
    "Scope",
    "Session",
    "SignupsClosed",
    "TooManyKeys",
    "User",
    "UserManager",
    "WrongCredentials",
    "check_email",
    "normalise_email",
]
