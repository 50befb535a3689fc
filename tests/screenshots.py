"""`make screenshots`: each kind of page, wide and narrow, light and dark, into docs/screenshots.

Arguments name the kinds to take; without any, all are taken, and what is there of others goes.
"""

import io
import os
import sys
import tempfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from PIL import Image

from tests.browser import chromium, looks
from tests.browser.looks import LOOKS, Look
from tests.browser.pages import PAGES, Kind
from tests.live import ROOT

FOLDER = ROOT / "docs/screenshots"
INDEX = FOLDER / "README.md"
TOP = """\
# The pages

Made by `make screenshots`, with the library that the tests have; a click shows one in full.
"""


def main() -> None:
    os.environ["ACCESS_LOG"] = "0"
    os.environ.pop("TEST_DATABASE_URL", None)
    asked = set(sys.argv[1:]) or {kind.name for kind in PAGES}
    FOLDER.mkdir(exist_ok=True)
    take([kind for kind in PAGES if kind.name in asked])
    for file in {*FOLDER.glob("*.png")} - files():
        file.unlink()
    INDEX.write_text(index())


def take(kinds: Collection[Kind]) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        chromium.filled_site(Path(directory)) as site,
        chromium.visitors(site) as visitors,
    ):
        for kind in kinds:
            with closing(visitors.page(kind.who, chromium.Complaints(site))) as page:
                kind.open(page, site.ids)
                for look in LOOKS:
                    looks.put_on(page, look)
                    write(page.screenshot(animations="disabled"), file_of(kind, look))
            print(kind.name)


def write(picture: bytes, file: Path) -> None:
    """In 128 colours, which a page does not miss: a third of the size."""
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


def file_of(kind: Kind, look: Look) -> Path:
    return FOLDER / f"{kind.name}-{look.name}.png"


def files() -> set[Path]:
    return {file_of(kind, look) for kind in PAGES for look in LOOKS}


def index() -> str:
    names = [look.name.replace("-", ", ") for look in LOOKS]
    lines = [TOP, f"| page | {' | '.join(names)} |", "|---" * (len(LOOKS) + 1) + "|"]
    for kind in PAGES:
        cells = [thumbnail(kind, look) for look in LOOKS]
        lines.append(f"| {kind.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def thumbnail(kind: Kind, look: Look) -> str:
    name = file_of(kind, look).name
    width = 240 if look.width > 800 else 80
    return f'<a href="{name}"><img src="{name}" width="{width}" alt="{kind.name}, {look.name}"></a>'


if __name__ == "__main__":
    main()
