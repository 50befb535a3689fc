"""What operators see and do. The rules are the models'; here are pages, forms and permissions."""

from prompts.admin.logs import LogAdmin
from prompts.admin.prompts import PromptAdmin

__all__ = ["LogAdmin", "PromptAdmin"]
