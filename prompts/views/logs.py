from django.db import transaction
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import Scope
from accounts.permissions import labels_of
from prompts import filters, paging
from prompts.models import Log, Prompt
from prompts.models.labels import among
from prompts.parameters import LogListParameters, names
from prompts.serializers import LogSerializer
from prompts.views import lists
from prompts.views.base import OwnedView
from prompts.views.idempotent import idempotent


class LogViewSet(OwnedView, GenericViewSet):
    """The outputs that your prompts produced, newest first; with `promptId`, one prompt's."""

    serializer_class = LogSerializer
    lookup_value_regex = "[^/]+"
    scopes = {"GET": Scope.LOGS_READ, "POST": Scope.LOGS_WRITE, "DELETE": Scope.LOGS_WRITE}
    limited_methods = ("POST",)

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

    @extend_schema(responses={201: LogSerializer, 404: "not_found"})
    @idempotent
    def create(self, request: Request) -> Response:
        """Keep an output of a prompt. A prompt of somebody else's is as good as none: 404."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        own = Prompt.objects.owned_by(request.user).without_text()
        with transaction.atomic():
            locked = own.select_for_update(no_key=True)  # or it might go into the trash meanwhile
            prompt = locked.filter(pk=serializer.validated_data["prompt_id"]).first()
            limits = labels_of(request)
            if prompt is None or (limits and not among(limits, prompt.labels)):
                raise NotFound("You have no prompt with this id.")
            serializer.save(prompt=prompt)
        return Response(serializer.data, status=201)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a log. Of two that do so at once, one is told that there is nothing any more."""
        count, _ = self.find(Log.objects.of_live_prompts(), pk).delete()
        if not count:
            raise NotFound("There is no log with this id.")
        return Response(status=204)
