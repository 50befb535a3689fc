"""The history of a prompt, and any two versions of it side by side."""

from itertools import islice

from prompts import diffs, references
from prompts.admin.pages import PromptPage
from prompts.models import Version
from prompts.models.prompts import LabelNotSet, NoSuchVersion

VERSIONS_SHOWN = 50
ROWS_SHOWN = 2_000


def panel(prompt):
    """The newest versions, each with the labels that point at it."""
    versions = prompt.versions.newest_first().select_related("author").defer("content", "variables")
    return [
        (version, [name for name, at in prompt.labels.items() if at == version.number])
        for version in versions[:VERSIONS_SHOWN]
    ]


class DiffPage(PromptPage):
    """`?from=1&to=3`: numbers, labels or `latest`."""

    template_name = "admin/prompts/prompt/diff.html"
    title = "Differences"

    def get_context_data(self, **kwargs):
        asked = {
            "from": self.request.GET.get("from") or str(max(1, self.prompt.version - 1)),
            "to": self.request.GET.get("to") or "latest",
        }
        context = super().get_context_data(**kwargs) | {"asked": asked}
        try:
            old, new = (self.prompt.at(references.parse(ref)) for ref in asked.values())
        except (NoSuchVersion, LabelNotSet, ValueError) as error:
            return context | {"problem": str(error)}
        return context | compared(old, new)


def compared(old: Version, new: Version):
    changes = diffs.changes(old.text, new.text)
    rows = diffs.side_by_side(old.content, new.content)
    return {
        "old": old,
        "new": new,
        "changes": [each for each in changes if each["field"] != "content"],
        "variables": diffs.variable_changes(old.content, new.content),
        "rows": list(islice(rows, ROWS_SHOWN)),
        "rows_left_out": max(0, len(rows) - ROWS_SHOWN),
    }
