from collections.abc import Callable
from typing import Any

from django.utils.crypto import salted_hmac
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.permissions import OutsideLabels, labels_of
from promptcrafter.conditions import is_fresh, not_modified, require_match
from promptcrafter.labels import check_name
from prompts.models import Label, Prompt
from prompts.models.labels import LabelConflict
from prompts.models.prompts import LabelNotSet, NoSuchVersion
from prompts.serializers.labels import LabelMoveSerializer, LabelSerializer, RollbackSerializer
from prompts.views.base import OwnedView
from prompts.views.idempotent import idempotent


def label_etag(label: Label) -> str:
    """Another one for each move; a move's own key would tell how many there are of everybody's."""
    return f'"{label.version}-{salted_hmac("label", str(label.move_id)).hexdigest()[:12]}"'


def label_answer(label: Label, status: int = 200) -> Response:
    headers = {"ETag": label_etag(label)}
    return Response(LabelSerializer(label).data, status=status, headers=headers)


class LabelListView(OwnedView):
    """The labels of a prompt, by name."""

    serializer_class = LabelSerializer
    limited_methods = ("GET",)

    @extend_schema(responses=LabelSerializer(many=True))
    def get(self, request: Request, pk: str) -> Response:
        prompt = self.find_prompt_without_text()
        visible = prompt.label_rows.without_search_text().filter(name__in=prompt.labels)
        labels = visible.select_related("move").order_by("name")
        return Response(LabelSerializer(labels, many=True).data)


class MovingView(OwnedView):
    """Where labels are moved; a key that is limited to labels moves only those."""

    scopes = {"GET": Scope.PROMPTS_READ} | dict.fromkeys(
        ("PUT", "DELETE", "POST"), Scope.LABELS_WRITE
    )
    limited_methods = ("GET", "PUT", "DELETE", "POST")

    def find_prompt_to_label(self) -> Prompt:
        """The prompt, be it without labels yet; raises OutsideLabels, MalformedLabel."""
        prompt = self.find(Prompt.objects.without_text(), self.kwargs["pk"])
        self.require_label_within_limits()
        return prompt

    def require_label_within_limits(self) -> None:
        name, limits = check_name(self.kwargs["name"]), labels_of(self.request)
        if limits and name not in limits:
            raise OutsideLabels(limits)


class LabelView(MovingView):
    """One label. PUT points it at a version (a number, or `latest`, resolved now), DELETE takes it
    off; every move is kept in its history."""

    serializer_class = LabelSerializer

    def get(self, request: Request, pk: str, name: str) -> Response:
        """Where a label points, and who moved it there."""
        prompt = self.find_prompt_without_text()
        self.require_label_within_limits()
        shown = prompt.label_rows.without_search_text().select_related("move")
        label = shown.filter(name=name).first()
        if label is None:
            raise LabelNotSet(name, prompt.labels)
        if is_fresh(request, label_etag(label)):
            return not_modified(label_etag(label))
        return label_answer(label)

    @extend_schema(
        responses={
            200: LabelSerializer,
            201: LabelSerializer,
            409: "label_conflict",
            412: "precondition_failed",
        }
    )
    def put(self, request: Request, pk: str, name: str) -> Response:
        """Point a label at a version. 201 where it was not set, 200 where it was. `latest` is
        resolved now; `expectedVersion` moves it only from there (`null`: only if it is not set)."""
        prompt = self.find_prompt_to_label()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        was_set = name in prompt.labels
        try:
            label = prompt.set_label(
                name,
                to=sent["version"],
                actor=request.user,
                note=sent.get("note", ""),
                check=_check(request, sent),
            )
        except NoSuchVersion as error:
            raise ValidationError({"version": str(error)}) from error
        return label_answer(label, 200 if was_set else 201)

    @extend_schema(responses={204: None, 412: "precondition_failed"})
    def delete(self, request: Request, pk: str, name: str) -> Response:
        """Take a label off. Its history stays."""
        prompt = self.find_prompt_to_label()
        prompt.remove_label(name, actor=request.user, check=_check(request))
        return Response(status=204)


class LabelHistoryView(OwnedView):
    """Every move of a label, newest first, those before it was taken off too."""

    serializer_class = LabelMoveSerializer

    @extend_schema(operation_id="getLabelHistory", responses=LabelMoveSerializer(many=True))
    def get(self, request: Request, pk: str, name: str) -> Response:
        prompt = self.find_prompt_without_text()
        moves = list(prompt.label_moves.filter(name=check_name(name)).order_by("-pk"))
        if not moves:
            raise LabelNotSet(name, prompt.labels)
        return Response(LabelMoveSerializer(moves, many=True).data)


class LabelRollbackView(MovingView):
    """Point a label where it pointed before its last move, as a new move."""

    serializer_class = RollbackSerializer

    @extend_schema(
        responses={
            200: LabelSerializer,
            409: "nothing_to_roll_back",
            412: "precondition_failed",
        }
    )
    @idempotent
    def post(self, request: Request, pk: str, name: str) -> Response:
        prompt = self.find_prompt_to_label()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        note = serializer.validated_data.get("note", "")
        label = prompt.roll_back_label(name, actor=request.user, note=note, check=_check(request))
        return label_answer(label)


def _check(request: Request, sent: dict[str, Any] | None = None) -> Callable[[Label | None], None]:
    """What a client made its move depend on: If-Match, and `expectedVersion` in the body."""

    def check(label: Label | None) -> None:
        require_match(request, label_etag(label) if label else None)
        current = label.version if label else None
        if sent and sent.get("expected_version", current) != current:
            raise LabelConflict(current)

    return check
