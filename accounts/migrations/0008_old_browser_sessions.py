"""Whoever was logged in with a browser logs in again: Django's own table, which does not tell whose a
session is, is used no more, and nothing would delete what it holds."""

from django.db import migrations


def forget(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model('sessions', 'Session').objects.using(alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_disable_users'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]
