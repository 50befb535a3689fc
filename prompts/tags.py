"""What a list of tags is: short, trimmed, each once, in the order they were given."""

MAX_COUNT = 50
MAX_LENGTH = 50


def clean(tags: object) -> list[str]:
    """The tags as they are kept; raises ValueError with a sentence that says how to be right."""
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("Send a list of strings.")
    unique = list(dict.fromkeys(tag.strip() for tag in tags))
    if len(unique) > MAX_COUNT:
        raise ValueError(f"Use at most {MAX_COUNT} different tags.")
    for tag in unique:
        if not 1 <= len(tag) <= MAX_LENGTH:
            raise ValueError(f"Each tag needs 1 to {MAX_LENGTH} characters besides white space.")
        if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in tag):
            raise ValueError("A tag can't hold NUL or a lone surrogate.")
    return unique
