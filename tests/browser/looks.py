"""How wide a page is, and whether it is light or dark."""

from typing import Literal, NamedTuple

from playwright.sync_api import Page

# What reaches over the edge although nothing around it scrolls.
TOO_WIDE = """
() => document.scrollingElement.scrollWidth <= window.innerWidth ? [] :
    [...document.body.querySelectorAll('*')]
        .filter(each => each.getBoundingClientRect().right > window.innerWidth)
        .map(each => 'too wide: ' + each.outerHTML.slice(0, 120)).slice(0, 5)
"""
# A page hears of another scheme, or of its width, with the next frame.
AT_REST = """
() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(
    () => document.getAnimations()
    .filter(each => each.effect.getComputedTiming().endTime < Infinity)
    .forEach(each => each.finish()))
"""


class Look(NamedTuple):
    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]


LOOKS = [
    Look("wide-light", 1280, 900, "light"),
    Look("wide-dark", 1280, 900, "dark"),
    Look("narrow-light", 380, 800, "light"),
    Look("narrow-dark", 380, 800, "dark"),
]


def put_on(page: Page, look: Look) -> None:
    page.set_viewport_size({"width": look.width, "height": look.height})
    page.emulate_media(color_scheme=look.scheme)
    page.evaluate(AT_REST)


def too_wide(page: Page) -> list[str]:
    """The first elements that make the page scroll sideways."""
    return page.evaluate(TOO_WIDE)
