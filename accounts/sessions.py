"""Sessions in the database, found by keys that could be one.

Django asks the database for whatever the cookie holds, and a NUL or a lone surrogate in it is an
error there. Named in settings.SESSION_ENGINE.
"""

import re

from django.contrib.sessions.backends import db

_KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and _KEY.fullmatch(key))
