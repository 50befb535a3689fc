"""Each log names the version that produced it: of those that were kept already, the one that was the
newest when they were."""

from django.db import migrations, models

VERSIONS = """
    UPDATE prompts_log SET version = COALESCE(
        (SELECT max(number) FROM prompts_version
         WHERE prompt_id = prompts_log.prompt_id AND created_at <= prompts_log.created_at), 1)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0008_tags_of_prompts'),
    ]

    operations = [
        migrations.AddField(
            model_name='log',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
            preserve_default=False,
        ),
        migrations.RunSQL(VERSIONS, migrations.RunSQL.noop),
    ]
