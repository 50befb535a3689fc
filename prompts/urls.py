from django.urls import path

from prompts.views import evidence, labels, rendering, search, trash, versions
from prompts.views.batch import BatchView
from prompts.views.logs import LogBatchView

# Of the form of a thing's own path, so they stand before those.
batches = [
    path("prompts/batch", BatchView.as_view()),
    path("logs/batch", LogBatchView.as_view()),
]

urlpatterns = [
    path("search", search.SearchView.as_view(), name="search"),
    path("tags", search.TagListView.as_view(), name="tags"),
    path("models", search.ModelListView.as_view(), name="models"),
    path("prompts/<pk>/stats", evidence.StatsView.as_view()),
    path("prompts/<pk>/compare", evidence.CompareView.as_view()),
    path("leaderboard", evidence.LeaderboardView.as_view(), name="leaderboard"),
    path("prompts/<pk>/render", rendering.RenderView.as_view()),
    path("render", rendering.RenderDraftView.as_view(), name="render"),
    path("render/check", rendering.CheckDraftView.as_view()),
    path("prompts/<pk>/versions", versions.VersionListView.as_view()),
    path("prompts/<pk>/versions/<number>", versions.VersionView.as_view()),
    path("prompts/<pk>/versions/<number>/restore", versions.RestoreView.as_view()),
    path("prompts/<pk>/diff", versions.DiffView.as_view()),
    path("prompts/<pk>/labels", labels.LabelListView.as_view()),
    path("prompts/<pk>/labels/<name>", labels.LabelView.as_view()),
    path("prompts/<pk>/labels/<name>/history", labels.LabelHistoryView.as_view()),
    path("prompts/<pk>/labels/<name>/rollback", labels.LabelRollbackView.as_view()),
    path("trash", trash.TrashView.as_view(), name="trash"),
    path("trash/<pk>", trash.TrashedPromptView.as_view()),
    path("trash/<pk>/restore", trash.TrashRestoreView.as_view()),
]
