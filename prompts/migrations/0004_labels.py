import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0003_first_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='prompt',
            name='labels',
            field=models.JSONField(default=dict, editable=False, help_text='Name → number; a copy of the label rows.'),
        ),
        migrations.CreateModel(
            name='LabelMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(editable=False, max_length=36)),
                ('from_version', models.PositiveIntegerField(editable=False, null=True)),
                ('to_version', models.PositiveIntegerField(editable=False, null=True)),
                ('note', models.CharField(blank=True, editable=False, max_length=500)),
                ('created_at', models.DateTimeField(editable=False)),
                ('actor', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prompt', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='label_moves', to='prompts.prompt')),
            ],
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(editable=False, max_length=36)),
                ('version', models.PositiveIntegerField(editable=False)),
                ('prompt', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='label_rows', to='prompts.prompt')),
                ('move', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='prompts.labelmove')),
            ],
        ),
        migrations.AddIndex(
            model_name='labelmove',
            index=models.Index(fields=['prompt', 'name', 'id'], name='label_move_history'),
        ),
        migrations.AddIndex(
            model_name='label',
            index=models.Index(fields=['name', 'prompt'], name='label_name_prompt'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.UniqueConstraint(fields=('prompt', 'name'), name='label_is_unique_per_prompt'),
        ),
    ]
