"""Every prompt that was saved before there were versions gets its text as version 1."""

from django.db import migrations

FIRST_VERSIONS = """
    INSERT INTO prompts_version
        (prompt_id, number, title, content, model, tags, message, author_id, source, created_at)
    SELECT id, 1, title, content, model, tags, '', owner_id, 'create', updated_at
    FROM prompts_prompt
    WHERE NOT EXISTS (SELECT 1 FROM prompts_version WHERE prompt_id = prompts_prompt.id)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0002_versions'),
    ]

    operations = [
        # Backwards there is nothing to do: 0002 takes the table away, and whoever goes no further
        # keeps the versions that there are.
        migrations.RunSQL(FIRST_VERSIONS, migrations.RunSQL.noop),
    ]
