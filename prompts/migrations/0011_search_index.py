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
                ('owner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('slots', models.PositiveIntegerField(default=0, help_text='Given out; some may be empty by now.')),
                ('until', models.DateTimeField(help_text='`updated_at` of the last one.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SearchBucket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bucket', models.PositiveSmallIntegerField()),
                ('block', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name='searchbucket',
            constraint=models.UniqueConstraint(fields=('owner', 'bucket', 'block'), name='search_bucket_is_unique'),
        ),
    ]
