"""How a prompt is edited, by its view and by what stands in for that (prompts.views.direct)."""

from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from promptcrafter.conditions import require_match
from prompts.models import Prompt
from prompts.serializers.prompts import EditSerializer, PromptSerializer


def etag(number: int, revision: int) -> str:
    """Strong: which version's text, and the count of all that shows beside it."""
    return f'"{number}-{revision}"'


def prompt_etag(prompt: Prompt, number: int | None = None) -> str:
    return etag(number or prompt.version, prompt.revision)


def edit(request: Request | HttpRequest, prompt: Prompt, data: Any, *, author: Any) -> list[str]:
    """Edits a prompt that was read whole a moment ago; the names of the variables that it had.

    Raises ValidationError, PreconditionFailed, VersionConflict and DoesNotExist.
    """
    serializer, before = EditSerializer(prompt, data=data, partial=True), list[str]()
    serializer.is_valid(raise_exception=True)
    base = serializer.validated_data.pop("base_version", None)
    if base is not None and base > prompt.version:
        raise ValidationError({"baseVersion": f"The newest version is {prompt.version}."})

    def check(replaced: Prompt) -> None:
        require_match(request, prompt_etag(replaced))
        if base is not None:
            replaced.require_base(base)
        before[:] = [each["name"] for each in replaced.variables]

    serializer.save(author=author, check=check, is_read=True)
    return before


def edited(prompt: Prompt, before: list[str]) -> dict[str, Any]:
    """What it is now, with warnings of what was there `before`, if there are any."""
    shown = PromptSerializer().to_representation(prompt)
    if warnings := prompt.warnings(before):
        shown["warnings"] = warnings
    return shown
