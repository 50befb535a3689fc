class ImmutableError(TypeError):
    """Somebody tried to rewrite history; a mistake in our code, never in a request."""
