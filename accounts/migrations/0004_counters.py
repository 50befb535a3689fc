from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_api_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='Counter',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('count', models.BigIntegerField()),
                ('ends_at', models.BigIntegerField(db_index=True, help_text='Seconds since 1970.')),
            ],
        ),
    ]
