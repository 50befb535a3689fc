from django.apps import AppConfig


class PromptCrafterConfig(AppConfig):
    """The project's own checks, templates and static files."""

    name = "promptcrafter"

    def ready(self) -> None:
        from promptcrafter import checks  # noqa: F401, PLC0415  # it registers itself
