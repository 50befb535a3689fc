from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from prompts.models import Prompt
from prompts.serializers.prompts import PromptSerializer, TrashedPromptSerializer
from prompts.views.base import OwnedView
from prompts.views.prompts import prompt_answer, require_labels_scope

GONE = "This prompt is not in the trash any more."


class TrashView(OwnedView):
    """The prompts that you deleted, the last one first. They stay until they are purged."""

    serializer_class = TrashedPromptSerializer

    @extend_schema(operation_id="listTrash", responses=TrashedPromptSerializer(many=True))
    def get(self, request: Request) -> Response:
        own = Prompt.trash.owned_by(request.user).without_search_text()
        trashed = own.order_by("-deleted_at", "-pk")
        return Response(TrashedPromptSerializer(trashed, many=True).data)


class TrashedPromptView(OwnedView):
    """Destroy a prompt that is in the trash, with all that hangs on it, for good."""

    serializer_class = TrashedPromptSerializer

    @extend_schema(operation_id="destroyPrompt", responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        prompt = self.find(Prompt.trash.without_text(), pk)
        require_labels_scope(request, prompt)
        if not prompt.destroy():
            raise NotFound(GONE)
        return Response(status=204)


class TrashRestoreView(OwnedView):
    """Take a prompt out of the trash, with its versions, labels and logs."""

    serializer_class = TrashedPromptSerializer

    @extend_schema(operation_id="restorePrompt", request=None, responses=PromptSerializer)
    def post(self, request: Request, pk: str) -> Response:
        prompt = self.find(Prompt.trash.without_search_text(), pk)
        require_labels_scope(request, prompt)
        if not prompt.take_from_trash():
            raise NotFound(GONE)
        return prompt_answer(prompt)
