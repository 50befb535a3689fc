"""Whole files or none, and what tells later whether they still are what they were."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Refused(Exception):
    """A sentence that says what is wrong, and how to be right."""


def checksum_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


@contextmanager
def draft_of(file: Path) -> Iterator[Path]:
    """An empty file of mode 600 in the folder of `file`; gone afterwards, unless it was moved."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.draft")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def put(draft: Path, file: Path) -> None:
    """Gives a whole draft its name, and its checksum beside it, as `sha256sum --check` reads it.

    Of a crash in between, the whole file stays without a checksum: never one of another file.
    """
    with draft_of(checksum_of(file)) as checksum:
        checksum.write_text(f"{digest(draft)}  {file.name}\n")
        for each in (draft, checksum):
            sync(each)
        checksum_of(file).unlink(missing_ok=True)
        draft.replace(file)
        checksum.replace(checksum_of(file))
        sync(file.parent)


def sync(path: Path) -> None:
    """A file's bytes, or a folder's names, are on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(file: Path) -> None:
    """Raises Refused for a file that is not the one that its checksum was written of."""
    try:
        kept = re.match(r"[0-9a-f]{64}\b", checksum_of(file).read_text(errors="replace"))
    except FileNotFoundError as error:
        raise Refused(
            f"{checksum_of(file)} is missing, so nothing tells whether {file} is whole; where you "
            "know that it is, write it with sha256sum."
        ) from error
    if kept is None or kept[0] != digest(file):
        raise Refused(
            f"{file} is not what was backed up: its checksum is another than in "
            f"{checksum_of(file)}. Take another backup."
        )
