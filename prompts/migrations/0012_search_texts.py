"""The folded text of every prompt in its new layout: title and tags on a line each, then the content."""

from django.db import migrations

from prompts import search

BATCH = 50


def fold_anew(apps, schema_editor):
    Prompt = apps.get_model('prompts', 'Prompt')
    prompts = Prompt.objects.using(schema_editor.connection.alias).order_by('pk')
    prompts = prompts.only('title', 'content', 'tags')
    last = prompts.values_list('pk', flat=True).first()
    batch = list(prompts.filter(pk__gte=last)[:BATCH]) if last else []
    while batch:
        for prompt in batch:
            prompt.search_text = search.document(prompt.title, prompt.content, prompt.tags)
        prompts.bulk_update(batch, ['search_text'])
        batch = list(prompts.filter(pk__gt=batch[-1].pk)[:BATCH])


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0011_search_index'),
    ]

    operations = [
        # Backwards there is nothing to do: what is searched for is in either layout.
        migrations.RunPython(fold_anew, migrations.RunPython.noop, elidable=True),
    ]
