"""What the order of words cannot say: options that need another, counts that agree, values others decide.

Each check looks at the places of a line in which no word is wrong so far. A `Fault` that more words can
mend leaves the line unfinished; any other makes a word wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from redislab.core.grammar.values import KINDS
from redislab.core.roles import Role


class Fault(NamedTuple):
    """Something wrong at a place; `mendable` by words that follow."""

    place: int
    reason: str
    mendable: bool = False


class Placed(Protocol):
    """A word's place, as far as checks look at it."""

    @property
    def role(self) -> Role: ...
    @property
    def path(self) -> str: ...


class Line:
    """The words of a line with their places."""

    def __init__(self, words: Sequence[bytes], places: Sequence[Placed]) -> None:
        self.words, self._places = words, places

    def tokens(self) -> dict[str, int]:
        """The option words given, upper case, with the last place of each."""
        return {
            self.words[place].upper().decode("latin-1"): place
            for place, each in enumerate(self._places)
            if each.role is Role.TOKEN
        }

    def values(self, *paths: str) -> list[int]:
        """The places of the values with one of these paths."""
        return [
            p for p, each in enumerate(self._places) if each.path in paths and each.role is not Role.TOKEN
        ]


Check = Callable[[Line], Iterator[Fault]]


def _needs(option: str, *others: str) -> Check:
    def check(line: Line) -> Iterator[Fault]:
        given = line.tokens()
        if option in given and not any(other in given for other in others):
            yield Fault(given[option], f"{option} needs {' or '.join(others)} too", mendable=True)

    return check


def _one_weight_a_key(line: Line) -> Iterator[Fault]:
    weights, count = line.values("weight"), line.values("numkeys")
    if not weights or not count or weights[-1] - weights[0] >= len(weights):
        return  # WEIGHTS given twice: the last ones count
    keys = int(line.words[count[0]])
    if len(weights) > keys:
        yield Fault(weights[keys], f"one weight a key, and there {_keys(keys)}")
    elif len(weights) < keys:
        after = weights[-1] + 1
        yield Fault(after, f"one weight a key, and there {_keys(keys)}", mendable=after == len(line.words))


def _keys(count: int) -> str:
    return "is 1 key" if count == 1 else f"are {count} keys"


def _range_bounds(start: str, stop: str) -> Check:
    def check(line: Line) -> Iterator[Fault]:
        given = line.tokens()
        by = next((option for option in ("BYSCORE", "BYLEX") if option in given), None)
        kind = KINDS[{"BYSCORE": "score", "BYLEX": "lex", None: "integer"}[by]]
        for place in line.values(start, stop):
            if not kind.accepts(line.words[place]):
                beside = f"with {by} a bound is " if by else "a rank is "
                yield Fault(place, f"{beside}{kind.called}", mendable=by is None)

    return check


def _threshold(line: Line) -> Iterator[Fault]:
    kind = KINDS["integer>=0" if "MAXLEN" in line.tokens() else "id"]
    for place in line.values("trim.threshold"):
        if not kind.accepts(line.words[place]):
            yield Fault(place, f"here belongs {kind.called}")


def _one_increment(line: Line) -> Iterator[Fault]:
    scores = line.values("score_member.score")
    if "INCR" in line.tokens() and len(scores) > 1:
        yield Fault(scores[1], "with INCR there is one score and one member")


def _not_of_one_key(line: Line) -> Iterator[Fault]:
    sources = line.values("key")
    if "NOT" in line.tokens() and len(sources) > 1:
        yield Fault(sources[1], "NOT takes one key")


def _keys_instead_of_key(line: Line) -> Iterator[Fault]:
    place = line.tokens().get("KEYS")
    if place is not None and line.words[3]:
        yield Fault(place, 'KEYS needs "" where one key would stand')


_GEO = (
    "GEORADIUS",
    "GEORADIUS_RO",
    "GEORADIUSBYMEMBER",
    "GEORADIUSBYMEMBER_RO",
    "GEOSEARCH",
    "GEOSEARCHSTORE",
)
CHECKS: Mapping[str, tuple[Check, ...]] = {
    **dict.fromkeys(_GEO, (_needs("ANY", "COUNT"),)),
    **dict.fromkeys(("ZINTER", "ZUNION", "ZINTERSTORE", "ZUNIONSTORE"), (_one_weight_a_key,)),
    "ZRANGE": (_needs("LIMIT", "BYSCORE", "BYLEX"), _range_bounds("start", "stop")),
    "ZRANGESTORE": (_needs("LIMIT", "BYSCORE", "BYLEX"), _range_bounds("min", "max")),
    **dict.fromkeys(("XADD", "XTRIM"), (_needs("LIMIT", "~"), _threshold)),
    "ZADD": (_one_increment,),
    "BITOP": (_not_of_one_key,),
    "MIGRATE": (_keys_instead_of_key,),
    "CLIENT TRACKING": (_needs("PREFIX", "BCAST"),),
    "FAILOVER": (_needs("FORCE", "TO"), _needs("FORCE", "TIMEOUT")),
}


def faults(command: str, words: Sequence[bytes], places: Sequence[Placed]) -> list[Fault]:
    """What is wrong with a line whose words all fit; the first that cannot be mended stands first."""
    checks = CHECKS.get(command)
    if checks is None:
        return []
    line = Line(words, places)
    found = [fault for check in checks for fault in check(line)]
    return sorted(found, key=lambda fault: (fault.mendable, fault.place))
