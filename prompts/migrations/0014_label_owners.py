"""What labels have of their prompts, of the versions that they point at, and of their last moves."""

from django.db import migrations

from prompts import search

BATCH = 50

OWNERS = """
    UPDATE prompts_label SET
        owner_id = (SELECT owner_id FROM prompts_prompt WHERE id = prompts_label.prompt_id),
        updated_at = (SELECT created_at FROM prompts_labelmove WHERE id = prompts_label.move_id)
"""


def fold(apps, schema_editor):
    alias = schema_editor.connection.alias
    Label = apps.get_model('prompts', 'Label')
    Version = apps.get_model('prompts', 'Version')
    labels = Label.objects.using(alias).order_by('pk')
    batch = list(labels[:BATCH])
    while batch:
        for label in batch:
            version = Version.objects.using(alias).get(prompt=label.prompt_id, number=label.version)
            label.search_text = search.document(version.title, version.content, version.tags)
        labels.bulk_update(batch, ['search_text'])
        batch = list(labels.filter(pk__gt=batch[-1].pk)[:BATCH])


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0013_label_search_texts'),
    ]

    operations = [
        migrations.RunSQL(OWNERS, migrations.RunSQL.noop),
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
