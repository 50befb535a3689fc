"""Pages of long lists, in the admin."""

import pytest
from django.core.paginator import EmptyPage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from promptcrafter.paginators import CAP, CappedPaginator


@pytest.fixture
def make_users(db):
    def make(count):
        numbers = range(count)
        User.objects.bulk_create(User(email=f"{n:04}@example.com", name="x") for n in numbers)

    return make


def pages(**options):
    return CappedPaginator(User.objects.order_by("email"), **{"per_page": 30} | options)


def emails(page):
    return [int(user.email[:4]) for user in page]


def test_a_list_of_as_many_as_are_counted_is_whole(make_users):
    make_users(CAP)
    paginator = pages()
    assert (paginator.count, paginator.num_pages, paginator.is_capped) == (CAP, 34, False)
    assert [row for page in paginator for row in emails(page)] == list(range(CAP))


def test_of_a_longer_list_the_first_are_shown_and_no_more_are_counted(make_users):
    make_users(CAP + 50)
    paginator = pages(per_page=300)
    assert (paginator.count, paginator.num_pages, paginator.is_capped) == (CAP, 4, True)
    assert emails(paginator.page(4)) == list(range(900, CAP))
    with pytest.raises(EmptyPage):
        paginator.page(5)


def test_an_empty_list_has_one_page_of_nothing(db):
    assert (pages().count, pages().is_capped, list(pages().page(1))) == (0, False, [])


def test_a_short_last_page_joins_the_one_before(make_users):
    make_users(33)
    (page,) = pages(orphans=3)
    assert emails(page) == list(range(33))


def test_the_keys_are_read_once_and_a_page_is_one_statement(make_users):
    make_users(CAP + 50)
    paginator = pages()
    with CaptureQueriesContext(connection) as captured:
        assert (paginator.count, paginator.is_capped) == (CAP, True)
        assert emails(paginator.page(2)) == list(range(30, 60))
        assert emails(paginator.page(3)) == list(range(60, 90))
    assert len(captured) == 3
    assert str(CAP + 1) in captured[0]["sql"]
    assert not any("COUNT" in query["sql"] for query in captured)


def test_a_row_that_went_meanwhile_is_missing_from_its_page_alone(make_users):
    make_users(90)
    paginator = pages()
    assert paginator.count == 90
    User.objects.filter(email="0031@example.com").delete()
    assert emails(paginator.page(2)) == [30, *range(32, 60)]
    assert emails(paginator.page(3)) == list(range(60, 90))
