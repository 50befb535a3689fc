"""Filling in what stands in a text; nothing is stored."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ApiView
from accounts.models import Scope
from accounts.permissions import HasScope
from prompts import rendering
from prompts.models import Prompt
from prompts.serializers.rendering import (
    CheckedSerializer,
    DraftSerializer,
    RenderDraftSerializer,
    RenderedDraftSerializer,
    RenderedSerializer,
    RenderSerializer,
)
from prompts.views.base import OwnedView

READ = {"POST": Scope.PROMPTS_READ}
REFUSED = ["missing_variables", "rendered_too_long"]


def rendered(content: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Raises MissingVariables, unless `strict` is false, and RenderedTooLong."""
    values = asked.get("variables", {})
    found = rendering.render(content, values, most=settings.MAX_RENDERED_BYTES)
    if found.missing and asked.get("strict", True):
        raise rendering.MissingVariables(found.missing)
    return found._asdict()


class RenderView(OwnedView):
    """Fill in a prompt. `{{name}}` becomes the value of that name, or else its default; a variable
    with neither is an error, or with `strict` false stays as it is.

    A string is filled in as it is, null as nothing, and anything else as JSON. Of the newest
    version or, with `version` or `label`, of that one.
    """

    serializer_class = RenderSerializer
    scopes = READ
    limited_methods = ("POST",)

    @extend_schema(
        operation_id="renderPrompt",
        tags=["prompts"],
        responses={
            200: RenderedSerializer,
            400: [*REFUSED, "malformed_label"],
            404: ["no_such_version", "label_not_set"],
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        ref = self.reference(asked.get("version"), asked.get("label"))
        prompt = self.find_prompt()
        ref = self.visible_reference(prompt, ref)
        shown = prompt if ref == "latest" else prompt.at(ref)
        number = prompt.number_of(ref)
        return Response({**rendered(shown.content, asked), "version": number})


class DraftView(ApiView):
    """What can be done with a text that is not saved."""

    permission_classes = (IsAuthenticated, HasScope)
    queryset = Prompt.objects.none()
    scopes = READ
    limited_methods = ("POST",)

    def validated(self) -> dict[str, Any]:
        serializer = self.get_serializer(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class RenderDraftView(DraftView):
    """Fill in a text, as it would be if it were a prompt's."""

    serializer_class = RenderDraftSerializer

    @extend_schema(
        operation_id="renderDraft",
        tags=["prompts"],
        responses={200: RenderedDraftSerializer, 400: REFUSED},
    )
    def post(self, request: Request) -> Response:
        asked = self.validated()
        return Response(rendered(asked["content"], asked))


class CheckDraftView(DraftView):
    """Tell the variables of a text, and what was perhaps meant as one."""

    serializer_class = DraftSerializer

    @extend_schema(operation_id="checkDraft", tags=["prompts"], responses={200: CheckedSerializer})
    def post(self, request: Request) -> Response:
        content = self.validated()["content"]
        return Response(
            {
                "variables": rendering.described(content),
                "warnings": [each._asdict() for each in rendering.near_misses(content)],
            }
        )
