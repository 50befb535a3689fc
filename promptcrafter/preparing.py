"""What must be done once before a release serves, however many processes start at once."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from promptcrafter.locks import Taken, alone_with


def prepare() -> None:
    """Migrates the database and collects static files; raises ImproperlyConfigured.

    Migrating has a lock of its own, which other machines ask for too.
    """
    try:
        call_command("migrate", verbosity=0, interactive=False)
        with alone_with(settings.DATA_DIR / "static.alone"):
            call_command("collectstatic", verbosity=0, interactive=False)
    except (CommandError, Taken) as error:
        raise ImproperlyConfigured(str(error)) from error
