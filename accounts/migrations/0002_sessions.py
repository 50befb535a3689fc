import django.db.models.deletion
import promptcrafter.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_users'),
    ]

    operations = [
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=promptcrafter.ids.new_key, editable=False, primary_key=True, serialize=False)),
                ('refresh_id', models.CharField(help_text='The `jti` of the token that is good.', max_length=32)),
                ('password_mark', models.CharField(help_text='Of the password that it was opened under; another one ends it.', max_length=16)),
                ('device', models.CharField(help_text='As its User-Agent says.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
