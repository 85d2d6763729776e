"""What many commands read from their words: timeouts, ranges of positions, option words."""

from __future__ import annotations

import math

from redislab.engines.embedded.numbers import HIGHEST, as_float, as_integer, integer
from redislab.engines.embedded.results import Fail

SYNTAX_ERROR = b"ERR syntax error"
NO_SUCH_KEY = b"ERR no such key"
NOT_POSITIVE = b"ERR value is out of range, must be positive"


def syntax_error() -> Fail:
    return Fail(SYNTAX_ERROR)


def is_word(given: bytes, wanted: bytes) -> bool:
    """Whether an option word is meant; case does not matter. `wanted` is upper case."""
    return given.upper() == wanted


def timeout_s(word: bytes) -> float:
    """Seconds to block, 0 for ever. Raises Fail."""
    seconds = as_float(word)
    if seconds is None:
        raise Fail(b"ERR timeout is not a float or out of range")
    if math.isinf(seconds) or seconds < 0 or seconds * 1000 > HIGHEST:  # C's overflow turns negative
        raise Fail(b"ERR timeout is negative")
    return math.ceil(seconds * 1000) / 1000


def timeout_ms(word: bytes) -> float:
    """A BLOCK option's milliseconds, as seconds. Raises Fail."""
    milliseconds = as_integer(word)
    if milliseconds is None:
        raise Fail(b"ERR timeout is not an integer or out of range")
    if milliseconds < 0:
        raise Fail(b"ERR timeout is negative")
    return milliseconds / 1000


def count(word: bytes, complaint: bytes, least: int = 0) -> int:
    return integer(word, complaint, least)


def positions(start: int, stop: int, length: int) -> tuple[int, int]:
    """Redis's inclusive positions, negative from the end → a half-open range; (0, 0) for nothing."""
    start = max(0, start + length) if start < 0 else start
    stop = stop + length if stop < 0 else stop
    if start > stop or start >= length:
        return 0, 0
    return start, min(stop, length - 1) + 1


def pop_count(words: list[bytes]) -> int:
    """`[COUNT n]` of the commands that pop from the first of several keys. Raises Fail."""
    if not words:
        return 1
    if words[0].upper() != b"COUNT" or len(words) < 2:
        raise syntax_error()
    most = count(words[1], b"ERR count should be greater than 0", 1)
    if len(words) > 2:
        raise syntax_error()
    return most


def c_string(word: bytes) -> bytes:
    """As C sees a word: up to its first NUL."""
    return word.split(b"\0", 1)[0]
