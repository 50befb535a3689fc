
from django.conf import settings
from django.db import migrations, models

class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0018_variables_of_texts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='log',
            name='cost',
            field=models.BigIntegerField(editable=False, help_text='In units of prompts.costs.', null=True),
        ),
        migrations.AddField(
            model_name='log',
            name='external_id',
            field=models.CharField(editable=False, max_length=200, null=True),
        ),
        migrations.AddField(
            model_name='log',
            name='input_tokens',
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='log',
            name='inputs',
            field=models.BigIntegerField(editable=False, help_text='A hash of the variables, if there are any.', null=True),
        ),
        migrations.AddField(
            model_name='log',
            name='label',
            field=models.CharField(editable=False, help_text='That led to the version.', max_length=36, null=True),
        ),
        migrations.AddField(
            model_name='log',
            name='latency_ms',
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='log',
            name='output_tokens',
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='log',
            name='variables',
            field=models.TextField(editable=False, help_text='A JSON object, as it is answered.', null=True),
        ),
        migrations.AddIndex(
            model_name='log',
            index=models.Index(fields=['prompt', 'version', 'model_used', 'latency_ms', 'created_at', 'score', 'input_tokens', 'output_tokens', 'cost', 'inputs'], name='log_evidence'),
        ),
        migrations.AddConstraint(
            model_name='log',
            constraint=models.CheckConstraint(condition=models.Q(('cost__gte', 0)), name='log_cost_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='log',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id__isnull', False)), fields=('owner', 'external_id'), name='log_external_id_is_unique'),
        ),
    ]
