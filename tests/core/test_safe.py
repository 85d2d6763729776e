"""What reaches a terminal cannot move it, colour it, or hide: every code point, and bytes that are none."""

from __future__ import annotations

import random
import sys
import unicodedata

import pytest

from redislab.core import words
from redislab.core.escape import repr_bytes
from redislab.core.safe import is_harmless, repr_utf8, visible, visible_text

EVERY = [chr(point) for point in range(sys.maxunicode + 1)]
SEEDS = range(10)  # 5,000 values each


@pytest.mark.parametrize("plane", range(17))
def test_every_code_point_is_shown_as_itself_or_as_its_bytes(plane: int) -> None:
    for character in EVERY[plane << 16 : (plane + 1) << 16]:
        raw = character.encode("utf-8", "surrogatepass")
        shown = visible(raw, lines=False)
        assert shown == raw or shown == "".join(f"\\x{byte:02x}" for byte in raw).encode()


def test_what_is_shown_is_never_a_control_a_mark_of_direction_or_blank() -> None:
    dangerous = [
        *map(chr, [*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]),
        *"\u200b\u200c\u200d\u200e\u200f\u2060\u2028\u2029\ufeff\u061c\u180e\u00ad\u3164\u115f\u034f\ufe0f",
        *map(chr, range(0xE0000, 0xE0080)),
    ]  # fmt: skip
    assert [character for character in dangerous if is_harmless(character)] == []
    for character in filter(is_harmless, EVERY):
        assert unicodedata.category(character)[0] not in "CZ" or character == " "


def test_letters_of_any_script_stay_readable() -> None:
    text = "aé ß Ж 漢字 한글 עברית العربية हिन्दी ไทย 🎉 → ∑ 1²"
    assert visible_text(text) == text
    assert repr_utf8(text.encode()) == f'"{text}"'.encode()


def test_a_terminal_gets_lines_and_tabs_and_nothing_else_that_moves() -> None:
    assert visible(b"a\r\nb\tc\rd\x1b[2J") == b"a\nb\tc\\x0dd\\x1b[2J"
    assert visible(b"a\nb", lines=False) == b"a\\x0ab"


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_shown_and_pasted_back_sends_the_same_bytes(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(5_000):
        value = _value(chance)
        for shown in (repr_utf8(value), repr_bytes(value)):
            assert words.split(shown) == [value]
            assert visible(shown, lines=False) == shown


def _value(chance: random.Random) -> bytes:
    """Bytes of every kind: text, controls, cut UTF-8, quotes and backslashes."""
    pieces = [
        chance.randbytes(chance.randrange(6)),
        "".join(chance.choice(EVERY) for _ in range(chance.randrange(4))).encode("utf-8", "surrogatepass"),
        bytes(chance.choice(b"\"'\\\x00\x1b\n\r\tx41 ") for _ in range(chance.randrange(6))),
        "é漢🎉\u202e".encode()[: chance.randrange(12)],
    ]
    chance.shuffle(pieces)
    return b"".join(pieces)
