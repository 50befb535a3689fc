from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from promptcrafter.conditions import is_fresh, not_modified, require_match
from prompts import diffs, references
from prompts.serializers.prompts import PromptSerializer
from prompts.serializers.versions import DiffSerializer, RestoreSerializer, VersionSerializer
from prompts.views.base import OwnedView
from prompts.views.idempotent import idempotent
from prompts.views.prompts import prompt_answer, prompt_etag

FOR_EVER = "private, max-age=31536000, immutable"


class VersionListView(OwnedView):
    """The history of a prompt, newest first."""

    serializer_class = VersionSerializer

    @extend_schema(responses=VersionSerializer(many=True))
    def get(self, request: Request, pk: str) -> Response:
        versions = self.find_prompt_without_text().versions.newest_first()
        return Response(VersionSerializer(versions, many=True).data)


class VersionView(OwnedView):
    """A prompt as it was; it never changes, so keep it."""

    serializer_class = VersionSerializer

    def get(self, request: Request, pk: str, number: str) -> Response:
        prompt = self.find_prompt_without_text()
        wanted = references.number(number)
        headers = {"ETag": f'"{wanted}"', "Cache-Control": FOR_EVER}
        if wanted <= prompt.version and is_fresh(request, headers["ETag"]):
            return not_modified(headers["ETag"], **{"Cache-Control": FOR_EVER})
        return Response(VersionSerializer(prompt.at(wanted)).data, headers=headers)


class RestoreView(OwnedView):
    """Make the text of an old version the newest one. 201, or 200 where it is already."""

    serializer_class = RestoreSerializer

    @extend_schema(
        responses={200: PromptSerializer, 201: PromptSerializer, 412: "precondition_failed"}
    )
    @idempotent
    def post(self, request: Request, pk: str, number: str) -> Response:
        prompt = self.find_prompt_without_text()
        wanted = references.number(number)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        is_new = prompt.restore(
            wanted,
            author=request.user,
            message=serializer.validated_data.get("message", ""),
            check=lambda locked: require_match(request, prompt_etag(locked)),
        )
        return prompt_answer(prompt, 201 if is_new else 200)


class DiffView(OwnedView):
    """What differs between two versions: `from` and `to` (by default `latest`), each a number, a
    label or `latest`."""

    parameters = ("from", "to")

    @extend_schema(
        operation_id="diffVersions",
        tags=["versions"],
        responses={200: DiffSerializer, 404: ["no_such_version", "label_not_set"]},
    )
    def get(self, request: Request, pk: str) -> Response:
        prompt = self.find_prompt_without_text()
        old = prompt.at(references.parse(request.query_params.get("from", "")))
        new = prompt.at(references.parse(request.query_params.get("to", "latest")))
        names = (f"v{old.number}", f"v{new.number}")
        return Response(
            {
                "from": old.number,
                "to": new.number,
                "changes": diffs.changes(old.text, new.text),
                "contentDiff": diffs.unified(old.content, new.content, names=names),
                "variables": diffs.variable_changes(old.content, new.content),
            }
        )
