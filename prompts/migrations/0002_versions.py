import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0001_prompts_and_logs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='prompt',
            name='revision',
            field=models.PositiveIntegerField(default=1, editable=False, help_text='Counts edits and moves of labels alike.'),
        ),
        migrations.AddField(
            model_name='prompt',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, help_text="The newest version's number; it only ever grows."),
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(editable=False)),
                ('title', models.CharField(editable=False, max_length=100)),
                ('content', models.TextField(editable=False)),
                ('model', models.CharField(editable=False, max_length=100)),
                ('tags', models.JSONField(editable=False)),
                ('message', models.CharField(blank=True, editable=False, max_length=500)),
                ('source', models.CharField(choices=[('create', 'Create'), ('edit', 'Edit'), ('restore', 'Restore')], editable=False, max_length=7)),
                ('created_at', models.DateTimeField(editable=False)),
                ('author', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prompt', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='prompts.prompt')),
            ],
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(fields=('prompt', 'number'), name='version_number_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='version_numbers_start_at_1'),
        ),
    ]
