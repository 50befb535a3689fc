"""When somebody last wrote, to a second or two: until a replica has it, they read on the primary."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_old_browser_sessions'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='wrote_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
