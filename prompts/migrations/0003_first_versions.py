"""Every prompt that was saved before there were versions gets its text as version 1."""

from django.db import migrations

FIRST_VERSIONS = """
    INSERT INTO prompts_version
        (prompt_id, number, title, content, model, tags, message, author_id, source, created_at)
    SELECT id, 1, title, content, model, tags, '', owner_id, 'create', updated_at
    FROM prompts_prompt
"""


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0002_versions'),
    ]

    operations = [
        # Backwards there is nothing to do: 0002 takes the table away.
        migrations.RunSQL(FIRST_VERSIONS, migrations.RunSQL.noop),
    ]
