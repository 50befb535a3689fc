"""What an operator's browser sends and sees, in the tests of the admin."""

import re
from typing import Any

LIST = "/admin/prompts/prompt/"
HTML = {"Accept": "text/html"}


def text(page: Any) -> str:
    assert page.status_code == 200
    return str(page.content.decode())


def hidden(page: Any) -> dict[str, str]:
    """The hidden fields of the forms that a page has, as a browser sends them."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text(page)))
