"""What a sentence about an outcome is made from: the command's words, its reply, its keys, and wordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from redislab.core.catalogue import Command
from redislab.core.escape import escaped
from redislab.core.keys import key_positions
from redislab.core.probe import KeyState
from redislab.core.reply import NIL, Reply
from redislab.core.session import Outcome

SHOWN_CHARACTERS = 40  # of a name or a value in a sentence
SHOWN_NAMES = 4  # of a list of them


class Told:
    """One outcome, as the sentences ask for it. The reply is there and no error."""

    def __init__(self, outcome: Outcome, command: Command) -> None:
        self.outcome = outcome
        self.command = command
        self.args = outcome.args
        self.words = outcome.args[command.words :]  # behind the command's name
        self.reply: Reply = outcome.reply or NIL
        self.keys = [outcome.args[place] for place in key_positions(command, outcome.args)]

    @property
    def key(self) -> bytes:
        """The first key, b"" if there is none."""
        return self.keys[0] if self.keys else b""

    @property
    def the(self) -> str:
        """The first key, to be read."""
        return name(self.key)

    @property
    def number(self) -> int:
        return self.reply.number

    @property
    def nil(self) -> bool:
        return self.reply.is_nil

    @property
    def count(self) -> int:
        """Elements of the reply (a map's pairs count twice), those that an Outcome leaves out too."""
        return len(self.reply.items) + self.outcome.omitted

    def before(self, key: bytes | None = None) -> KeyState | None:
        """The state of a key (the first one) before the command; None if nobody looked."""
        seen = self.outcome.observed
        return None if seen is None else seen.before.get(self.key if key is None else key)

    def after(self, key: bytes | None = None) -> KeyState | None:
        seen = self.outcome.observed
        return None if seen is None else seen.after.get(self.key if key is None else key)

    def was_missing(self, key: bytes | None = None) -> bool:
        """Whether it is known that there was no such key."""
        state = self.before(key)
        return state is not None and not state.exists

    def existed(self, key: bytes | None = None) -> bool:
        """Whether it is known that there was such a key."""
        state = self.before(key)
        return state is not None and state.exists

    def is_gone(self, key: bytes | None = None) -> bool:
        """Whether it is known that the command left no key where there was one."""
        after = self.after(key)
        return self.existed(key) and after is not None and not after.exists

    def options(self, start: int) -> dict[bytes, bytes]:
        """Each word from `start` on in capitals (0: the first behind the name) with the word behind it."""
        words = self.words[start:]
        return {word.upper(): after for word, after in zip(words, [*words[1:], b""], strict=False)}


Sentence = Callable[[Told], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one command is told: the sentence for its outcome, and the rule behind it."""

    sentence: Sentence
    why: str


class Rules:
    """The commands of one module."""

    def __init__(self) -> None:
        self.of: dict[str, Rule] = {}

    def tells(self, *names: str, why: str) -> Callable[[Sentence], Sentence]:
        """Mark the function that tells these commands; `why` is 1 to 3 sentences that always hold."""

        def marked(sentence: Sentence) -> Sentence:
            for each in names:
                self.of[each] = Rule(sentence, why)
            return sentence

        return marked


def shown(value: bytes) -> str:
    """A value on one line, cut if long; what cannot be printed is escaped."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    if not text.isprintable() or (value and not text):
        text = escaped(value).decode("ascii")
    return f"{text[:SHOWN_CHARACTERS]}…" if len(text) > SHOWN_CHARACTERS else text


def name(word: bytes) -> str:
    """A key, field or member in a sentence."""
    return f"`{shown(word)}`" if word else '`""`'


def names(found: Iterable[bytes], joined: str = "and") -> str:
    """`a`, `b` and `c`; a long list is cut and says how many more there are."""
    shown_names = [name(word) for word in dict.fromkeys(found)]
    if len(shown_names) > SHOWN_NAMES + 1:
        more = len(shown_names) - SHOWN_NAMES
        return f"{', '.join(shown_names[:SHOWN_NAMES])} and {more} more"
    return f" {joined} ".join(filter(None, [", ".join(shown_names[:-1]), *shown_names[-1:]]))


def many(number: int, what: str, plural: str = "") -> str:
    """1 field, 2 fields, no field."""
    if number == 1:
        return f"1 {what}"
    return f"{number or 'no'} {plural or f'{what}s'}" if number else f"no {what}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def span(milliseconds: int) -> str:
    """600 s (10 minutes), 1.5 s, 4000 s (about 67 minutes)."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")
    for size, unit in _UNITS:
        if milliseconds >= 2 * size * 1000 or milliseconds == size * 1000:
            count = milliseconds / 1000 / size
            about = "" if count == int(count) else "about "
            return f"{round(milliseconds / 1000)} s ({about}{many(round(count), unit)})"
    return f"{seconds} s"


def integer(word: bytes) -> int | None:
    """The integer that a word spells."""
    try:
        return int(word) if word.strip() == word and b"_" not in word else None
    except ValueError:
        return None


def number_text(value: float) -> str:
    """A score as Redis prints it where it is short: 3, 1.5."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e17 else repr(value)


def remaining(milliseconds: int) -> str:
    """A time that is running: whole seconds, unless they are few."""
    return span(round(milliseconds, -3) if milliseconds >= 10_000 else milliseconds)


def was(found: Sequence[bytes]) -> str:
    return "was" if len(set(found)) == 1 else "were"


_PLURALS = {"list": "element", "hash": "field", "set": "member", "zset": "member", "stream": "entry"}
KINDS = {"zset": "sorted set"}


def kind(state: KeyState) -> str:
    """`a list of 3 elements`, `a string`."""
    what = KINDS.get(state.type, state.type)
    piece = _PLURALS.get(state.type)
    size = "" if piece is None or state.length is None else f" of {many(state.length, piece, entries(piece))}"
    return f"a {what}{size}"


def entries(piece: str) -> str:
    return "entries" if piece == "entry" else f"{piece}s"


def vanished(told: Told, what: str, key: bytes | None = None) -> str:
    """Where a collection lost its last element: the key went with it."""
    if not told.is_gone(key):
        return ""
    gone = name(told.key if key is None else key)
    return f" Nothing is left in {gone}, and an empty {what} does not exist: the key is gone."


def lost_ttl(told: Told, key: bytes | None = None) -> str:
    """Where a key had a time to live and has none now."""
    before, after = told.before(key), told.after(key)
    if before and after and before.expires and after.exists and not after.expires:
        return " Its time to live is gone: it no longer expires."
    return ""


def kept_ttl(told: Told, key: bytes | None = None) -> str:
    """Where a key still expires after a write."""
    before, after = told.before(key), told.after(key)
    if before and after and before.expires and after.expires:
        return f" Its time to live stays: {remaining(after.ttl_ms or 0)}."
    return ""


def other_type(told: Told, now: str, key: bytes | None = None) -> str:
    """Where a value of another type was replaced."""
    before = told.before(key)
    if before and before.exists and before.type != now:
        return f" It was {kind(before)} and is a {KINDS.get(now, now)} now."
    return ""


def pairs(items: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(items[0::2], items[1::2], strict=False))
