"""What is known of the place where the person is: the commands that it has, and a finder for its data."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from redislab.app import catalogue as usual_catalogue
from redislab.assist.finder import Finder
from redislab.core import words as word_splitter
from redislab.core.catalogue import Catalogue
from redislab.core.engine import Engine
from redislab.core.learn import Facts, learned

NAMES_AT_ONCE = 12  # asked about for one menu
GIVES_UP_AFTER = 3  # looks that failed
NAME_BYTES = 200  # of a line, in which the command's name stands


@dataclass
class _Place:
    """One engine, and what was learned of it."""

    engine: Engine
    catalogue: Catalogue
    names: tuple[str, ...] | None = None  # of all its commands; None: not asked yet
    asked: set[str] = field(default_factory=set)
    failures: int = 0
    server: str | None = None


class Knowledge:
    """The commands of a place, completed from what its server says of those that the catalogue has not.

    A server is asked where data may be looked at, once a command, and only about names that it listed
    itself: no word that is being typed goes to it. `learn`, `starting` and `server` ask, within a finder's
    budget; `catalogue` and `reading`, which are needed at every key, never do.
    """

    def __init__(self, where: Callable[[], tuple[Engine, int]], may_look: Callable[[], bool]) -> None:
        self._where = where
        self._may_look = may_look
        self._finder: Finder | None = None
        self._found_for: tuple[Engine, int] | None = None
        self._place: _Place | None = None
        self._lock = threading.RLock()

    @property
    def catalogue(self) -> Catalogue:
        """The commands that may be offered here."""
        return self._here().catalogue

    def reading(self, line: bytes) -> Catalogue:
        """The catalogue by which a line is read.

        On a server that nobody has asked, a command of newer servers is taken for one: it may well be.
        """
        found, _ = word_splitter.scan(line[:NAME_BYTES])
        words = [word.value for word in found]
        return self.reading_words(words[1:] if len(words) > 1 and words[0].isdigit() else words)

    def reading_words(self, words: Sequence[bytes]) -> Catalogue:
        place = self._here()
        if place.names is None and place.engine.capabilities.version is None:
            return place.catalogue.knowing(words)
        return place.catalogue

    def finder(self) -> Finder | None:
        """For the data here, if these may be looked at."""
        if not self._may_look():
            return None
        with self._lock:
            here = self._where()
            if self._finder is None or self._found_for != here:
                if self._finder is not None:
                    self._finder.close()
                self._finder, self._found_for = Finder(*here), here
            return self._finder

    def learn(self, words: Sequence[bytes]) -> None:
        """Ask about a line's command, if the catalogue has none of that name and the server has."""
        if words and self.catalogue.lookup(words[:1]) is None:
            name = words[0].upper().decode("latin-1")
            if name in self._listed():
                self._ask([name])

    def starting(self, prefix: str) -> tuple[str, ...]:
        """The names that a prefix may become, those that the server alone knows too; sorted."""
        wanted = prefix.upper()
        if " " not in wanted:
            new = [name for name in self._listed() if name.startswith(wanted)]
            self._ask([name for name in new if self.catalogue.get(name) is None][:NAMES_AT_ONCE])
        return self.catalogue.starting(prefix)

    def server(self) -> str:
        """What answers here, `Redis 7.0.15`; "" where that is not known."""
        place, finder = self._here(), self.finder()
        version = place.engine.capabilities.version
        if version is not None:
            return f"Redis {'.'.join(map(str, version))}"
        if place.server is None and finder is not None:
            place.server = finder.server()
        return place.server or ""

    # -- inside ---------------------------------------------------------------------------------

    def _here(self) -> _Place:
        engine, _ = self._where()
        place = self._place
        if place is None or place.engine is not engine:
            place = self._place = _Place(engine, usual_catalogue())
        return place

    def _listed(self) -> tuple[str, ...]:
        """The names of all commands of the server; () where it may not be asked or its version says it."""
        place, finder = self._here(), self.finder()
        if finder is None or place.engine.capabilities.version is not None:
            return ()
        with self._lock:
            if place.names is None and place.failures < GIVES_UP_AFTER:
                place.names = finder.command_names()
                place.failures += place.names is None
            return place.names or ()

    def _ask(self, names: Sequence[str]) -> None:
        """Learn these, each asked about once; what comes of it is in the catalogue."""
        place, finder = self._here(), self.finder()
        with self._lock:
            new = [name for name in names if name not in place.asked]
            if not new or finder is None or place.failures >= GIVES_UP_AFTER:
                return
            words = [name.lower().encode("latin-1") for name in new]
            answers = finder.described(words)
            if answers is None:
                place.failures += 1
                return
            place.asked.update(new)
            facts: dict[str, Facts] = {}
            for word, (info, docs) in zip(words, answers, strict=True):
                facts |= learned(place.catalogue, word, info, docs)
            if facts:
                place.catalogue = place.catalogue.completed(facts)
