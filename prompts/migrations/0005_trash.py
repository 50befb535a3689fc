from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0004_labels'),
    ]

    operations = [
        migrations.AddField(
            model_name='prompt',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
