"""A label tells whose it is, so that a person's released prompts are an index away."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OWNERS = """
    UPDATE prompts_label SET owner_id =
        (SELECT owner_id FROM prompts_prompt WHERE id = prompts_label.prompt_id)
"""


class Migration(migrations.Migration):
    # PostgreSQL does not alter a table that has rows of the same transaction.
    atomic = False

    dependencies = [
        ('prompts', '0013_label_search_texts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='label',
            name='owner',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunSQL(OWNERS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='label',
            name='owner',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RemoveIndex(
            model_name='label',
            name='label_name_prompt',
        ),
        migrations.AddIndex(
            model_name='label',
            index=models.Index(fields=['owner', 'name', 'prompt'], name='label_owner_name_prompt'),
        ),
    ]
