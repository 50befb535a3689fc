"""The index of many texts: in which of them a term can occur, and how well. Pure.

A text (a prompt's, or what a label releases) has a slot, a number that grows with each change, so
that higher slots are newer. For each n-gram of one to four characters, and for the beginnings and
ends of words, the index holds the set of slots whose title, tags or content has it. A term can only
be where all of its n-grams are: sets are intersected, which for sets of bits is one operation on
integers.

What comes out may be too much (`nthe` is not wherever `nth` and `the` are) or promise too many
points, never too little and never too few; the text itself decides.

A block holds the sets of `SLOTS` slots, spread over `BUCKETS` buckets by the n-gram, so that a
query reads a few kilobytes of each block, and a change writes one block.
"""

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import accumulate, pairwise
from operator import or_
from zlib import crc32

from prompts.search import is_of_words

SLOTS = 8_192
BUCKETS = 1_024
GRAM = 4
GRAMS_OF_A_TERM = 6

_EDGE = "\0"  # stands before and after a word; no text holds it
_DENSE = SLOTS // 8  # bytes of a set of bits; a smaller set is a list of two bytes each
_FIELDS = _TITLE, _TAGS, _CONTENT = "tgc"
_POINTS = ((9, 8, 7), (6, 5, 4), (3, 2, 1))  # prompts.search

Bucket = Mapping[str, bytes]


def bucket_of(gram: str) -> int:
    return crc32(gram.encode()) % BUCKETS


# Of a text -------------------------------------------------------------------------------------


def grams(chunk: str) -> set[str]:
    """All that the index knows a piece of folded text by; it holds no white space."""
    found = {chunk[at : at + size] for size in range(1, GRAM + 1) for at in range(len(chunk))}
    for word in _words(chunk):
        found.update(_edges(word))
    return found


def _words(chunk: str) -> list[str]:
    return _WORD.findall(chunk) if chunk.isascii() else _split(chunk)


_WORD = re.compile(r"\w+")


def _split(chunk: str) -> list[str]:
    return "".join(char if is_of_words(char) else " " for char in chunk).split()


def _edges(word: str) -> list[str]:
    """How a word begins and ends, and the whole of a short one."""
    edges = [_EDGE + word[:1], _EDGE + word[:2], word[-1:] + _EDGE, word[-2:] + _EDGE]
    return [*edges, _EDGE + word + _EDGE] if len(word) < GRAM else edges


# Of a term -------------------------------------------------------------------------------------


class Keys:
    """The n-grams without which a term can't occur, can't begin a word, can't be a whole one."""

    def __init__(self, term: str) -> None:
        self.inside = _spread([term[at : at + GRAM] for at in range(max(1, len(term) - GRAM + 1))])
        first, last = _split(term)[:1], _split(term)[-1:]
        self.begins = [_EDGE + first[0][:2]] if first and is_of_words(term[0]) else []
        self.ends = [last[0][-2:] + _EDGE] if last and is_of_words(term[-1]) else []
        if first == [term] and len(term) < GRAM:
            self.ends = [_EDGE + term + _EDGE]

    @property
    def all(self) -> list[str]:
        return [*self.inside, *self.begins, *self.ends]


