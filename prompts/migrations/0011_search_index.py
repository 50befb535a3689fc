import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0010_list_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='prompt',
            name='slot',
            field=models.PositiveIntegerField(editable=False, help_text='Where the search index has this text, if it has it.', null=True),
        ),
        migrations.AddIndex(
            model_name='prompt',
            index=models.Index(fields=['owner', 'slot'], name='prompt_owner_slot'),
        ),
        migrations.CreateModel(
            name='SearchIndex',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('of', models.CharField(choices=[('prompts', 'Prompts'), ('labels', 'Labels')], max_length=7)),
                ('slots', models.PositiveIntegerField(default=0, help_text='Given out; some may be empty by now.')),
                ('until', models.DateTimeField(help_text='`updated_at` of the last one.', null=True)),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SearchBucket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bucket', models.PositiveSmallIntegerField()),
                ('block', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('index', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='buckets', to='prompts.searchindex')),
            ],
        ),
        migrations.AddConstraint(
            model_name='searchindex',
            constraint=models.UniqueConstraint(fields=('owner', 'of'), name='search_index_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='searchbucket',
            constraint=models.UniqueConstraint(fields=('index', 'bucket', 'block'), name='search_bucket_is_unique'),
        ),
    ]
