"""Which prompts carry a tag: a row for each tag of each prompt that is not in the trash.

`Prompt.tags` is what a prompt shows, and its verbs keep these rows in step with it. They are for
finding, which neither database does well in a JSON list.
"""

from django.conf import settings
from django.db import models

from prompts.tags import MAX_LENGTH


class Tag(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the index on (owner, name, prompt) serves
    )
    name = models.CharField(max_length=MAX_LENGTH)
    prompt = models.ForeignKey(
        "prompts.Prompt",
        on_delete=models.CASCADE,
        related_name="tag_rows",
        db_index=False,  # the unique constraint's index serves
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prompt", "name"], name="tag_is_unique_per_prompt"),
        ]
        indexes = [models.Index(fields=["owner", "name", "prompt"], name="tag_owner_name_prompt")]

    def __str__(self) -> str:
        return self.name