def _spread(grams: list[str]) -> list[str]:
    """Some of many, from all over the term."""
    unique = list(dict.fromkeys(grams))
    step = -(-len(unique) // GRAMS_OF_A_TERM)
    return unique[::step]


def levels(
    terms: Iterable[Keys], bits: Callable[[str, str], int], *, tags: Iterable[Keys] = ()
) -> dict[int, int]:
    """Points → the set of the slots of one block that can have so many and no more; those in which
    a term can't occur, or a part of a tag not in the tags, are in none.

    `bits(field, gram)` is the set of the slots whose field has that gram.
    """
    slots = -1  # all there are
    for part in tags:
        slots = _all_of(part.all, _TAGS, bits, slots)
    found: dict[int, int] = {0: slots}
    for term in terms:
        within = reduce(or_, found.values(), 0)
        by_points = list(_by_points(term, bits, within))
        sums: dict[int, int] = defaultdict(int)
        for points, those in found.items():
            for more, others in by_points:
                if both := those & others:
                    sums[points + more] |= both
        found = sums
    return found


def _by_points(
    term: Keys, bits: Callable[[str, str], int], within: int
) -> Iterator[tuple[int, int]]:
    """The slots that can have each number of points, each slot at the most that it can have."""
    for field, (word, beginning, inside) in zip(_FIELDS, _POINTS, strict=True):
        found = _all_of(term.inside, field, bits, within)
        begin = _all_of(term.begins, field, bits, found)
        whole = _all_of(term.ends, field, bits, begin)
        yield word, whole
        yield beginning, begin & ~whole
        yield inside, found & ~begin
        within &= ~found


def _all_of(grams: list[str], field: str, bits: Callable[[str, str], int], slots: int) -> int:
    for gram in grams:
        if not slots:
            break
        slots &= bits(field, gram)
    return slots


def members(bits: int) -> Iterable[int]:
    """The numbers in a set of bits, the highest first."""
    while bits:
        highest = bits.bit_length() - 1
        yield highest
        bits ^= 1 << highest


# Of a block ------------------------------------------------------------------------------------


class Additions:
    """Slots that a block gets, each with its folded title, tags and content.

    They are kept by the pieces between white space: there are far fewer of them than they occur,
    and each is taken apart once.
    """

    def __init__(self) -> None:
        self._slots: list[dict[str, list[int]]] = [defaultdict(list) for _ in _FIELDS]
        self.size = 0  # characters of all pieces, which is what `buckets` takes time and memory for

    def add(self, slot: int, fields: Sequence[str]) -> None:
        for slots_of, text in zip(self._slots, fields, strict=True):
            for chunk in set(text.split()):
                if chunk not in slots_of:
                    self.size += len(chunk)
                slots_of[chunk].append(slot)

    def buckets(self) -> dict[int, dict[str, set[int]]]:
        """Bucket → field and gram → slots."""
        buckets: dict[int, dict[str, set[int]]] = defaultdict(dict)
        for field, slots_of in zip(_FIELDS, self._slots, strict=True):
            for chunk, slots in slots_of.items():
                for gram in grams(chunk):
                    buckets[bucket_of(gram)].setdefault(field + gram, set()).update(slots)
        return buckets


def extend(data: bytes, added: Mapping[str, set[int]]) -> bytes:
    """A bucket with more slots in it."""
    bucket = dict(read(data))
    for key, slots in added.items():
        bucket[key] = _extended(bucket.get(key, b""), slots)
    return _write(bucket)


def read(data: bytes) -> Bucket:
    """A bucket: field and gram → set of slots, as `to_bits` reads it."""
    if not data:
        return {}
    (count, size) = struct.unpack_from("<II", data)
    keys = data[8 : 8 + size].decode().split(" ")
    sizes = struct.unpack_from(f"<{count}H", data, 8 + size)
    ends = accumulate(sizes, initial=8 + size + 2 * count)
    return {key: data[start:end] for key, (start, end) in zip(keys, pairwise(ends), strict=True)}


def to_bits(data: bytes) -> int:
    """A set of slots as an integer, bit for slot."""
    is_dense = len(data) == _DENSE
    bits = data if is_dense else _dense(struct.unpack(f"<{len(data) // 2}H", data))
    return int.from_bytes(bits, "little")


def _write(bucket: Bucket) -> bytes:
    keys = " ".join(bucket).encode()
    sizes = [len(slots) for slots in bucket.values()]
    head = struct.pack("<II", len(sizes), len(keys)) + keys
    return head + struct.pack(f"<{len(sizes)}H", *sizes) + b"".join(bucket.values())


def _extended(data: bytes, slots: set[int]) -> bytes:
    if len(data) + 2 * len(slots) < _DENSE:  # then what there is, is a list too
        return data + struct.pack(f"<{len(slots)}H", *slots)
    return (to_bits(data) | int.from_bytes(_dense(slots), "little")).to_bytes(_DENSE, "little")


def _dense(slots: Iterable[int]) -> bytearray:
    bits = bytearray(_DENSE)
    for slot in slots:
        bits[slot >> 3] |= 1 << (slot & 7)
    return bits
