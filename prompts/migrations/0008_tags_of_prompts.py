"""The rows of the tags that prompts have."""

from django.db import migrations

BATCH = 2_000


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    Prompt, Tag = apps.get_model('prompts', 'Prompt'), apps.get_model('prompts', 'Tag')
    live = Prompt.objects.using(alias).filter(deleted_at=None).order_by('pk')
    rows = live.values_list('pk', 'owner_id', 'tags')
    batch = list(rows[:BATCH])
    while batch:
        Tag.objects.using(alias).bulk_create(
            Tag(prompt_id=key, owner_id=owner, name=name)
            for key, owner, tags in batch
            for name in dict.fromkeys(tags)
        )
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])


def empty(apps, schema_editor):
    """They are made anew of the prompts; what is left here would be there twice."""
    apps.get_model('prompts', 'Tag').objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0007_tags'),
    ]

    operations = [
        migrations.RunPython(fill, empty),
    ]
