"""What commands cost and how they failed: for INFO commandstats, errorstats, latencystats, and LATENCY."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

LEAST_NS = 1_024  # the first bucket of a histogram; each further one is twice as wide
_CODE_BYTES = 64


@dataclass
class CommandStat:
    calls: int = 0
    spent_ns: int = 0
    rejected: int = 0  # refused before it ran
    failed: int = 0
    buckets: Counter[int] = field(default_factory=Counter)  # how often it took up to LEAST_NS × 2**n

    def ran(self, spent_ns: int, *, failed: bool) -> None:
        self.calls += 1
        self.spent_ns += spent_ns
        self.failed += failed
        self.buckets[max(0, (spent_ns - 1) // LEAST_NS).bit_length()] += 1

    def histogram_us(self) -> Iterator[tuple[int, int]]:
        """Microseconds, and how many calls took no longer, for each bucket that holds any."""
        total = 0
        for number in sorted(self.buckets):
            total += self.buckets[number]
            yield round((LEAST_NS << number) / 1000), total

    def percentile_us(self, share: float) -> float:
        """About how long the quickest `share` of the calls took at most."""
        wanted, total = share * self.calls, 0
        for number in sorted(self.buckets):
            total += self.buckets[number]
            if total >= wanted:
                return (LEAST_NS << number) / 1000
        return 0.0


class Stats:
    def __init__(self) -> None:
        self.commands: dict[str, CommandStat] = {}
        self.errors: Counter[bytes] = Counter()  # by the first word of the error

    def of(self, name: str) -> CommandStat:
        found = self.commands.get(name)
        if found is None:
            found = self.commands[name] = CommandStat()
        return found

    def failed(self, text: bytes) -> None:
        """An error was answered."""
        self.errors[text.split(b" ", 1)[0][:_CODE_BYTES]] += 1

    def clear(self) -> None:
        self.commands.clear()
        self.errors.clear()
