import contextlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from promptcrafter import ids


# From TypeID's own list of valid examples (spec/valid.json).
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("prefix_00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
        ("prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("prefix_0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
        ("prefix_01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
    ],
)
def test_ids_are_those_of_the_specification(text, key):
    assert ids.encode("prefix", UUID(key)) == text
    assert ids.decode("prefix", text) == UUID(key)


@given(st.uuids())
def test_an_id_leads_back_to_its_key(key):
    assert ids.decode("log", ids.encode("log", key)) == key


@given(st.text() | st.from_regex(r"(prompt_)?[0-9a-z]{24,28}"))
def test_any_text_is_an_id_or_malformed(text):
    with contextlib.suppress(ids.MalformedId):
        assert ids.encode("prompt", ids.decode("prompt", text)) == text


def test_ids_sort_by_time():
    keys = [uuid7() for _ in range(1000)]
    assert [ids.encode("log", key) for key in keys] == sorted(ids.encode("log", k) for k in keys)


def test_the_lowest_key_of_a_time_is_no_higher_than_those_made_then():
    before = datetime.now(UTC)
    keys = [ids.new_key() for _ in range(100)]
    after = datetime.now(UTC)
    assert ids.lowest(before) <= min(keys)
    assert max(keys) < ids.lowest(after, shift=timedelta(seconds=1))
    assert ids.lowest(before, shift=timedelta(days=1)) > max(keys)


@pytest.mark.parametrize("moment", [datetime.min, datetime(1969, 12, 31), datetime(9999, 12, 31)])
def test_every_time_has_a_lowest_key(moment):
    moment = moment.replace(tzinfo=UTC)
    assert 0 <= ids.lowest(moment, shift=timedelta(days=-1)).int < 1 << 128
    assert ids.lowest(moment) <= ids.lowest(moment, shift=timedelta(days=1))
