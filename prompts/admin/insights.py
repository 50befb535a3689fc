"""What outputs say, plotted: of one prompt, and of all."""

from datetime import timedelta

from django.utils import timezone

from promptcrafter import ids
from prompts import charts, costs, evidence
from prompts.admin.pages import AdminPage, PromptPage
from prompts.charts import Measured
from prompts.evidence import ENOUGH, GroupBy, Summary
from prompts.filters import LEEWAY
from prompts.models import Log, Prompt
from prompts.statistics import mean_interval

PERIODS = (7, 30, 90, 365)  # days
PERIOD = 90
SHOWN = 24  # versions, the newest; models and prompts, the most used and the best


class Insights(AdminPage):
    """Of the outputs of a number of days, up to now; three statements."""

    template_name = "admin/prompts/prompt/insights.html"
    title = "Insights"

    def is_allowed(self, request):
        return super().is_allowed(request) and request.user.has_perm("prompts.view_log")

    def logs(self):
        raise NotImplementedError

    def of_scores(self, tallies):
        """The sections that come first."""
        raise NotImplementedError

    def get_context_data(self, **kwargs):
        asked = self.request.GET.get("days", "")
        days = int(asked) if asked in map(str, PERIODS) else PERIOD
        midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        calendar = [midnight.date() - timedelta(days=ago) for ago in range(days)][::-1]
        self.since = midnight - timedelta(days=days - 1)
        rows = self.logs().filter(created_at__gte=self.since)
        tallies = rows.tallies()
        return {
            **super().get_context_data(**kwargs),
            "periods": PERIODS,
            "days": days,
            "outputs": sum(each.outputs for each in tallies),
            "sections": [
                *self.of_scores(tallies),
                _histogram(Summary(tallies)),
                *_per_day(rows.days(), calendar),
            ],
        }


class PromptInsights(Insights, PromptPage):
    def logs(self):
        return self.prompt.logs.all()

    def of_scores(self, tallies):
        versions = evidence.summaries(tallies, GroupBy.VERSION)[:SHOWN][::-1]
        named = [(f"v{version}", summary) for version, _, summary in versions]
        return [
            _scores("versions", "Score over versions", "Version", named, charts.columns),
            _by_model(tallies),
        ]


class LibraryInsights(Insights):
    def logs(self):
        """A key tells its time, so the index of keys leads to the newest."""
        earliest = ids.lowest(self.since, shift=-LEEWAY)
        return Log.objects.of_live_prompts().filter(pk__gte=earliest)

    def of_scores(self, tallies):
        return [_by_model(tallies), self._best()]

    def _best(self):
        recent = Prompt.objects.filter(logs__created_at__gte=self.since)
        best = evidence.ranked(recent.score_sums(at_least=ENOUGH))[:SHOWN]
        titles = dict(
            Prompt.objects.filter(pk__in=[each.scored.prompt for each in best]).values_list(
                "pk", "title"
            )
        )
        measured = [
            Measured(
                titles.get(each.scored.prompt, "gone"),
                each.scored.mean,
                mean_interval(each.scored.mean, each.scored.variance, each.scored.size),
                f"{each.scored.size} scored",
            )
            for each in best
        ]
        return {
            "id": "prompts",
            "title": "The best prompts, for sure",
            "kind": "rows",
            "plot": charts.rows(measured),
            "columns": ["Prompt", "Scored", "Mean", "95 % interval"],
            "rows": [
                [each.name, ranked.scored.size, f"{each.mean:.2f}", _spoken(each.interval)]
                for each, ranked in zip(measured, best, strict=True)
            ],
            "about": "By the lower bound of the interval; of five scores and more.",
        }


def _by_model(tallies):
    models = sorted(
        evidence.summaries(tallies, GroupBy.MODEL), key=lambda each: each[2].outputs, reverse=True
    )
    named = [(model, summary) for _, model, summary in models[:SHOWN]]
    return _scores("models", "Score by model", "Model", named, charts.rows)


def _scores(key, title, noun, named, plot):
    scored = [(name, summary) for name, summary in named if summary.scores.size]
    measured = [
        Measured(
            name,
            summary.scores.mean,
            summary.scores.interval if summary.has_enough else None,
            f"mean {summary.scores.mean:.2f} of {summary.scores.size}",
        )
        for name, summary in scored
    ]
    return {
        "id": key,
        "title": title,
        "kind": plot.__name__,
        "plot": plot(measured),
        "columns": [noun, "Outputs", "Scored", "Mean", "95 % interval", "Cost in USD"],
        "rows": [_cells(name, summary) for name, summary in named],
        "about": f"Mean scores with their 95 % intervals; none of fewer than {ENOUGH} scores.",
    }


def _cells(name, summary):
    size = summary.scores.size
    mean = f"{summary.scores.mean:.2f}" if size else "–"
    interval = _spoken(summary.scores.interval) if summary.has_enough else "–"
    cost = "–" if summary.cost is None else costs.write(summary.cost)
    return [name, summary.outputs, size, mean, interval, cost]


def _histogram(summary):
    counts = summary.scores.histogram if summary.scores.size else [0] * 11
    names = [*(f"{n}–{n + 1}" for n in range(10)), "10"]
    return {
        "id": "histogram",
        "title": "How outputs are scored",
        "kind": "bars",
        "plot": charts.bars(
            [(name, count, f"{count} scored") for name, count in zip(names, counts, strict=True)]
        ),
        "columns": ["Score", "Outputs"],
        "rows": [[name, count] for name, count in zip(names, counts, strict=True)],
        "about": "Scores from the first number up to, and without, the second.",
    }


def _per_day(days, calendar):
    known = {each.day: each for each in days}
    dollars = 10**costs.DECIMALS
    outputs, cost = [], []
    for day in calendar:
        each, name = known.get(day), f"{day:%b} {day.day}"
        count, units = (each.outputs, each.cost or 0) if each else (0, 0)
        outputs.append((name, count, f"{day}: {count}"))
        cost.append((name, units / dollars, f"{day}: {costs.write(units)} USD"))
    return [
        {
            "id": "outputs",
            "title": "Outputs per day",
            "kind": "bars",
            "plot": charts.bars(outputs),
            "columns": ["Day", "Outputs", "Mean score"],
            "rows": [
                [each.day, each.outputs, "–" if each.mean is None else f"{each.mean:.2f}"]
                for each in reversed(days)
            ],
            "about": "Days are those of UTC.",
        },
        {
            "id": "cost",
            "title": "Cost per day, in USD",
            "kind": "bars",
            "plot": charts.bars(cost),
            "columns": ["Day", "Cost in USD"],
            "rows": [
                [each.day, costs.write(each.cost)]
                for each in reversed(days)
                if each.cost is not None
            ],
            "about": "As far as logs tell their cost.",
        },
    ]


def _spoken(interval):
    low, high = interval
    return f"{low:.2f} to {high:.2f}".replace("-", "−")
