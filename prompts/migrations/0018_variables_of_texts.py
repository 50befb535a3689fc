"""The variables of the texts that are there."""

from django.db import migrations

from prompts import rendering

BATCH = 200


def fill(apps, schema_editor):
    for name in ('Prompt', 'Version'):
        texts = apps.get_model('prompts', name).objects.using(schema_editor.connection.alias)
        texts = texts.filter(content__contains='{{').only('content').order_by('pk')
        batch = list(texts[:BATCH])
        while batch:
            for text in batch:
                text.variables = rendering.described(text.content)
            texts.bulk_update([text for text in batch if text.variables], ['variables'])
            batch = list(texts.filter(pk__gt=batch[-1].pk)[:BATCH])


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0017_variables'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
