from rest_framework import serializers

from promptcrafter import ids
from promptcrafter.fields import IdField
from prompts import costs
from prompts.evidence import ENOUGH, Verdict
from prompts.models import Prompt
from prompts.serializers.logs import CostField
from prompts.statistics import BINS, percentile


class IntervalSerializer(serializers.Serializer):
    """Of 95 %."""

    low = serializers.FloatField()
    high = serializers.FloatField()


class PercentilesSerializer(serializers.Serializer):
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)


class OutputsSerializer(serializers.Serializer):
    """What some outputs say. `interval` is that of the mean (Student's t), and null where there are
    fewer than five scores."""

    outputs = serializers.IntegerField(min_value=0)
    scored = serializers.IntegerField(min_value=0)
    enoughData = serializers.BooleanField()
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    stdev = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)
    interval = IntervalSerializer(allow_null=True)
    histogram = serializers.ListField(
        child=serializers.IntegerField(min_value=0),
        min_length=BINS,
        max_length=BINS,
        help_text="How many scores from 0 up to 1, from 1 up to 2, …, and of 10.",
    )
    latencyMs = PercentilesSerializer()
    inputTokens = serializers.IntegerField(allow_null=True)
    outputTokens = serializers.IntegerField(allow_null=True)
    costUsd = CostField(allow_null=True)
    firstUsedAt = serializers.DateTimeField(allow_null=True)
    lastUsedAt = serializers.DateTimeField(allow_null=True)

    def to_representation(self, summary):
        scores, latencies = summary.scores, summary.latencies
        return {
            "outputs": summary.outputs,
            "scored": scores.size,
            "enoughData": summary.has_enough,
            **dict.fromkeys(("mean", "median", "stdev", "min", "max")),
            **(self._about(scores) if scores.size else {}),
            "interval": _interval(scores.interval) if summary.has_enough else None,
            "histogram": scores.histogram,
            "latencyMs": {
                "p50": _rounded(percentile(latencies, 0.5)) if latencies else None,
                "p95": _rounded(percentile(latencies, 0.95)) if latencies else None,
            },
            "inputTokens": summary.input_tokens,
            "outputTokens": summary.output_tokens,
            "costUsd": None if summary.cost is None else costs.write(summary.cost),
            "firstUsedAt": summary.first_at,
            "lastUsedAt": summary.last_at,
        }

    def _about(self, scores):
        return {
            "mean": _rounded(scores.mean),
            "median": _rounded(scores.median),
            "stdev": _rounded(scores.stdev) if scores.size > 1 else None,
            "min": _rounded(scores.min),
            "max": _rounded(scores.max),
        }


class SummarySerializer(OutputsSerializer):
    """With what they have in common; null is what they were not told apart by."""

    def get_fields(self):
        return {
            "version": serializers.IntegerField(min_value=1, allow_null=True),
            "model": serializers.CharField(allow_null=True),
            **super().get_fields(),
        }

    def to_representation(self, row):
        version, model, summary = row
        return {"version": version, "model": model, **super().to_representation(summary)}


class SideSerializer(SummarySerializer):
    """`version` or `model` is which side it is; the other is null."""

    def to_representation(self, side):
        return super().to_representation((side.version, side.model, side.summary))


class EstimateSerializer(serializers.Serializer):
    value = serializers.FloatField()
    interval = IntervalSerializer()

    def to_representation(self, estimate):
        return {"value": _rounded(estimate.value), "interval": _interval(estimate.interval)}


class SuperioritySerializer(EstimateSerializer):
    """A tie counts half."""

    ties = serializers.FloatField(help_text="How likely both score the same.")

    def to_representation(self, found):
        return {**super().to_representation(found), "ties": _rounded(found.ties)}


class ComparisonSerializer(serializers.Serializer):
    by = serializers.ChoiceField(["version", "model"])
    verdict = serializers.ChoiceField([str(each) for each in Verdict], help_text="About b.")
    sentence = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())
    method = serializers.ChoiceField(
        ["welch", "paired"], allow_null=True, help_text="What the verdict goes by."
    )
    difference = EstimateSerializer(
        allow_null=True, help_text="Mean of b less mean of a, by Welch."
    )
    pairs = serializers.IntegerField(
        min_value=0, help_text="Sets of variables with scored outputs on both sides."
    )
    paired = EstimateSerializer(
        allow_null=True, help_text="Mean of the differences within pairs, where they are compared."
    )
    probability = SuperioritySerializer(
        allow_null=True, help_text="That a random output of b beats a random one of a."
    )
    a = SideSerializer()
    b = SideSerializer()

    def to_representation(self, shown):
        a, b = shown["sides"]
        found = shown["comparison"]
        method = "paired" if found.paired else "welch"
        return {
            "by": shown["by"],
            "verdict": found.verdict,
            "sentence": found.sentence,
            "warnings": found.warnings,
            "method": method if found.difference else None,
            "difference": _or_none(EstimateSerializer, found.difference),
            "pairs": found.pairs,
            "paired": _or_none(EstimateSerializer, found.paired),
            "probability": _or_none(SuperioritySerializer, found.superiority),
            "a": SideSerializer().to_representation(a),
            "b": SideSerializer().to_representation(b),
        }


class RankedPromptSerializer(serializers.Serializer):
    promptId = IdField(Prompt.KIND)
    title = serializers.CharField()
    scored = serializers.IntegerField(min_value=2)
    mean = serializers.FloatField()
    stdev = serializers.FloatField()
    interval = IntervalSerializer(allow_null=True)
    lowerBound = serializers.FloatField(help_text="What they are in order of.")

    def to_representation(self, ranked):
        scored = ranked.scored
        return {
            "promptId": ids.encode(Prompt.KIND, scored.prompt),
            "title": self.context["titles"][scored.prompt],
            "scored": scored.size,
            "mean": _rounded(scored.mean),
            "stdev": _rounded(scored.variance**0.5),
            "interval": _interval(ranked.interval) if scored.size >= ENOUGH else None,
            "lowerBound": _rounded(ranked.lower_bound),
        }


def _or_none(serializer, found):
    return None if found is None else serializer().to_representation(found)


def _interval(interval):
    return {"low": _rounded(interval.low), "high": _rounded(interval.high)}


def _rounded(value):
    """Statistics to six decimals: more would be noise of their summing up."""
    return round(value, 6)
