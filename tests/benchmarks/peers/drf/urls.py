"""The resources, as DRF's and SimpleJWT's guides write them."""

from django.urls import include, path
from rest_framework import filters, serializers, viewsets
from rest_framework.routers import DefaultRouter

from tests.benchmarks.peers.drf.models import Log, Prompt


class PromptSerializer(serializers.ModelSerializer):
    class Meta:
        model = Prompt
        fields = [
            "id",
            "owner",
            "title",
            "content",
            "model",
            "tags",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["owner"]


class PromptViewSet(viewsets.ModelViewSet):
    serializer_class = PromptSerializer
    filter_backends = [filters.SearchFilter]
    search_fields = ["title", "content"]

    def get_queryset(self):
        return Prompt.objects.filter(owner=self.request.user)

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class LogSerializer(serializers.ModelSerializer):
    class Meta:
        model = Log
        fields = ["id", "prompt", "output", "model_used", "score", "created_at"]

    def validate_prompt(self, prompt):
        if prompt.owner_id != self.context["request"].user.pk:
            raise serializers.ValidationError("There is no such prompt.")
        return prompt


class LogViewSet(viewsets.ModelViewSet):
    serializer_class = LogSerializer

    def get_queryset(self):
        return Log.objects.filter(prompt__owner=self.request.user)


router = DefaultRouter()
router.register("prompts", PromptViewSet, basename="prompt")
router.register("logs", LogViewSet, basename="log")

urlpatterns = [
    path("", include(router.urls)),
]
