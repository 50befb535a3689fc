from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_browser_sessions'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='user',
            options={'permissions': [('disable_user', 'Can disable and enable user')]},
        ),
    ]
