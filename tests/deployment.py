"""manage.py under production settings: `python -m tests.deployment check --deploy`."""

import os
import secrets
import sys
import tempfile

from django.core.management import execute_from_command_line


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "promptcrafter.settings",
            "DATA_DIR": directory,
            "SECRET_KEY": secrets.token_urlsafe(64),
            "JWT_SIGNING_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "prompts.example.com",
            "HTTPS": "1",
            "TRUSTED_PROXIES": "1",
        }
        execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
