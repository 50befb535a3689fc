"""Money to the last digit: US dollars as whole millionths of a millionth. Pure.

A price of $0.15 for a million tokens is $0.00000015 for one, which no float holds; and whole
numbers sum exactly in any database.
"""

from decimal import Decimal, InvalidOperation

DECIMALS = 12
MAXIMUM = 1_000_000  # dollars; whole numbers of 64 bits reach to nine millions
PATTERN = r"^(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,12})?$"

_UNIT = Decimal(10) ** DECIMALS


def read(value: str | float) -> int:
    """Units of a number or its text, like 0.0125; raises ValueError where it is not exact, negative
    or beyond the maximum."""
    try:
        units = Decimal(repr(value) if isinstance(value, float) else value) * _UNIT
        if units != int(units) or not 0 <= units <= MAXIMUM * _UNIT:
            raise ValueError(value)
    except (InvalidOperation, OverflowError) as error:
        raise ValueError(value) from error
    return int(units)


def write(units: int) -> str:
    """Without an exponent, or zeros that say nothing."""
    text = f"{units // 10**DECIMALS}.{units % 10**DECIMALS:0{DECIMALS}d}"
    return text.rstrip("0").rstrip(".")
