"""What the views of things with an owner have in common."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ApiView
from accounts.models import Scope
from accounts.permissions import HasScope, IsOwner, OutsideLabels, labels_of
from promptcrafter import ids
from prompts.models import Prompt
from prompts.models.labels import among
from prompts.models.logs import ExternalIdTaken
from prompts.models.prompts import LabelNotSet

PROMPTS = {
    "GET": Scope.PROMPTS_READ,
    "POST": Scope.PROMPTS_WRITE,
    "PATCH": Scope.PROMPTS_WRITE,
    "DELETE": Scope.PROMPTS_WRITE,
}


class OwnedView(ApiView):
    """Somebody else's thing is 403, and what hangs on a prompt is looked up through it.

    For a key that is limited to labels, a prompt that carries none of them is not there, and of
    the others it sees those labels alone.
    """

    permission_classes = (IsAuthenticated, HasScope, IsOwner)
    scopes = PROMPTS
    queryset = Prompt.objects.none()  # the browsable pages of lists ask for one

    def prepare(self, request: Request) -> None:
        """What an idempotent handler does before its transaction, in which nobody else can write on
        SQLite."""

    def not_found(self, kind: str) -> NotFound:
        """The same, be it hidden from a limited key or not there at all."""
        if not labels_of(self.request):
            return super().not_found(kind)
        return NotFound(f"There is no {kind} with this id that carries a label of this key.")

    def find_prompt(self) -> Prompt:
        """The prompt that the path names, whole."""
        return self._found(Prompt.objects.read(self._key()))

    def find_prompt_without_text(self) -> Prompt:
        """The same, where what it says does not matter."""
        return self._found(Prompt.objects.read_without_text(self._key()))

    def _key(self) -> UUID:
        return ids.decode(Prompt.KIND, self.kwargs["pk"])

    def _found(self, prompt: Prompt | None) -> Prompt:
        return self._visible(self.require(Prompt.KIND, prompt))

    def reference(self, version: int | str | None, label: str | None) -> int | str:
        """Which version is asked for; raises ValidationError and OutsideLabels."""
        if version is not None and label is not None:
            raise ValidationError({"label": "Send either `version` or `label`."})
        limits = labels_of(self.request)
        if limits and (version is not None or label not in {None, *limits}):
            raise OutsideLabels(limits)
        return version or label or "latest"

    def visible_reference(self, prompt: Prompt, ref: int | str) -> int | str:
        """For a key that is limited to labels the newest is the first of them that is set."""
        limits = labels_of(self.request)
        if not limits or ref != "latest":
            return ref
        return next(name for name in limits if name in prompt.labels)

    def handle_exception(self, exc: Exception) -> Response:
        self._limit(exc)
        return super().handle_exception(exc)

    def _limit(self, error: Exception) -> None:
        """Takes what a key that is limited to labels may not see out of an error."""
        limits = labels_of(self.request)
        if limits and isinstance(error, LabelNotSet):
            error.details["labels"] = among(limits, error.details["labels"])
        if limits and isinstance(error, ExternalIdTaken):
            error.details = {}

    def answer_to(self, error: Exception) -> dict[str, Any]:
        """What a call for one thing of many would be answered if it were alone; raises what is no
        fault of its."""
        self._limit(error)
        answer = self.get_exception_handler()(error, self.get_exception_handler_context())
        if answer is None or answer.status_code >= 500:
            raise error
        return {"status": answer.status_code, **answer.data}

    def _visible(self, prompt: Prompt) -> Prompt:
        limits = labels_of(self.request)
        if not limits:
            return prompt
        prompt.labels = among(limits, prompt.labels)
        if not prompt.labels:
            raise self.not_found(prompt.KIND)
        return prompt
