"""Who counts what is refused: nobody, unless the service's metrics are on."""

from collections.abc import Callable

listeners: list[Callable[[str], None]] = []


def note(kind: str) -> None:
    """Somebody was told to come back later, or had a wrong password; `kind` is one of a few.

    Where that is answered: who raises Throttled or Busy does not know who catches it.
    """
    for listener in listeners:
        listener(kind)
