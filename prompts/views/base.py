"""What the views of things with an owner have in common."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from promptcrafter import ids
from prompts.models import Prompt
from prompts.permissions import IsOwner


class OwnedView(GenericAPIView):
    """Somebody else's thing is 403, and what hangs on a prompt is looked up through it."""

    permission_classes = (IsAuthenticated, IsOwner)
    queryset = Prompt.objects.none()  # the browsable pages of lists ask for one

    def finalize_response(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, *args, **kwargs)
        if response.accepted_renderer.format != "json":
            # What was said of the JSON is not true of the page around it.
            for header in ("ETag", "Cache-Control"):
                response.headers.pop(header, None)
        return response

    def find(self, among: QuerySet[Any], wire_id: str) -> Any:
        """The caller's thing of that id; raises MalformedId, NotFound or PermissionDenied."""
        kind = among.model.KIND
        found = among.filter(pk=ids.decode(kind, wire_id)).first()
        if found is None:
            raise NotFound(f"There is no {kind} with this id.")
        self.check_object_permissions(self.request, found)
        return found

    def find_prompt(self) -> Prompt:
        """The prompt that the path names, whole."""
        return self.find(Prompt.objects.without_search_text(), self.kwargs["pk"])

    def find_prompt_without_text(self) -> Prompt:
        """The same, where what it says does not matter."""
        return self.find(Prompt.objects.without_text(), self.kwargs["pk"])
