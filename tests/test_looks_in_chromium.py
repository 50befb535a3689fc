"""Each kind of page, wide and narrow, light and dark, in a real browser: everybody can use it, and
it complains of nothing."""

import os
from contextlib import closing

import pytest

from tests.browser import axe, looks
from tests.browser.chromium import needs_chromium
from tests.browser.looks import LOOKS
from tests.browser.pages import PAGES

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(
        "TEST_DATABASE_URL" in os.environ, reason="pages look the same on both databases"
    ),
]


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.name)
def test_everybody_can_use_a_page_whatever_their_screen(kind, site, visitors, complaints):
    complaints.expected = {kind.status}
    with closing(visitors.page(kind.who, complaints)) as page:
        assert kind.open(page, site.ids).status == kind.status
        axe.load(page)
        found = {}
        for look in LOOKS:
            looks.put_on(page, look)
            for finding in axe.findings(page, look.scheme) + looks.too_wide(page):
                found.setdefault(finding, []).append(look.name)
    assert not found, "\n".join(f"{what} [{', '.join(where)}]" for what, where in found.items())
