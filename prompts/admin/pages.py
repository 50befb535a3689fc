"""What pages of ours in the admin have in common."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import TemplateView

from prompts.models import Prompt


class AdminPage(TemplateView):
    """In the admin's frame; whoever may see prompts may see it, unless it says otherwise."""

    model_admin: Any = None
    title = ""

    def dispatch(self, request, *args, **kwargs):
        if not self.is_allowed(request):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def is_allowed(self, request):
        return self.model_admin.has_view_permission(request)

    def get_context_data(self, **kwargs):
        return {
            **super().get_context_data(**kwargs),
            **self.model_admin.admin_site.each_context(self.request),
            "opts": self.model_admin.opts,
            "title": self.title,
            "list_url": reverse("admin:prompts_prompt_changelist"),
            "media": self.model_admin.media,
        }

    def refused(self, **context):
        """The page again, with what is wrong."""
        context = self.get_context_data(**context)
        return self.render_to_response(context, status=HTTPStatus.BAD_REQUEST)


class PromptPage(AdminPage):
    """Of one prompt, in the trash or not."""

    prompt: Prompt

    def dispatch(self, request, *args, pk, **kwargs):
        self.prompt = get_object_or_404(Prompt.everywhere.without_search_text(), pk=pk)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return {
            **super().get_context_data(**kwargs),
            "original": self.prompt,
            "subtitle": str(self.prompt),
        }
