from typing import Any

from rest_framework import mixins
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from promptcrafter.conditions import is_fresh, not_modified, require_match
from prompts import references
from prompts.models import Prompt
from prompts.models.labels import check_name
from prompts.serializers import EditSerializer, PromptSerializer, SearchSerializer
from prompts.views.base import OwnedView
from prompts.views.idempotent import idempotent


def prompt_etag(prompt: Prompt, number: int | None = None) -> str:
    """Strong: which version's text, and the count of all that shows beside it."""
    return f'"{number or prompt.version}-{prompt.revision}"'


def prompt_answer(prompt: Prompt, status: int = 200) -> Response:
    return Response(
        PromptSerializer(prompt).data, status=status, headers={"ETag": prompt_etag(prompt)}
    )


class PromptViewSet(mixins.ListModelMixin, OwnedView, GenericViewSet):
    """Your prompts, newest first. PATCH changes only the fields that are sent.

    `?version=3` or `?label=production` shows a prompt as of that version; in the list, `?label=`
    shows those that carry it.
    """

    serializer_class = PromptSerializer
    lookup_value_regex = "[^/]+"  # whatever is sent; ids.decode says what is wrong with it

    def get_serializer_class(self):
        return EditSerializer if self.action == "partial_update" else PromptSerializer

    def get_queryset(self):
        own = Prompt.objects.owned_by(self.request.user).newest_first().without_search_text()
        label = self.request.query_params.get("label")
        if label is None:
            return own
        return own.as_of_label(check_name(label))

    @idempotent
    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return prompt_answer(serializer.save(owner=request.user, author=request.user), 201)

    def retrieve(self, request: Request, pk: str) -> Response:
        ref = self._reference()
        if "If-None-Match" in request.headers:  # decided before the text is read
            known = self.find_prompt_without_text()
            etag = prompt_etag(known, known.number_of(ref))
            if is_fresh(request, etag):
                return not_modified(etag)
        prompt = self.find_prompt()
        number = prompt.number_of(ref)
        shown = prompt if ref == "latest" else prompt.at(number)
        headers = {"ETag": prompt_etag(prompt, number)}
        return Response(self.get_serializer(shown).data, headers=headers)

    def partial_update(self, request: Request, pk: str) -> Response:
        prompt = self.find_prompt()
        serializer = self.get_serializer(prompt, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        base = serializer.validated_data.pop("base_version", None)
        if base is not None and base > prompt.version:
            raise ValidationError({"baseVersion": f"The newest version is {prompt.version}."})

        def check(locked: Prompt) -> None:
            require_match(request, prompt_etag(locked))
            if base is not None:
                locked.require_base(base)

        serializer.save(author=request.user, check=check)
        return prompt_answer(prompt)

    def destroy(self, request: Request, pk: str) -> Response:
        """Into the trash, with all that hangs on it."""
        prompt = self.find_prompt_without_text()
        prompt.move_to_trash(check=lambda locked: require_match(request, prompt_etag(locked)))
        return Response(status=204)

    def _reference(self) -> int | str:
        """Which version is asked for; raises MalformedVersion, MalformedLabel, ValidationError."""
        version, label = (self.request.query_params.get(name) for name in ("version", "label"))
        if version is not None and label is not None:
            raise ValidationError({"label": "Send either `version` or `label`."})
        if version is not None:
            return references.number(version)
        return "latest" if label is None else check_name(label)


class SearchView(ListAPIView):
    """Your prompts in which every word of `q` occurs: in the title, the content or a tag."""

    serializer_class = PromptSerializer

    def get_queryset(self) -> Any:
        parameters = SearchSerializer(data=self.request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        own = Prompt.objects.owned_by(self.request.user).without_search_text()
        return own.matching(parameters.validated_data["q"]).newest_first()
