r"""Text from elsewhere, made harmless for a terminal.

What could move the cursor, set a title, reach the clipboard, reorder or hide what is read is shown as
the `\xhh` of its bytes. Everything else, any script, stays readable.
"""

from __future__ import annotations

import re
import unicodedata

from redislab.core.escape import escaped

# Format characters, controls, surrogates, private use, unassigned, line and paragraph separators.
_HARMFUL_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks by category, but blank on the screen: fillers, joiners, variation selectors.
_BLANK = frozenset({
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
    *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
})  # fmt: skip
_LONE_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # stands for no byte
_PLAIN = re.compile(rb"[ -~\n\t]*").fullmatch
_PLAIN_LINE = re.compile(rb"[ -~]*").fullmatch


def is_harmless(character: str) -> bool:
    """Whether one code point may stand on a terminal as it is."""
    return (
        unicodedata.category(character) not in _HARMFUL_CATEGORIES
        and ord(character) not in _BLANK
        and (character == " " or not character.isspace())
    )


def visible(data: bytes, *, lines: bool = True) -> bytes:
    r"""`data` for a terminal. With `lines`, newlines and tabs pass; without, one line comes out."""
    if (_PLAIN if lines else _PLAIN_LINE)(data):
        return data
    if lines:
        data = data.replace(b"\r\n", b"\n")
    out = []
    for character in data.decode("utf-8", "surrogateescape"):
        if is_harmless(character) or (lines and character in "\n\t"):
            out.append(character)
        else:
            raw = character.encode("utf-8", "surrogateescape")
            out.append("".join(f"\\x{byte:02x}" for byte in raw))
    return "".join(out).encode()


def visible_text(text: str, *, lines: bool = False) -> str:
    """The same for text; a surrogate stands for the byte that could not be decoded."""
    text = _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return visible(text.encode("utf-8", "surrogateescape"), lines=lines).decode()


def repr_utf8(data: bytes) -> bytes:
    """The quoted form with UTF-8 left readable; `words.split` reads it back as `data`."""
    if data.isascii():
        return b'"%b"' % escaped(data)
    out = []
    for character in data.decode("utf-8", "surrogateescape"):
        if not character.isascii() and is_harmless(character):
            out.append(character.encode())
        else:
            out.append(escaped(character.encode("utf-8", "surrogateescape")))
    return b'"%b"' % b"".join(out)
