"""The pictures of pages, held against the table of pages."""

from tests import screenshots


def test_each_kind_of_page_has_its_pictures_and_nothing_else_has():
    assert {*screenshots.FOLDER.glob("*.png")} == screenshots.files()


def test_the_index_shows_them_all():
    assert screenshots.INDEX.read_text() == screenshots.index()


def test_a_picture_is_small():
    large = [file.name for file in screenshots.FOLDER.glob("*.png") if file.stat().st_size > 80_000]
    assert large == []
