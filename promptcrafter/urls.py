from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import APIRootView, DefaultRouter

from accounts.api import ApiView
from accounts.pages import (
    AdminLoginForm,
    AdminPasswordPage,
    LoginPage,
    PasswordResetPage,
    SignupPage,
    admin_login,
)
from promptcrafter.browsable.root import Looking, entrances, welcome
from promptcrafter.description import DescriptionView, DocumentationPage
from promptcrafter.health import healthz, readyz
from promptcrafter.openapi.operations import Schema
from prompts.urls import batches
from prompts.views.logs import LogViewSet
from prompts.views.prompts import PromptViewSet

LISTS = {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}


@extend_schema_view(get=extend_schema(operation_id="listLists", responses={200: LISTS}))
class PromptCrafter(ApiView, APIRootView):
    """Your generative-AI prompts, and the outputs that they produced."""

    permission_classes = (Looking,)
    page_template = "promptcrafter/root.html"
    page_context = staticmethod(welcome)
    schema = Schema()

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(entrances(request))


class Router(DefaultRouter):
    include_format_suffixes = False
    APIRootView = PromptCrafter


router = Router(trailing_slash=False)
router.register("prompts", PromptViewSet, "prompt")
router.register("logs", LogViewSet, "log")

admin.site.login_form = AdminLoginForm
admin.site.enable_nav_sidebar = False  # for tables need the width
admin.site.site_title = admin.site.site_header = "PromptCrafter"

urlpatterns = [
    path("auth/", include("accounts.urls")),
    path("", include(batches)),
    path("", include(router.urls)),
    path("", include("prompts.urls")),
    path("openapi.json", DescriptionView.as_view()),
    path("docs", DocumentationPage.as_view(), name="docs"),
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/insights/", RedirectView.as_view(pattern_name="admin:prompts_prompt_insights")),
    path("admin/login/", admin_login),
    path("admin/password_change/", admin.site.admin_view(AdminPasswordPage.as_view())),
    path("admin/", admin.site.urls),
    path("password-reset", PasswordResetPage.as_view(), name="password-reset"),
    path("api-auth/signup/", SignupPage.as_view(), name="sign-up"),
    path("api-auth/login/", LoginPage.as_view(), name="log-in"),
    path("api-auth/", include("rest_framework.urls")),
]

if settings.METRICS:
    urlpatterns.append(path("metrics", import_module("promptcrafter.metrics").scrape))

handler400 = handler403 = handler404 = handler500 = "promptcrafter.errors.any_error"
