import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0014_label_owners'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='label',
            name='owner',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RemoveIndex(
            model_name='label',
            name='label_name_prompt',
        ),
        migrations.AddIndex(
            model_name='label',
            index=models.Index(fields=['owner', 'name', 'prompt'], name='label_owner_name_prompt'),
        ),
        migrations.AddIndex(
            model_name='label',
            index=models.Index(fields=['owner', 'name', 'slot'], name='label_owner_name_slot'),
        ),
    ]
