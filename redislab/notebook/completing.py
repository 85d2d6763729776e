"""Tab inside `%redis` lines and `%%redis` cells: what the shell would offer, and nothing of Python's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import IPython.core.completer
from IPython.core.completer import CompletionContext, SimpleCompletion

from redislab.errors import RedislabError
from redislab.notebook.cursor import Spot, spot_at
from redislab.notebook.given import EXPLAIN, OPTIONS, behind_options
from redislab.options import PLACE_NAMES

if TYPE_CHECKING:
    from redislab.assist.offers import Beginning
    from redislab.notebook.desk import Desk

_LAST_WORD = re.compile(r"\S*$")
_VALUES = {"--explain": EXPLAIN, "--engine": ("embedded", "server")}
context_matcher: Any = IPython.core.completer.context_matcher  # untyped
FIRST_OF_ALL = 1_000  # before IPython's own matchers, which are then not asked


class Matcher:
    """What IPython asks; `attach` and `detach` put it in front of its own matchers, and away."""

    def __init__(self, desk: Callable[[], Desk], completer: Any) -> None:
        self._desk = desk
        self._completer = completer

        def matcher(context: CompletionContext) -> Mapping[str, Any]:
            return self.match(context)

        self._matcher = context_matcher(priority=FIRST_OF_ALL, identifier="redislab")(matcher)

    def attach(self) -> None:
        self._completer.custom_matchers.append(self._matcher)

    def detach(self) -> None:
        if self._matcher in self._completer.custom_matchers:
            self._completer.custom_matchers.remove(self._matcher)

    def match(self, context: CompletionContext) -> Mapping[str, Any]:
        """Nothing outside of what is ours. Inside, a word that nothing fits completes to itself."""
        spot = spot_at(context.full_text, context.cursor_line, context.cursor_position)
        if spot is None:
            return {"completions": []}
        begun, found = self._offered(spot)
        try:
            completions = list(found)
        except RedislabError:  # said when a command is run
            completions = []
        # Without any completion IPython would go on to offer Python's names.
        completions = completions or [SimpleCompletion(begun, type="text")]
        return {"completions": completions, "matched_fragment": begun, "ordered": True, "suppress": True}

    def _offered(self, spot: Spot) -> tuple[str, Iterator[SimpleCompletion]]:
        """The word that is begun, and what it may become."""
        from redislab.assist.offers import MOST_CHARACTERS, Beginning

        rest = behind_options(spot.before) if spot.magic == "redis" else spot.before
        if spot.magic in ("", "redis", "redis_explain") and rest is not None:
            if len(rest) > MOST_CHARACTERS:
                return "", iter(())
            line = Beginning.of(rest)
            return line.raw, self._commands(line)
        found = _LAST_WORD.search(spot.before)
        begun = found[0] if found is not None else ""
        words = [each for each in self._words(spot) if each.startswith(begun)]
        return begun, (SimpleCompletion(each, type="option") for each in words)

    def _commands(self, line: Beginning) -> Iterator[SimpleCompletion]:
        from redislab.assist.offers import offers

        desk = self._desk()
        desk.settle()
        for offer in offers(desk.knowledge, line):
            kind = offer.about if offer.is_name else "command" if not line.typed else "option"
            yield SimpleCompletion(offer.after(line.raw), type=kind)

    def _words(self, spot: Spot) -> tuple[str, ...]:
        before = spot.before.split()
        ends = not spot.before or spot.before[-1].isspace()
        last = before[-1 if ends else -2] if len(before) > (0 if ends else 1) else ""
        if last in _VALUES:
            return _VALUES[last]
        if spot.magic == "redis":
            return tuple(OPTIONS)
        if spot.magic == "redis_clock":
            return ("+60s", "+1h", "+1d", "real")
        if spot.magic == "redis_connect":
            return tuple(sorted(PLACE_NAMES)) if last != "--lab" else self._labs()
        return ()

    def _labs(self) -> tuple[str, ...]:
        return self._desk().shared.labs()
