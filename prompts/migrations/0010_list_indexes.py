from django.db import migrations, models

import prompts.models.expressions


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0009_log_versions'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='prompt',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'updated_at', 'id'], name='prompt_owner_updated'),
        ),
        migrations.AddIndex(
            model_name='prompt',
            index=models.Index(models.F('owner'), prompts.models.expressions.ByCodePoint('title'), models.F('id'), condition=models.Q(('deleted_at', None)), name='prompt_owner_title'),
        ),
        migrations.AddIndex(
            model_name='log',
            index=models.Index(fields=['owner', 'score', 'id'], name='log_owner_score'),
        ),
        migrations.AddIndex(
            model_name='prompt',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'model', 'id'], name='prompt_owner_model'),
        ),
    ]
