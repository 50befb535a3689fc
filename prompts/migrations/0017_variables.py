from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0016_search_index_blocks'),
    ]

    operations = [
        migrations.AddField(
            model_name='prompt',
            name='variables',
            field=models.JSONField(default=list, editable=False, help_text='Of the content (prompts.rendering).'),
        ),
        migrations.AddField(
            model_name='version',
            name='variables',
            field=models.JSONField(default=list, editable=False),
        ),
    ]
