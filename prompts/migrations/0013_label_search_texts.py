import django.utils.timezone
from django.db import migrations, models

from prompts import search

BATCH = 500


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    Label = apps.get_model('prompts', 'Label')
    Version = apps.get_model('prompts', 'Version')
    labels = Label.objects.using(alias).order_by('pk')
    batch = list(labels[:BATCH])
    while batch:
        for label in batch:
            version = Version.objects.using(alias).get(prompt=label.prompt_id, number=label.version)
            label.version_created_at = version.created_at
            label.search_text = search.document(version.title, version.content, version.tags)
        labels.bulk_update(batch, ['version_created_at', 'search_text'])
        batch = list(labels.filter(pk__gt=batch[-1].pk)[:BATCH])


class Migration(migrations.Migration):
    dependencies = [
        ('prompts', '0012_search_texts'),
    ]

    operations = [
        migrations.AddField(
            model_name='label',
            name='version_created_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='label',
            name='search_text',
            field=models.TextField(default='', editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
