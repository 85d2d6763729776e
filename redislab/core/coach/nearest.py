"""Words close to a word that was mistyped."""

from __future__ import annotations

from collections.abc import Iterable


def distance(one: str, other: str) -> int:
    """Letters added, left out, replaced, or two neighbours exchanged (Damerau, optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, above = above, line
    return above[-1]


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The closest of the known words, best first; none where all are far.

    One mistake in words of up to four letters, two in longer ones. A word whose beginning was typed
    counts as close. Of equally close ones those first that begin with the same letter.
    """
    if not word:
        return []
    limit = 1 if len(word) <= 4 else 2
    found: list[tuple[int, bool, str]] = []
    for each in known:
        if abs(len(each) - len(word)) <= limit:
            far = distance(word, each)
            if far <= limit:
                found.append((far, each[0] != word[0], each))
        if len(word) >= 4 and each.startswith(word) and each != word:
            found.append((2, False, each))
    best = min((far for far, _, _ in found), default=0)
    return list(dict.fromkeys(each for far, _, each in sorted(found) if far == best))[:most]
