"""Sessions in the database, found by keys that could be one.

Django asks the database for whatever the cookie holds, and a NUL or a lone surrogate in it is an
error there. Named in settings.SESSION_ENGINE.
"""

import re
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db

from accounts.models import PASSWORD_MARK_LENGTH, BrowserSession

_KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(db.SessionStore):
    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        session: Any = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        session.password_mark = data.get(HASH_SESSION_KEY, "")[:PASSWORD_MARK_LENGTH]
        return session

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and _KEY.fullmatch(key))
