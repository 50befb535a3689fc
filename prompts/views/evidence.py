"""What the outputs of prompts say about them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ApiView
from accounts.models import Scope
from accounts.permissions import HasScope
from prompts import evidence, filters, references
from prompts.evidence import GroupBy, Side, Summary, Tally
from prompts.models import Prompt
from prompts.parameters import (
    CompareParameters,
    LeaderboardParameters,
    StatsParameters,
    names,
)
from prompts.serializers.evidence import (
    ComparisonSerializer,
    RankedPromptSerializer,
    SummarySerializer,
)
from prompts.views.base import OwnedView

READ = {"GET": Scope.LOGS_READ}
OTHER = {"version": "model", "model": "version"}
COLUMN = {"version": "version", "model": "model_used"}

Asked = dict[str, Any]


class StatsView(OwnedView):
    """What the outputs of a prompt say of its versions and models: a row for each version and model
    or, with `groupBy`, for each of one of them. Of fewer than five scores it says no interval."""

    serializer_class = SummarySerializer
    scopes = READ
    parameters = names(StatsParameters)

    @extend_schema(
        operation_id="getStats", tags=["evidence"], responses=SummarySerializer(many=True)
    )
    def get(self, request: Request, pk: str) -> Response:
        asked = self.asked(StatsParameters)
        prompt = self.find_prompt_without_text()
        rows = filters.logs(prompt.logs.all(), asked)
        groups = evidence.summaries(rows.tallies(), GroupBy(asked["groupBy"]))
        return Response(SummarySerializer(groups, many=True).data)


class CompareView(OwnedView):
    """Hold `b` against `a`: two versions of a prompt (numbers, labels or `latest`) or, with
    `by=model`, two models. Where the same variables were filled in on both sides, outputs are
    compared in pairs."""

    serializer_class = ComparisonSerializer
    scopes = READ
    parameters = names(CompareParameters)

    @extend_schema(
        operation_id="compareOutputs",
        tags=["evidence"],
        responses={200: ComparisonSerializer, 404: ["no_such_version", "label_not_set"]},
    )
    def get(self, request: Request, pk: str) -> Response:
        asked = self.asked(CompareParameters)
        prompt = self.find_prompt_without_text()
        values = self._values(prompt, asked)
        a, b = (Q(**{COLUMN[asked["by"]]: value}) for value in values)
        rows = self._held(prompt, asked).filter(a | b)
        tallies = rows.tallies()
        of_a, of_b = (_side(tallies, asked["by"], value) for value in values)
        found = evidence.compare(of_a, of_b, rows.pairs(a, b))
        shown = {"by": asked["by"], "sides": (of_a, of_b), "comparison": found}
        return Response(ComparisonSerializer(shown).data)

    def _held(self, prompt: Prompt, asked: Asked) -> Any:
        """The outputs of the one model, or of the one version, that is held fixed."""
        by, other = asked["by"], OTHER[asked["by"]]
        if by in asked:
            raise ValidationError({by: f"It is what differs here; hold `{other}` fixed."})
        if "version" in asked:
            asked = asked | {"version": prompt.number_of(references.parse(asked["version"]))}
        if "model" in asked:
            asked = asked | {"modelUsed": asked["model"]}
        return filters.logs(prompt.logs.all(), asked)

    def _values(self, prompt: Prompt, asked: Asked) -> list[Any]:
        """What tells a's outputs, and b's."""
        values: list[Any] = [asked["a"], asked["b"]]
        if asked["by"] == "version":
            values = [prompt.number_of(references.parse(ref)) for ref in values]
        if values[0] == values[1]:
            raise ValidationError({"b": f"It is the same {asked['by']} as `a`."})
        return values


class LeaderboardView(ApiView):
    """Your prompts by how good their outputs are for sure: by the lower bound of the mean score's
    95 % interval, so that luck does not win."""

    serializer_class = RankedPromptSerializer
    permission_classes = (IsAuthenticated, HasScope)
    queryset = Prompt.objects.none()  # the browsable pages of lists ask for one
    scopes = READ
    parameters = names(LeaderboardParameters)
    repeatable = ("tag",)

    @extend_schema(
        operation_id="getLeaderboard",
        tags=["evidence"],
        responses=RankedPromptSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(LeaderboardParameters)
        own = filters.prompts(Prompt.objects.owned_by(request.user), asked, owner=request.user)
        best = evidence.ranked(own.score_sums(at_least=asked["minScored"]))[: asked["limit"]]
        titles = own.filter(pk__in=[each.scored.prompt for each in best]).values_list("pk", "title")
        context = {"titles": dict(titles)}
        there = [each for each in best if each.scored.prompt in context["titles"]]
        return Response(RankedPromptSerializer(there, many=True, context=context).data)


def _side(tallies: Iterable[Tally], by: str, value: Any) -> Side:
    summary = Summary([each for each in tallies if value == getattr(each, by)])
    return Side(**{"version": None, "model": None, by: value}, summary=summary)
