import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0012_search_texts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='label',
            name='updated_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text='When it was moved there, or a little later.'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='label',
            name='slot',
            field=models.PositiveIntegerField(editable=False, help_text='Where the search index has this text, if it has it.', null=True),
        ),
        migrations.AddField(
            model_name='label',
            name='search_text',
            field=models.TextField(default='', editable=False, help_text='Of that version.'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='label',
            name='owner',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
