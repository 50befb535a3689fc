"""A group for those who may look at everything in the admin, and change nothing.

Django makes permissions after all migrations. Those that are needed here and not there yet are
made here, under the names that Django gives them, so that it finds them afterwards.
"""

from django.conf import settings
from django.db import migrations

NAME = 'Read-only staff'

# App, model, and the model's name in the name of its permission.
VIEWED = [
    ('accounts', 'user', 'user'),
    ('accounts', 'session', 'session'),
    ('accounts', 'apikey', 'API key'),
    ('prompts', 'prompt', 'prompt'),
    ('prompts', 'version', 'version'),
    ('prompts', 'label', 'label'),
    ('prompts', 'labelmove', 'label move'),
    ('prompts', 'log', 'log'),
]


def permissions(apps, alias):
    types = apps.get_model('contenttypes', 'ContentType').objects.using(alias)
    kept = apps.get_model('auth', 'Permission').objects.using(alias)
    for app, model, name in VIEWED:
        content_type, _ = types.get_or_create(app_label=app, model=model)
        permission, _ = kept.get_or_create(
            content_type=content_type,
            codename=f'view_{model}',
            defaults={'name': f'Can view {name}'},
        )
        yield permission


def create(apps, schema_editor):
    """A group of that name that is there already keeps its members, and what it may."""
    alias = schema_editor.connection.alias
    group, _ = apps.get_model('auth', 'Group').objects.using(alias).get_or_create(name=NAME)
    group.permissions.add(*permissions(apps, alias))


def take_away(apps, schema_editor):
    """But not a group that somebody is in, or that may do more."""
    alias = schema_editor.connection.alias
    group = apps.get_model('auth', 'Group').objects.using(alias).filter(name=NAME).first()
    if group is None:
        return
    group.permissions.remove(*permissions(apps, alias))
    if not group.permissions.exists() and not group.user_set.exists():
        group.delete()


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0019_evidence_of_logs'),
        ('accounts', '0008_old_browser_sessions'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(create, take_away),
    ]
