from django.db import IntegrityError
from rest_framework import mixins
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.viewsets import GenericViewSet

from promptcrafter import ids
from prompts.models import Log, Prompt
from prompts.permissions import IsOwner
from prompts.serializers import LogSerializer, PromptSerializer, SearchSerializer


class OwnedViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, mixins.DestroyModelMixin, GenericViewSet
):
    """Things with an owner: a list shows the caller's own, and one thing of somebody else's is 403.

    Subclasses name their `model`.
    """

    model: type[Prompt] | type[Log]

    permission_classes = [IsAuthenticated, IsOwner]
    lookup_value_regex = "[^/]+"  # whatever is sent; `get_object` says what is wrong with it

    def get_queryset(self):
        return self.model.objects.owned_by(self.request.user).newest_first()

    def get_object(self):
        return self.find(self.model, self.kwargs["pk"])

    def find(self, model, wire_id):
        """The caller's thing of that id; raises MalformedId, NotFound or PermissionDenied."""
        found = model.objects.filter(pk=ids.decode(model.KIND, wire_id)).first()
        if found is None:
            raise NotFound(f"There is no {model.KIND} with this id.")
        self.check_object_permissions(self.request, found)
        return found

    def perform_destroy(self, instance):
        """Of two that delete at once, one is told that there is nothing any more."""
        count, _ = instance.delete()
        if not count:
            raise NotFound(f"There is no {instance.KIND} with this id.")


class PromptViewSet(mixins.RetrieveModelMixin, mixins.UpdateModelMixin, OwnedViewSet):
    """Your prompts, newest first. PATCH changes only the fields that are sent."""

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    model = Prompt
    serializer_class = PromptSerializer

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)

    def perform_update(self, serializer):
        try:
            serializer.save()
        except Prompt.DoesNotExist as error:
            raise NotFound("There is no prompt with this id.") from error


class LogViewSet(OwnedViewSet):
    """The outputs that your prompts produced, newest first; with `promptId`, one prompt's."""

    model = Log
    serializer_class = LogSerializer

    def get_queryset(self):
        wire_id = self.request.query_params.get("promptId")
        if wire_id is None:
            return super().get_queryset()
        return self.find(Prompt, wire_id).logs.newest_first()

    def list(self, request, *args, **kwargs):
        response = super().list(request, *args, **kwargs)
        if "promptId" in request.query_params and not response.data:
            raise NotFound("This prompt has no logs.")
        return response

    def perform_create(self, serializer):
        """A prompt of somebody else's is as good as none: 404 for both."""
        prompts = Prompt.objects.owned_by(self.request.user).only("owner")
        prompt = prompts.filter(pk=serializer.validated_data["prompt_id"]).first()
        if prompt is None:
            raise NotFound("You have no prompt with this id.")
        try:
            serializer.save(prompt=prompt)
        except IntegrityError as error:
            if not prompts.filter(pk=prompt.pk).exists():
                raise NotFound("You have no prompt with this id.") from error
            raise


class SearchView(ListAPIView):
    """Your prompts in which every word of `q` occurs: in the title, the content or a tag."""

    serializer_class = PromptSerializer

    def get_queryset(self):
        parameters = SearchSerializer(data=self.request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        own = Prompt.objects.owned_by(self.request.user)
        return own.matching(parameters.validated_data["q"]).newest_first()
