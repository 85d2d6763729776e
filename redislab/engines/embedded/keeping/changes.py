"""What changed between two states of a sequence or a mapping, found by comparing slices at C's speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from operator import is_not
from typing import Any

FIRST_STEP = 64  # elements compared at first; then twice as many each time


def splice(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, int, int]:
    """`start, removed, end`: after is before[:start] + after[start:end] + before[start + removed:]."""
    most = min(len(before), len(after))
    start = _same(lambda low, high: bool(before[low:high] == after[low:high]), most)
    old, new = len(before), len(after)
    tail = _same(
        lambda low, high: bool(before[old - high : old - low] == after[new - high : new - low]), most - start
    )
    return start, old - start - tail, new - tail


def _same(is_same: Callable[[int, int], bool], most: int) -> int:
    """How far two sequences agree; `is_same(low, high)` compares a part of them."""
    low, step = 0, FIRST_STEP
    while low < most and is_same(low, min(low + step, most)):
        low = min(low + step, most)
        step *= 2
    high = min(low + step, most)
    while low < high:
        middle = (low + high + 1) // 2
        if is_same(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def of_mapping(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> tuple[list[Any], list[Any]] | None:
    """The keys that went, and those that came or have another value; None where the order changed.

    Mappings remember the order in which keys came, and so does what is read back.
    """
    old, new = list(before), list(after)
    if new[: len(old)] == old:
        removed: list[Any] = []
        changed = list(compress(old, map(is_not, before.values(), after.values())))
        kept = len(old)
    else:
        removed = [key for key in old if key not in after]
        survivors = [key for key in old if key in after]
        kept = len(survivors)
        if new[:kept] != survivors:
            return None
        changed = [key for key in survivors if before[key] is not after[key]]
    return removed, changed + new[kept:]
