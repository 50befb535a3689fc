from collections.abc import Callable, Collection
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import Scope
from accounts.permissions import OutsideLabels, labels_of
from prompts import filters, paging
from prompts.models import LabelMove, Log, Prompt
from prompts.models.logs import BatchRefused, ExternalIdTaken
from prompts.parameters import LogBatchParameters, LogListParameters, names
from prompts.serializers.logs import (
    KeptLogSerializer,
    LogBatchSerializer,
    LogSerializer,
    RatingSerializer,
)
from prompts.views import lists
from prompts.views.base import OwnedView
from prompts.views.idempotent import idempotent

SCOPES = {"GET": Scope.LOGS_READ} | dict.fromkeys(("POST", "PATCH", "DELETE"), Scope.LOGS_WRITE)
REFUSED = {
    400: "malformed_label",
    404: ["not_found", "no_such_version", "label_not_set"],
    409: "external_id_taken",
}

Sent = dict[str, Any]
Seen = Collection[tuple[UUID, int | None]]


class LogWritingView(OwnedView):
    """Where logs are kept, in a transaction that locks their prompts: one might go into the trash
    meanwhile."""

    scopes = SCOPES
    limited_methods: tuple[str, ...] = ("POST",)

    def locked_prompts(self, keys: Collection[UUID]) -> dict[UUID, Prompt]:
        """The caller's among those."""
        own = Prompt.objects.owned_by(self.request.user).without_text().order_by("pk")
        return own.select_for_update(no_key=True).in_bulk(keys)

    def seen(self, keys: Collection[UUID]) -> Seen:
        """For a key that is limited to labels: those versions, with their prompts, that one of them
        points at, or did."""
        limits = labels_of(self.request)
        if not limits:
            return ()
        moves = LabelMove.objects.filter(prompt__in=keys, name__in=limits).order_by()
        return set(moves.values_list("prompt", "to_version").distinct())

    def unsaved_log(self, prompt: Prompt | None, sent: Sent, seen: Seen) -> Log:
        """Raises NotFound, NoSuchVersion, LabelNotSet and OutsideLabels."""
        if prompt is None:
            raise self.not_found(Prompt.KIND)
        prompt, limits = self._visible(prompt), labels_of(self.request)
        version, label = sent.get("version"), sent.get("label")
        if limits:
            is_seen = version is None or (prompt.pk, version) in seen
            if not is_seen or label not in {None, *limits}:
                raise OutsideLabels(limits)
        ref = self.visible_reference(prompt, version or label or "latest")
        return Log(**{**sent, "prompt": prompt, "version": prompt.number_of(ref)})


