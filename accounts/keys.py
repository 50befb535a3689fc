"""What a program's key looks like: `pc_`, 8 characters that name it, 32 that are secret, and 6 of
checksum, all of base 62.

After GitHub's tokens: scanners find it in a leaked file by its prefix, and tell it from look-alikes
by the CRC-32, without asking us. Pure.
"""

import hashlib
import re
import secrets
import string
from zlib import crc32

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
PREFIX_LENGTH = len("pc_") + 8

_SHAPE = re.compile(r"pc_[0-9A-Za-z]{46}")


def generate() -> str:
    """A new key, of 190 random bits behind its name."""
    body = "pc_" + "".join(secrets.choice(ALPHABET) for _ in range(40))
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Whether `text` could be a key: one with a slip of the pen could not."""
    return bool(_SHAPE.fullmatch(text)) and text[-6:] == _checksum(text[:-6])


def prefix(key: str) -> str:
    """The part that may be shown, and finds the row."""
    return key[:PREFIX_LENGTH]


def digest(key: str) -> str:
    """SHA-256, in hexadecimal. Enough for random bits; never use it for passwords."""
    return hashlib.sha256(key.encode()).hexdigest()


def _checksum(body: str) -> str:
    """CRC-32 in six digits of base 62, the highest first."""
    number, digits = crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits
