from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import Scope
from accounts.permissions import labels_of, require_scope
from promptcrafter.conditions import is_fresh, not_modified, require_match
from promptcrafter.labels import check_name
from prompts import references
from prompts.models import Prompt
from prompts.parameters import PromptListParameters, names
from prompts.serializers.prompts import (
    EditedPromptSerializer,
    EditSerializer,
    ListedPromptSerializer,
    PromptSerializer,
)
from prompts.views import lists, shown
from prompts.views.base import OwnedView
from prompts.views.editing import edit, edited, prompt_etag
from prompts.views.idempotent import idempotent


def prompt_answer(prompt: Prompt, status: int = 200) -> Response:
    return Response(
        PromptSerializer(prompt).data, status=status, headers={"ETag": prompt_etag(prompt)}
    )


def require_labels_scope(request: Request, prompt: Prompt) -> None:
    """Who may not move labels may not take away, or bring back, what they point at either."""
    if prompt.labels:
        require_scope(request, Scope.LABELS_WRITE)


class PromptViewSet(OwnedView, GenericViewSet):
    """Your prompts, newest first. PATCH changes only the fields that are sent.

    `?version=3` or `?label=production` shows a prompt as of that version; in the list, `?label=`
    shows those that carry it.
    """

    serializer_class = PromptSerializer
    limited_methods = ("GET",)
    lookup_value_regex = "[^/]+"  # whatever is sent; ids.decode says what is wrong with it

    repeatable = ("tag",)

    def known_parameters(self):
        return {"list": names(PromptListParameters), "retrieve": ("version", "label")}.get(
            self.action, ()
        )

    def get_serializer_class(self):
        return EditSerializer if self.action == "partial_update" else PromptSerializer

    @extend_schema(responses=ListedPromptSerializer(many=True))
    def list(self, request: Request) -> HttpResponseBase:
        """Your prompts, newest first, all or in pages. With `label`, those that carry it, as of
        that version."""
        asked = self.asked(PromptListParameters)
        if not (lists.is_paged(request, asked) or shown.labels(request, asked)):
            return lists.whole(request, shown.every(request, asked))
        order = shown.order(request, asked)
        show = shown.representation(request, asked)
        return lists.answer(request, shown.rows(request, asked), order, show, asked=asked)

    @idempotent
    def create(self, request: Request) -> Response:
        """Save a prompt. Its text is its version 1."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return prompt_answer(serializer.save(owner=request.user, author=request.user), 201)

    @extend_schema(
        responses={
            200: PromptSerializer,
            400: "invalid",
            404: ["no_such_version", "label_not_set"],
        }
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """Read a prompt. With `version` or `label`, as it was then, its labels as they are now."""
        ref = self._reference()
        if "If-None-Match" in request.headers:  # decided before the text is read
            known = self.find_prompt_without_text()
            tag = self._etag(known, known.number_of(self.visible_reference(known, ref)))
            if is_fresh(request, tag):
                return not_modified(tag)
        prompt = self.find_prompt()
        ref = self.visible_reference(prompt, ref)
        row = prompt if ref == "latest" else prompt.at(ref)
        headers = {"ETag": self._etag(prompt, prompt.number_of(ref))}
        return Response(PromptSerializer().to_representation(row), headers=headers)

    @extend_schema(
        responses={
            200: EditedPromptSerializer,
            409: "version_conflict",
            412: "precondition_failed",
        }
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Edit a prompt. Only the fields that are sent change; what changes makes a version."""
        prompt = self.find_prompt()
        before = edit(request, prompt, request.data, author=request.user)
        return Response(edited(prompt, before), headers={"ETag": prompt_etag(prompt)})

    @extend_schema(responses={204: None, 412: "precondition_failed"})
    def destroy(self, request: Request, pk: str) -> Response:
        """Move a prompt into the trash, with all that hangs on it."""
        prompt = self.find_prompt_without_text()

        def check(locked: Prompt) -> None:
            require_labels_scope(request, locked)
            require_match(request, prompt_etag(locked))

        prompt.move_to_trash(check=check)
        return Response(status=204)

    def _reference(self) -> int | str:
        """Which version is asked for; raises MalformedVersion, MalformedLabel, ValidationError."""
        version, label = (self.request.query_params.get(name) for name in ("version", "label"))
        return self.reference(
            None if version is None else references.number(version),
            None if label is None else check_name(label),
        )

    def _etag(self, prompt: Prompt, number: int) -> str:
        """Where other labels and edits are hidden, the tag hides them too."""
        if not labels_of(self.request):
            return prompt_etag(prompt, number)
        shown = ".".join(f"{name}-{at}" for name, at in prompt.labels.items())
        return f'"{number}.{shown}"'
