"""What the service keeps. Every rule that must hold whoever writes is here."""

from prompts.models.idempotency import IdempotencyKey
from prompts.models.index import SearchBucket, SearchIndex
from prompts.models.labels import Label, LabelMove
from prompts.models.limits import (
    EXTERNAL_ID_MAX_LENGTH,
    MESSAGE_MAX_LENGTH,
    MODEL_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    TITLE_MAX_LENGTH,
    TITLE_MIN_LENGTH,
)
from prompts.models.logs import Log
from prompts.models.prompts import Prompt
from prompts.models.tags import Tag
from prompts.models.versions import Version

__all__ = [
    "EXTERNAL_ID_MAX_LENGTH",
    "MESSAGE_MAX_LENGTH",
    "MODEL_MAX_LENGTH",
    "TEXT_MAX_LENGTH",
    "TITLE_MAX_LENGTH",
    "TITLE_MIN_LENGTH",
    "IdempotencyKey",
    "Label",
    "LabelMove",
    "Log",
    "Prompt",
    "SearchBucket",
    "SearchIndex",
    "Tag",
    "Version",
]
