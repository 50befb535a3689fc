"""What a label's name looks like. Pure."""

import re

LABEL_MAX_LENGTH = 36

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
# Where a number or `latest` may stand, a label may stand too: it must not look like one.
_AMBIGUOUS = re.compile(r"latest|v?[0-9]+")


class MalformedLabel(ValueError):
    """The text could never be a label's name; says why."""


def check_name(name: str) -> str:
    """The name itself; raises MalformedLabel."""
    if len(name) > LABEL_MAX_LENGTH or not _NAME.fullmatch(name):
        raise MalformedLabel(
            f"A label has at most {LABEL_MAX_LENGTH} characters out of a-z, 0-9, `.`, `_` and `-`, "
            "and begins and ends with a letter or digit."
        )
    if _AMBIGUOUS.fullmatch(name):
        raise MalformedLabel("A label can't be `latest` or look like a version's number.")
    return name
