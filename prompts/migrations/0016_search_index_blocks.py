from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prompts', '0015_labels_by_owner'),
    ]

    operations = [
        migrations.AddField(
            model_name='searchindex',
            name='until_key',
            field=models.UUIDField(help_text="And its prompt's key, for equal times.", null=True),
        ),
        migrations.AddField(
            model_name='searchindex',
            name='texts',
            field=models.PositiveIntegerField(default=0, help_text='That were ever given a slot.'),
        ),
        migrations.AddField(
            model_name='searchindex',
            name='filled',
            field=models.PositiveIntegerField(default=0, help_text='Characters of different words that the last block was given.'),
        ),
    ]
