"""Texts of prompts that nobody wrote, drawn as words are in a language: a few are everywhere, most
are rare (Zipf's law), and each text has one that hardly any other has.

Most are English, a quarter mixes it with another language, so that every script is there.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

# The module's own limit is below that of a content. A longer field is left out with its row; one
# that is longer than this is a quote that nobody closed.
csv.field_size_limit(10_000_000)

Text = tuple[str, str]  # a title and a content

TITLE_LENGTHS = range(3, 101)
CONTENT_LENGTHS = range(1, 200_001)


class Vocabulary:
    """Words to draw from, of each list the earlier the more often."""

    def __init__(self, *lists: Sequence[str]) -> None:
        self.words = [word for each in lists for word in each]
        self._weights = list(accumulate(1 / rank for each in lists for rank in _ranks(each)))

    def draw(self, random: Random, count: int) -> list[str]:
        return random.choices(self.words, cum_weights=self._weights, k=count)


def _ranks(words: Sequence[str]) -> range:
    """Not from 1 on: the commonest word of a text is one in twenty, not one in eight."""
    return range(3, len(words) + 3)


@cache
def _word_lists() -> dict[str, list[str]]:
    """The paragraphs of words.txt by their heading."""
    text = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
    paragraphs = (each.split() for each in text.split("\n\n"))
    return {words[0].strip("[]"): words[1:] for words in paragraphs}


@cache
def _vocabularies() -> list[Vocabulary]:
    """English, then with it each of the others."""
    lists = _word_lists()
    english = lists["english"]
    others = [words for name, words in lists.items() if name not in {"models", "english"}]
    return [Vocabulary(english), *(Vocabulary(english, words) for words in others)]


@cache
def _tags() -> Vocabulary:
    """Some 200: words that mean something, of every script."""
    lists = _word_lists()
    foreign = [word for name in ("european", "cyrillic", "chinese") for word in lists[name][5:15]]
    return Vocabulary(lists["english"][160:330] + foreign)


@cache
def _models() -> Vocabulary:
    return Vocabulary(_word_lists()["models"])


class Writer:
    """Writes texts; the same for the same `random`. Half of them are of `real` where it has any."""

    def __init__(self, random: Random, real: Sequence[Text] = ()) -> None:
        self._random = random
        self._real = real

    def text(self) -> Text:
        if self._real and self._random.random() < 0.5:
            return self._random.choice(self._real)
        english, *others = _vocabularies()
        vocabulary = english if self._random.random() < 0.75 else self._random.choice(others)
        title = self._sentence(vocabulary, self._random.randint(3, 8))
        return title[:100].rstrip(), self._sentence(vocabulary, self._length()) + "."

    def sentence(self) -> str:
        """What an edit adds."""
        return self._sentence(_vocabularies()[0], self._random.randint(5, 15)) + "."

    def tags(self) -> list[str]:
        return list(dict.fromkeys(_tags().draw(self._random, self._random.randint(0, 4))))

    def model(self) -> str:
        return _models().draw(self._random, 1)[0]

    def _length(self) -> int:
        """In words; 3 of 1,000 contents are long."""
        return 2_000 if self._random.random() < 0.003 else self._random.randint(40, 120)

    def _sentence(self, vocabulary: Vocabulary, count: int) -> str:
        words = vocabulary.draw(self._random, count)
        if count > 10:
            words[self._random.randrange(count)] = self._coinage()
        text = " ".join(words)
        return text[0].upper() + text[1:]

    def _coinage(self) -> str:
        """A word of two, one of a million."""
        words = _vocabularies()[0].words
        return self._random.choice(words) + self._random.choice(words)


def read(lines: Iterable[str]) -> Iterator[Text]:
    """The rows of a CSV file with the columns `title` and `content` that make a prompt, trimmed;
    raises ValueError where the columns are missing or it is no CSV."""
    try:
        rows = csv.DictReader(lines)
        if not {"title", "content"} <= set(rows.fieldnames or ()):
            raise ValueError("the columns `title` and `content` are needed")
        for row in rows:
            title, content = ((row[name] or "").strip() for name in ("title", "content"))
            fits = len(title) in TITLE_LENGTHS and len(content) in CONTENT_LENGTHS
            if fits and "\0" not in title + content:
                yield title, content
    except csv.Error as error:
        raise ValueError(str(error)) from error