class LogViewSet(LogWritingView, GenericViewSet):
    """The outputs that your prompts produced, newest first; with `promptId`, one prompt's."""

    serializer_class = LogSerializer
    lookup_value_regex = "[^/]+"

    def get_serializer_class(self):
        return RatingSerializer if self.action == "partial_update" else LogSerializer

    def known_parameters(self):
        return names(LogListParameters) if self.action == "list" else ()

    def list(self, request: Request) -> HttpResponseBase:
        """The outputs of your prompts, newest first, all or in pages; with `promptId`, one
        prompt's, and 404 where it has none."""
        asked = self.asked(LogListParameters)
        wire_id = asked.get("promptId")
        if wire_id is None:
            logs = Log.objects.owned_by(request.user).of_live_prompts()
        else:
            logs = self.find(Prompt.objects.without_text(), wire_id).logs.all()
            if not logs.exists():
                raise NotFound("This prompt has no logs.")
        order = paging.of(paging.LOGS, asked["ordering"])
        show = LogSerializer().to_representation
        return lists.answer(request, filters.logs(logs, asked), order, show, asked=asked)

    @extend_schema(responses={201: LogSerializer, **REFUSED})
    @idempotent
    def create(self, request: Request) -> Response:
        """Keep an output of a prompt. A prompt of somebody else's is as good as none: 404."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        key = sent["prompt_id"]
        with transaction.atomic():
            prompt = Prompt.objects.lock(key, owner=request.user)
            log = self.unsaved_log(prompt, sent, self.seen([key]))
            log.keep()
        return Response(LogSerializer(log).data, status=201)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One output, with what is known of how it came about."""
        return Response(LogSerializer(self.find(Log.objects.of_live_prompts(), pk)).data)

    @extend_schema(request=RatingSerializer, responses=LogSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rate an output: set its `notes` and its `score`. Nothing else of it ever changes."""
        log = self.find(Log.objects.of_live_prompts(), pk)
        serializer = self.get_serializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        if not log.rate(**serializer.validated_data):
            raise NotFound("There is no log with this id.")
        return Response(LogSerializer(log).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a log. Of two that do so at once, one is told that there is nothing any more."""
        count, _ = self.find(Log.objects.of_live_prompts(), pk).delete()
        if not count:
            raise NotFound("There is no log with this id.")
        return Response(status=204)


class Refusal(NamedTuple):
    """What a log that can't be kept would have been answered alone."""

    answer: dict[str, Any]


class LogBatchView(LogWritingView):
    """Keep up to 500 outputs in one call, each as if it were sent alone: for each the log, or the
    error that it would have been answered. With `atomic=true` all are kept, or none."""

    serializer_class = LogBatchSerializer
    parameters = names(LogBatchParameters)

    def prepare(self, request: Request) -> None:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data["logs"]
        self.sent = [self._or_refusal(_valid, item) for item in sent]

    @extend_schema(
        operation_id="createLogs",
        tags=["logs"],
        request=LogBatchSerializer,
        responses={200: KeptLogSerializer(many=True), 400: "batch_refused"},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        is_atomic = self.asked(LogBatchParameters)["atomic"] == "true"
        try:
            kept = self._keep(self.sent, is_atomic=is_atomic)
        except IntegrityError:  # somebody took one of the external ids meanwhile
            kept = self._keep(self.sent, is_atomic=is_atomic)
        return Response([_item(each) for each in kept])

    @transaction.atomic
    def _keep(self, sent: list[Sent | Refusal], *, is_atomic: bool) -> list[Log | Refusal]:
        """Raises BatchRefused and, rarely, IntegrityError."""
        outcomes = self._outcomes(sent)
        refused = [
            {"index": at, **each.answer}
            for at, each in enumerate(outcomes)
            if isinstance(each, Refusal)
        ]
        if is_atomic and refused:
            raise BatchRefused(refused, of=len(sent))
        Log.objects.keep(each for each in outcomes if isinstance(each, Log))
        return outcomes

    def _outcomes(self, sent: list[Sent | Refusal]) -> list[Log | Refusal]:
        """A log for each, as it is to be saved, or what is wrong with it; three statements."""
        valid = [each for each in sent if not isinstance(each, Refusal)]
        keys = {each["prompt_id"] for each in valid}
        prompts, seen = self.locked_prompts(keys), self.seen(keys)
        external_ids = {each["external_id"] for each in valid if each.get("external_id")}
        first = Log.objects.with_external_ids(self.request.user, external_ids)

        def log(each: Sent) -> Log:
            made = self.unsaved_log(prompts.get(each["prompt_id"]), each, seen)
            if made.external_id and first.setdefault(made.external_id, made) is not made:
                raise ExternalIdTaken(first[made.external_id])
            return made

        return [each if isinstance(each, Refusal) else self._or_refusal(log, each) for each in sent]

    def _or_refusal(self, make: Callable[[Any], Any], given: Any) -> Any:
        """What is made of it, or why nothing is."""
        try:
            return make(given)
        except Exception as error:
            return Refusal(self.answer_to(error))


def _valid(item: Any) -> Sent:
    if not isinstance(item, dict):
        raise ParseError("A log must be a JSON object, like {…}.")
    serializer = LogSerializer(data=item)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _item(outcome: Log | Refusal) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return outcome.answer
    return {"status": 201, "log": LogSerializer(outcome).data}
