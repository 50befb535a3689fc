"""axe-core, which finds what people who do not see, or not well, can't use.

Playwright runs it as the browser's own, so the Content-Security-Policy stays as it is.
"""

from typing import NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")

# Preloading would fetch the style sheets again, and put them into the page as inline ones, which
# the policy forbids.
RUN = """
only => axe.run(document, {resultTypes: ['violations'], preload: false, ...only})
    .then(found => found.violations)
"""
OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


class Known(NamedTuple):
    """A finding that we live with."""

    rule: str
    target: str  # the selector, as axe tells it
    why: str


KNOWN = [
    Known(
        "label-title-only",
        "#searchbar",
        "The admin's search box has a label: a picture whose text is “Search”. axe reads no such.",
    ),
]


def load(page: Page) -> None:
    page.evaluate(AXE_SCRIPT)


def findings(page: Page, scheme: str) -> list[str]:
    """What is serious, with the elements that it is found at. Needs `load`.

    Dark pages differ from light ones in their colours alone.
    """
    only = OF_COLOURS if scheme == "dark" else {}
    return [
        f"{violation['id']} ({violation['impact']}): {target_of(node)}: {node['failureSummary']}"
        for violation in page.evaluate(RUN, only)
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
        if not is_known(violation["id"], target_of(node))
    ]


def target_of(node) -> str:
    return " ".join(str(part) for part in node["target"])


def is_known(rule: str, target: str) -> bool:
    return any((known.rule, known.target) == (rule, target) for known in KNOWN)
