"""How a client names a version: by its number, by a label, or as `latest`. Pure."""

import re

from promptcrafter.labels import check_name

# The database's integers end at 2,147,483,647; ten digits would not all fit.
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class MalformedVersion(ValueError):
    def __init__(self) -> None:
        super().__init__("A version's number is a whole number from 1 on, in ASCII digits.")


def number(text: str) -> int:
    """The version number that `text` writes; raises MalformedVersion."""
    if not _NUMBER.fullmatch(text):
        raise MalformedVersion
    return int(text)


def parse(text: str) -> int | str:
    """A number where it is all digits, which no label can be; otherwise `latest` or a label's name.

    Raises MalformedVersion and MalformedLabel.
    """
    if re.fullmatch(r"[0-9]+", text):
        return number(text)
    return text if text == "latest" else check_name(text)
