"""HyperLogLog as Redis keeps it: a string of a header and 16,384 registers, sparse or dense.

The same hash and the same estimate, so that PFCOUNT answers what a server answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence

REGISTERS = 1 << 14
HEADER_BYTES = 16
DENSE_BYTES = HEADER_BYTES + REGISTERS * 6 // 8
MAX_SPARSE_BYTES = 3000  # hll-sparse-max-bytes: beyond it a HyperLogLog becomes dense
_MAX_SPARSE_VALUE = 32
_MAX_RANK = 50 + 1  # of the 50 bits of a hash that do not choose a register
_SEED = 0xADC83B19
_MASK = (1 << 64) - 1
_MULTIPLIER, _SHIFT = 0xC6A4A7935BD1E995, 47
_ALPHA = 0.721347520444481703680
_RUN = re.compile(rb"(.)\1*", re.DOTALL).finditer
_STALE = 1 << 63  # of the count in the header


class NotAHyperLogLog(ValueError):
    """A string that is something else."""


class Corrupted(ValueError):
    """A string that begins as a HyperLogLog and is none."""


def new() -> bytes:
    return _header(dense=False, count=bytes(8)) + _sparse(bytearray(REGISTERS))


def registers(value: bytes) -> bytearray:
    """One byte for each register. Raises NotAHyperLogLog or Corrupted."""
    check(value)
    return _dense(value[HEADER_BYTES:]) if is_dense(value) else _from_sparse(value)


def check(value: bytes) -> None:
    if len(value) < HEADER_BYTES or value[:4] != b"HYLL" or value[4] > 1:
        raise NotAHyperLogLog
    if value[4] == 0 and len(value) != DENSE_BYTES:
        raise NotAHyperLogLog


def build(content: bytearray, before: bytes, *, dense: bool) -> bytes:
    """A string of these registers, with the count of the one `before`. `dense`: a source was so."""
    count = before[8:HEADER_BYTES]
    if not dense and max(content) <= _MAX_SPARSE_VALUE:
        body = _sparse(content)
        if HEADER_BYTES + len(body) <= MAX_SPARSE_BYTES:
            return _header(dense=False, count=count) + body
    return _header(dense=True, count=count) + _packed(content)


def decoded(value: bytes) -> bytes:
    """The runs of a sparse one as PFDEBUG DECODE shows them: `z:` and `Z:` zeros, `v:` value and times."""
    shown, place = [], HEADER_BYTES
    while place < len(value):
        code = value[place]
        if code & 0x80:
            shown.append(b"v:%d,%d" % ((code >> 2 & 31) + 1, (code & 3) + 1))
        elif code & 0x40:
            place += 1
            shown.append(b"Z:%d" % (((code & 63) << 8 | value[place]) + 1))
        else:
            shown.append(b"z:%d" % ((code & 63) + 1))
        place += 1
    return b" ".join(shown)


def is_dense(value: bytes) -> bool:
    return value[4] == 0


def add(content: bytearray, elements: Iterable[bytes]) -> bool:
    """Count these in; whether a register changed."""
    changed = False
    for element in elements:
        place, rank = _place_and_rank(element)
        if rank > content[place]:
            content[place] = rank
            changed = True
    return changed


def merged(many: Sequence[bytearray]) -> bytearray:
    return bytearray(map(max, *many)) if len(many) > 1 else bytearray(many[0])


def cached_count(value: bytes) -> int | None:
    """The count in the header; None when it must be reckoned anew."""
    count = int.from_bytes(value[8:16], "little")
    return None if count & _STALE else count


def with_count(value: bytes, count: int) -> bytes:
    return value[:8] + count.to_bytes(8, "little") + value[16:]


def with_stale_count(value: bytes) -> bytes:
    """The same, its count to be reckoned anew."""
    return value[:15] + bytes([value[15] | 0x80]) + value[16:]


def estimate(content: bytearray) -> int:
    histogram = [content.count(rank) for rank in range(64)]
    size = float(REGISTERS)
    z = size * _tau((size - histogram[_MAX_RANK]) / size)
    for rank in range(_MAX_RANK - 1, 0, -1):
        z = 0.5 * (z + histogram[rank])
    z += size * _sigma(histogram[0] / size)
    return math.floor(_ALPHA * size * size / z + 0.5)


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x, before = math.sqrt(x), z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x, before = x * x, z
        z += x * y
        y += y
    return z


def _place_and_rank(element: bytes) -> tuple[int, int]:
    hashed = _murmur(element)
    rest = hashed >> 14 | 1 << 50
    return hashed & (REGISTERS - 1), (rest & -rest).bit_length()


def _murmur(data: bytes) -> int:
    """MurmurHash64A."""
    h = (_SEED ^ len(data) * _MULTIPLIER) & _MASK
    whole = len(data) & ~7
    for start in range(0, whole, 8):
        k = int.from_bytes(data[start : start + 8], "little") * _MULTIPLIER & _MASK
        k = (k ^ k >> _SHIFT) * _MULTIPLIER & _MASK
        h = (h ^ k) * _MULTIPLIER & _MASK
    if len(data) > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    h = (h ^ h >> _SHIFT) * _MULTIPLIER & _MASK
    return h ^ h >> _SHIFT


def _header(*, dense: bool, count: bytes) -> bytes:
    return b"HYLL" + bytes([0 if dense else 1, 0, 0, 0]) + count


def _dense(body: bytes) -> bytearray:
    """Registers of 6 bits each, four in three bytes, the lowest first: taken apart by whole columns."""
    one, two, three = body[::3], body[1::3], body[2::3]
    content = bytearray(REGISTERS)
    content[::4] = one.translate(_LOW_6)
    content[1::4] = _or(one.translate(_DOWN_6), two.translate(_LOW_4_UP_2))
    content[2::4] = _or(two.translate(_DOWN_4), three.translate(_LOW_2_UP_4))
    content[3::4] = three.translate(_DOWN_2)
    return content


def _packed(content: bytearray) -> bytes:
    a, b, c, d = content[::4], content[1::4], content[2::4], content[3::4]
    body = bytearray(DENSE_BYTES - HEADER_BYTES)
    body[::3] = _or(a, b.translate(_UP_6))
    body[1::3] = _or(b.translate(_DOWN_2), c.translate(_UP_4))
    body[2::3] = _or(c.translate(_DOWN_4), d.translate(_UP_2))
    return bytes(body)


def _table(change: Callable[[int], int]) -> bytes:
    """For `bytes.translate`: what becomes of each byte."""
    return bytes(change(byte) & 0xFF for byte in range(256))


_LOW_6 = _table(lambda byte: byte & 63)
_LOW_4_UP_2 = _table(lambda byte: (byte & 15) << 2)
_LOW_2_UP_4 = _table(lambda byte: (byte & 3) << 4)
_DOWN_6, _DOWN_4, _DOWN_2 = (_table(lambda byte, by=by: byte >> by) for by in (6, 4, 2))  # type: ignore[misc]
_UP_6, _UP_4, _UP_2 = (_table(lambda byte, by=by: byte << by) for by in (6, 4, 2))  # type: ignore[misc]


def _or(left: bytes | bytearray, right: bytes | bytearray) -> bytes:
    both = int.from_bytes(left, "little") | int.from_bytes(right, "little")
    return both.to_bytes(len(left), "little")


def _from_sparse(value: bytes) -> bytearray:
    content = bytearray()
    place = HEADER_BYTES
    while place < len(value):
        code = value[place]
        if code & 0x80:
            content += bytes([(code >> 2 & 31) + 1]) * ((code & 3) + 1)
        elif code & 0x40:
            place += 1
            if place == len(value):
                raise Corrupted
            content += bytes(((code & 63) << 8 | value[place]) + 1)
        else:
            content += bytes((code & 63) + 1)
        place += 1
    if len(content) != REGISTERS:
        raise Corrupted
    return content


def _sparse(content: bytearray) -> bytes:
    """Runs: 00nnnnnn up to 64 zeros, 01nnnnnn nnnnnnnn up to 16384 zeros, 1vvvvvnn a value up to 4 times."""
    out = bytearray()
    for run in _RUN(content):
        value, length = content[run.start()], run.end() - run.start()
        while length:
            if value:
                step = min(length, 4)
                out.append(0x80 | (value - 1) << 2 | (step - 1))
            elif length > 64:
                step = length
                out += (0x4000 | (step - 1)).to_bytes(2, "big")
            else:
                step = length
                out.append(step - 1)
            length -= step
    return bytes(out)
