"""Passwords that anybody would try first here. Named in settings.AUTH_PASSWORD_VALIDATORS."""

import re
from typing import Any

from django.core.exceptions import ValidationError

WORDS = (
    "promptcrafter",
    "prompt",
    "crafter",
    "password",
    "passwort",
    "letmein",
    "welcome",
    "admin",
)
# What has to be there beside them: `promptcrafter2026!` has none.
LETTERS_MIN_COUNT = 4

_WORDS = re.compile("|".join(WORDS))


class ContextWordsValidator:
    """Refuses what is little more than words that come to mind here (ASVS 5.0, 6.2.11)."""

    def validate(self, password: str, user: Any = None) -> None:
        plain = password.casefold()
        rest = _WORDS.sub("", plain)
        if rest != plain and sum(map(str.isalpha, rest)) < LETTERS_MIN_COUNT:
            raise ValidationError("This password is one of the first that somebody would try here.")

    def get_help_text(self) -> str:
        return "Your password can't be the service's name or another word that is tried first."
