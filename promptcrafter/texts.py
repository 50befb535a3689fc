def is_storable(text: str) -> bool:
    """Whether both databases can hold it: PostgreSQL takes no NUL, and UTF-8 no lone surrogate."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
