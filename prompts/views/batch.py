from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from promptcrafter import ids
from prompts.models import Prompt, Version
from prompts.models.prompts import LabelNotSet
from prompts.parameters import BatchParameters, names
from prompts.serializers.prompts import BatchItemSerializer
from prompts.views import shown
from prompts.views.base import OwnedView


class BatchView(OwnedView):
    """Up to a hundred prompts in one call, in the order that they are asked for. With `label`, as
    of that version. Each is the prompt, or the error that a call for it alone would be answered."""

    serializer_class = BatchItemSerializer
    parameters = names(BatchParameters)
    repeatable = ("id",)
    limited_methods = ("GET",)

    @extend_schema(operation_id="getPrompts", responses=BatchItemSerializer(many=True))
    def get(self, request: Request) -> Response:
        asked = self.asked(BatchParameters)
        found = Prompt.objects.without_search_text().in_bulk(_keys(asked["id"]))
        labels = shown.labels(request, asked)
        released = self._released(labels, found) if labels else {}
        represent = shown.representation(request, asked)

        def item(wire_id: str) -> dict[str, Any]:
            try:
                prompt = self._own(found, wire_id)
                if labels and prompt.pk not in released:
                    raise LabelNotSet(labels[0], prompt.labels)
            except Exception as error:
                return {"id": wire_id, **self.answer_to(error)}
            row = released[prompt.pk] if labels else prompt
            return {"id": wire_id, "status": 200, "prompt": represent(row)}

        return Response([item(wire_id) for wire_id in asked["id"]])

    def _released(self, labels: list[str], found: Iterable[UUID]) -> dict[UUID, Version]:
        versions = Version.objects.as_of(*labels, owner=self.request.user.pk)
        return {each.prompt_id: each for each in versions.filter(prompt__in=found)}

    def _own(self, found: dict[UUID, Prompt], wire_id: str) -> Prompt:
        """Raises what a call for that prompt alone would."""
        prompt = found.get(ids.decode(Prompt.KIND, wire_id))
        if prompt is None:
            raise self.not_found(Prompt.KIND)
        self.check_object_permissions(self.request, prompt)
        return self._visible(prompt)


def _keys(wire_ids: list[str]) -> list[UUID]:
    """Of those that could be ids."""
    keys = []
    for wire_id in wire_ids:
        with suppress(ids.MalformedId):
            keys.append(ids.decode(Prompt.KIND, wire_id))
    return keys
