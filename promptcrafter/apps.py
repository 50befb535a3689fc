from django.apps import AppConfig


class PromptCrafterConfig(AppConfig):
    """The project's own templates and static files."""

    name = "promptcrafter"
