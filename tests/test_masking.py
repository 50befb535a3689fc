import pytest

from promptcrafter import masking

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl_-x"
KEY = f"pc_{'aB3' * 15}z"
SECRET = "nobody else's business"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (
            "/prompts/prompt_01m83trjvzeb7vw09s9gmd4d3y",
            "/prompts/prompt_01m83trjvzeb7vw09s9gmd4d3y",
        ),
        ("/", "/"),
        (f"/prompts/{JWT}/versions", "/prompts/…/versions"),
        (f"/prompts/{JWT[:30]}", "/prompts/…"),
        (f"/{KEY}", "/…"),
        (f"/labels/{'x' * 65}/history", "/labels/…/history"),
        ("/a" * 500, "/a" * 128),
    ],
)
def test_a_path_keeps_its_ids_and_names(path, kept):
    assert masking.path(path) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("'NoneType' object has no attribute 'pk'", "'NoneType' object has no attribute 'pk'"),
        (f"could not convert string to float: '{SECRET}'", "could not convert string to float…"),
        (
            'duplicate key value violates unique constraint "accounts_user_email_key"\n'
            f"DETAIL:  Key (email)=({SECRET}) already exists.",
            'duplicate key value violates unique constraint "accounts_user_email_key"',
        ),
        (
            f'new row violates "positive"\nDETAIL:  Failing row contains (1, {SECRET}\nand more).',
            'new row violates "positive"',
        ),
        (
            f'invalid input syntax for type uuid: "{SECRET}"\nLINE 1: x',
            "invalid input syntax for type uuid…",
        ),
        (f"You passed in {SECRET.encode()} (bytes)", "You passed in …"),
        (f"unknown model '{SECRET}'", "unknown model …"),
        ("can't adapt type 'dict'", "can't adapt type 'dict'"),
        (f"No label in {{'name': '{SECRET}'}}", "No label in …"),
        (f"refused the header Bearer {KEY}", "refused the header …"),
        ("x" * 300, "x" * 200),
    ],
)
def test_an_error_keeps_its_words_and_not_its_values(said, kept):
    sentence = masking.sentence(ValueError(said))
    assert SECRET not in sentence
    assert sentence.startswith(kept.removesuffix("…"))


def test_a_trace_names_each_cause_and_where_it_was_raised():
    try:
        try:
            float(SECRET)
        except ValueError as error:
            raise KeyError("label") from error
    except KeyError as error:
        lines = masking.trace(error)
    assert [line.partition(":")[0].rpartition("/")[2] for line in lines] == [
        "test_masking.py",
        "ValueError",
        "test_masking.py",
        "KeyError",
    ]
    assert SECRET not in str(lines)


def test_a_trace_without_end_is_cut():
    def recurse():
        recurse()

    with pytest.raises(RecursionError) as caught:
        recurse()
    assert len(masking.trace(caught.value)) == masking.FRAMES_SHOWN + 1
