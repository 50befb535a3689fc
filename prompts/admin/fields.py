"""Form fields that keep what was sent, in spite of what browsers make of it."""

from django.core.exceptions import ValidationError
from django.forms import CharField, Textarea

from prompts import tags


class KeptField(CharField):
    """Text that a form neither trims nor, by a browser's habit, gives CR LF for line ends."""

    def __init__(self, **kwargs):
        super().__init__(strip=False, **kwargs)

    def has_changed(self, initial, data):
        return _unix(initial or "") != _unix(data or "")

    def clean(self, value):
        return _unix(super().clean(value))


class KeptLine(KeptField):
    """An input of one line, from which a browser drops line ends."""

    def has_changed(self, initial, data):
        return "".join(_unix(initial or "").split("\n")) != (data or "")


class WordsField(CharField):
    """A list of tags, as words with commas between."""

    widget = Textarea(attrs={"rows": 2})

    def __init__(self, *, encoder=None, decoder=None, **kwargs):
        """What a JSON field has beside, for which this one stands, is not asked for."""
        super().__init__(strip=False, **kwargs)

    def prepare_value(self, value):
        return value if isinstance(value, str) else tags.to_words(value or [])

    def to_python(self, value):
        try:
            return tags.clean(tags.from_words(super().to_python(value) or ""))
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def has_changed(self, initial, data):
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True


def _unix(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")
