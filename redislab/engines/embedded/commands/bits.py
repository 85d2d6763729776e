"""Bits of strings. fakeredis looks at keys before words; its BITFIELD does steps before it has read all.

What is written into, OBJECT ENCODING calls raw afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles, theirs
from redislab.engines.embedded.commands.strings import MAX_BYTES
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import as_integer, integer
from redislab.engines.embedded.results import Fail

THEIRS = theirs(["SETBIT", "BITOP", "BITCOUNT"])
_OPERATIONS = (b"AND", b"OR", b"XOR", b"NOT")


@handles("SETBIT")
def setbit(client: Client, args: list[bytes]) -> Any:
    stored = client.db.get(args[1])
    before = None if stored is None else stored.value
    result = THEIRS["SETBIT"](client, args)
    for item in client.opened(args[1]):  # whether the bit was so before or not
        client.db.made(args[1], item.value, b"raw")
        if item.value == before:
            client.leave(item)
    return result


@dataclass(frozen=True)
class _Step:
    """One GET, SET or INCRBY of BITFIELD."""

    work: bytes
    signed: bool
    bits: int
    offset: int
    number: int
    overflow: bytes

    @property
    def span(self) -> tuple[int, int]:
        """The lowest and the highest number it can hold."""
        if self.signed:
            return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1
        return 0, (1 << self.bits) - 1

    def read(self, value: bytes | bytearray) -> int:
        first, last = self.offset // 8, (self.offset + self.bits + 7) // 8
        window = int.from_bytes(value[first:last].ljust(last - first, b"\0"), "big")
        found = window >> (8 * last - self.offset - self.bits) & ((1 << self.bits) - 1)
        return found - (1 << self.bits) if self.signed and found >> (self.bits - 1) else found

    def write(self, value: bytearray, number: int) -> None:
        first, last = self.offset // 8, (self.offset + self.bits + 7) // 8
        shift = 8 * last - self.offset - self.bits
        mask = (1 << self.bits) - 1
        window = int.from_bytes(value[first:last], "big")
        window = window & ~(mask << shift) | (number & mask) << shift
        value[first:last] = window.to_bytes(last - first, "big")

    def fitted(self, number: int) -> int | None:
        """What is kept of a number that may be too large; None: nothing is written."""
        low, high = self.span
        if low <= number <= high:
            return number
        if self.overflow == b"FAIL":
            return None
        if self.overflow == b"SAT":
            return high if number > high else low
        wrapped = number & ((1 << self.bits) - 1)
        return wrapped - (1 << self.bits) if wrapped > high else wrapped


def _steps(words: list[bytes]) -> list[_Step]:
    """Every word is read before anything is done. Raises Fail."""
    steps: list[_Step] = []
    overflow, place = b"WRAP", 0
    while place < len(words):
        work, more = words[place].upper(), len(words) - place - 1
        if work == b"OVERFLOW" and more:
            overflow = words[place + 1].upper()
            if overflow not in (b"WRAP", b"SAT", b"FAIL"):
                raise Fail(b"ERR Invalid OVERFLOW type specified")
            place += 2
            continue
        wanted = {b"GET": 2, b"SET": 3, b"INCRBY": 3}.get(work)
        if wanted is None or more < wanted:
            raise syntax_error()
        signed, bits = _bitfield_type(words[place + 1])
        offset = _bit_offset(words[place + 2], bits)
        number = integer(words[place + 3]) if wanted == 3 else 0
        steps.append(_Step(work, signed, bits, offset, number, overflow))
        place += 1 + wanted
    return steps


def _bitfield_type(word: bytes) -> tuple[bool, int]:
    bits = as_integer(word[1:])
    most = {b"i": 64, b"u": 63}.get(word[:1], 0)
    if bits is None or not 1 <= bits <= most:
        raise Fail(
            b"ERR Invalid bitfield type. Use something like i16 u8. "
            b"Note that u64 is not supported but i64 is."
        )
    return word[:1] == b"i", bits


def _bit_offset(word: bytes, bits: int) -> int:
    """A number, or `#` and a number of fields of this width. Raises Fail."""
    by_fields = word[:1] == b"#"
    number = as_integer(word[1:] if by_fields else word)
    if number is not None and by_fields:
        number *= bits
    if number is None or not 0 <= number < MAX_BYTES * 8:
        raise Fail(b"ERR bit offset is not an integer or out of range")
    return number


@handles("BITFIELD", "BITFIELD_RO")
def bitfield(client: Client, args: list[bytes]) -> Any:
    steps = _steps(args[2:])
    writing = [step.offset + step.bits for step in steps if step.work != b"GET"]
    if not writing:
        value = client.value(args[1], bytes) or b""
        return [step.read(value) for step in steps]
    if args[0].upper() == b"BITFIELD_RO":
        raise Fail(b"ERR BITFIELD_RO only supports the GET subcommand")
    item = client.open(args[1], bytes)
    before = item.value or b""
    changed = bytearray(before.ljust((max(writing) + 7) // 8, b"\0"))
    results = [_done(step, changed) for step in steps]
    if item.value is None or changed != before:
        item.update(bytes(changed))
    client.db.made(args[1], item.value, b"raw")
    return results


def _done(step: _Step, value: bytearray) -> int | None:
    old = step.read(value)
    if step.work == b"GET":
        return old
    if step.work == b"SET":
        kept = step.fitted(step.number if step.signed else step.number % (1 << 64))
    else:
        kept = step.fitted(old + step.number)
    if kept is None:
        return None
    step.write(value, kept)
    return old if step.work == b"SET" else kept


@handles("BITCOUNT")
def bitcount(client: Client, args: list[bytes]) -> Any:
    if client.value(args[1], bytes) is None:
        return 0
    for word in args[2:4] if len(args) > 3 else ():
        integer(word)
    return THEIRS["BITCOUNT"](client, args)


@handles("BITPOS")
def bitpos(client: Client, args: list[bytes]) -> Any:
    bit = integer(args[2])
    if bit not in (0, 1):
        raise Fail(b"ERR The bit argument must be 1 or 0.")
    value = client.value(args[1], bytes)
    if value is None:
        return -1 if bit else 0
    first, last = _bit_range(args[3:], len(value))
    if first > last:
        return -1
    start, end = first // 8, last // 8
    window = bytearray(value[start : end + 1])
    other = 0 if bit else 0xFF  # bits outside the range are made to be the other ones
    window[0] = _mixed(other, window[0], 0xFF >> first % 8)
    window[-1] = _mixed(other, window[-1], 0xFF << (7 - last % 8) & 0xFF)
    rest = window.lstrip(bytes([other]))
    if not rest:
        return len(value) * 8 if not bit and len(args) < 5 else -1
    before = len(window) - len(rest)
    return (start + before) * 8 + 8 - (rest[0] ^ other).bit_length()


def _mixed(outside: int, inside: int, mask: int) -> int:
    return outside & ~mask | inside & mask


def _bit_range(words: list[bytes], length: int) -> tuple[int, int]:
    """`[start [end [BIT|BYTE]]]` → the first and the last bit of a string. Raises Fail."""
    start = integer(words[0]) if words else 0
    by_bits = len(words) == 3 and words[2].upper() == b"BIT"
    if len(words) > 3 or (len(words) == 3 and not by_bits and words[2].upper() != b"BYTE"):
        raise syntax_error()
    total = length * 8 if by_bits else length
    end = integer(words[1]) if len(words) > 1 else total - 1
    start, end = max(0, start + total if start < 0 else start), max(0, end + total if end < 0 else end)
    end = min(end, total - 1)
    return (start, end) if by_bits or start > end else (start * 8, end * 8 + 7)


@handles("BITOP")
def bitop(client: Client, args: list[bytes]) -> Any:
    operation = args[1].upper()
    if operation not in _OPERATIONS:
        raise syntax_error()
    if operation == b"NOT" and len(args) > 4:
        raise Fail(b"ERR BITOP NOT must be called with a single source key.")
    return _raw(client, args[2], THEIRS["BITOP"](client, args))


def _raw(client: Client, key: bytes, result: Any) -> Any:
    """Remember that the string of an open key is one that was written into."""
    for item in client.opened(key):
        if item.is_modified and isinstance(item.value, bytes):
            client.db.made(key, item.value, b"raw")
    return result
