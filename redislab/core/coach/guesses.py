"""What was meant where the grammar refuses a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from redislab.core.coach.advice import Advice, Typed, text_of, wanted
from redislab.core.coach.nearest import nearest
from redislab.core.coach.tables import COMPLETIONS
from redislab.core.grammar import Match, Wrong
from redislab.core.happened.told import name
from redislab.core.syntax import syntax_text

_SPAN = re.compile(
    r"(\d+(?:\.\d+)?)\s*(ms|s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|d|days?)?", re.IGNORECASE
)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "s": 1}


def _swapped(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """A value and a number the wrong way round: ZADD key member score, EXPIRE 60 key, SETEX key value 60."""
    raw, args = typed.raw(0), typed.args
    number = re.compile(rb"[+-]?\d+(\.\d+)?").fullmatch
    pair = {"ZADD": (2, 3), "EXPIRE": (1, 2), "PEXPIRE": (1, 2), "SETEX": (2, 3), "PSETEX": (2, 3)}.get(
        typed.name
    )
    if pair is None or len(args) <= pair[1]:
        return None
    left, right = pair
    numeric = 1 if typed.name in ("EXPIRE", "PEXPIRE") else 0
    if not number(args[pair[1 - numeric]]) or number(args[pair[numeric]]):
        return None
    raw[left], raw[right] = raw[right], raw[left]
    first = {"ZADD": "The score stands before its member", "SETEX": "The time stands before the value"}
    first |= {"PSETEX": first["SETEX"]}
    text = first.get(typed.name, "The key stands before the time")
    return Advice(
        f"{text}.", typed.at(left), wrong.expected[-1].strip("<>") if wrong.expected else "", " ".join(raw)
    )


def _time_word(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """`10s`, `5min`, `1.5` where whole seconds or milliseconds are wanted."""
    if wrong.place >= len(typed.words) or not {"<seconds>", "<milliseconds>"} & set(wrong.expected):
        return None
    found = _SPAN.fullmatch(text_of(typed.args[wrong.place]))
    if found is None:
        return None
    unit = (found[2] or "s").lower()
    seconds = float(found[1]) / 1000 if unit == "ms" else float(found[1]) * _SECONDS[unit[0]]
    in_ms = "<milliseconds>" in wrong.expected
    amount = seconds * 1000 if in_ms else seconds
    what = "milliseconds" if in_ms else "seconds"
    raw = typed.raw(0)
    raw[wrong.place] = str(round(amount))
    line = " ".join(raw) if amount == int(amount) and amount > 0 else None
    if line is None and typed.name == "EXPIRE":
        raw[0], raw[wrong.place], line = "PEXPIRE", str(round(seconds * 1000)), ""
        line = " ".join(raw)
    return Advice(f"The time is a whole number of {what}, without a unit.", typed.at(wrong.place), what, line)


def _time_unnamed(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """`SET k v 60`."""
    if typed.name != "SET" or wrong.place != 3 or not typed.args[3:4] or not typed.args[3].isdigit():
        return None
    raw = typed.raw(0)
    if typed.args[2].upper() in (b"EX", b"PX"):
        line = " ".join([*raw[:2], raw[4], *raw[2:4]]) if len(raw) == 5 else None
        return Advice(
            "The value stands behind the key, and the time behind the value.", typed.at(2), "value", line
        )
    text = "A time to live needs its unit in front: EX for seconds, PX for milliseconds."
    return Advice(text, typed.at(3), "EX or PX", " ".join([*raw[:3], "EX", *raw[3:]]))


def _option(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """A misspelt option."""
    options = [each for each in wrong.expected if not each.startswith("<")]
    if wrong.place >= len(typed.words) or not options:
        return None
    word = text_of(typed.args[wrong.place]).upper()
    if re.search(rf"\b{re.escape(word)}\b", syntax_text(read.command) if read.command else ""):
        text = f"{word} cannot stand together with the options before it, or stands twice."
        return Advice(text, typed.at(wrong.place), wanted(wrong))
    close = nearest(word, options)
    if not close:
        return None
    raw = typed.raw(0)
    raw[wrong.place] = close[0]
    return Advice(f"Did you mean the option {close[0]}?", typed.at(wrong.place), close[0], " ".join(raw))


def _unquoted(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """Words too many behind a value that has spaces in it."""
    place, raw, args = wrong.place, typed.raw(0), typed.args
    takes = {"SET": 2, "SETNX": 2, "APPEND": 2, "GETSET": 2, "ECHO": 1, "PUBLISH": 2, "HSETNX": 3}
    first = takes.get(typed.name, place - 1)
    if place >= len(args) or first >= len(args) - 1:
        return None
    if "option of" not in wrong.reason and wrong.expected:
        return None
    stop = next(
        (i for i in range(first + 1, len(args)) if args[i].upper().decode("latin-1") in wrong.expected),
        len(args),
    )
    joined = b" ".join(args[first:stop])
    if b'"' in joined or first < 1:
        return None
    line = " ".join([*raw[:first], f'"{text_of(joined)}"', *raw[stop:]])
    what = "a name" if typed.name not in takes else "a text"
    text = f"{_takes(typed, read)}Every space begins a new word: {what} with spaces needs quotes."
    if "option of" in wrong.reason:
        text += f" The options of {typed.name}: {', '.join(wrong.expected)}."
    return Advice(text, typed.at(place), "", line)


def _takes(typed: Typed, read: Match) -> str:
    command = read.command
    if command is None or command.arity <= 0:
        return ""
    count = command.arity - command.words
    return f"{command.name} takes {count or 'no'} word{'s' * (count != 1)}. " if count else ""


def _completed(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """What everybody writes there: LRANGE key 0 -1."""
    more = COMPLETIONS.get(typed.name)
    if more is None or wrong.place != len(typed.words):
        return None
    given, add, text = more
    if len(typed.words) != given:
        return None
    return Advice(text, typed.end, wanted(wrong), " ".join([*typed.raw(0), add]))


def _field_pairs(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """HSET key field=value and HSET key field:value."""
    if typed.name not in ("HSET", "HMSET", "SET", "MSET") or len(typed.words) > 4:
        return None
    start = 1 if typed.name.endswith("SET") and typed.name[0] != "H" else 2
    raw = typed.raw(start)
    pieces = [re.split("[=:]" if start == 2 else "=", piece, maxsplit=1) for piece in raw]
    if not pieces or not all(len(piece) == 2 and all(piece) for piece in pieces):
        return None
    if any(piece[0] in "\"'" for piece in raw):
        return None  # one word between quotes
    line = " ".join([*typed.raw(0, start), *(part for piece in pieces for part in piece)])
    return Advice("A name and its value are two words, with a space between.", typed.at(start), "", line)


def _stream_id(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """XADD key field value: the ID is missing."""
    if typed.name != "XADD" or b"*" in typed.args or len(typed.args) < 4:
        return None
    raw = typed.raw(0)
    text = "Behind the key comes the entry's ID; * lets Redis choose one."
    return Advice(text, typed.at(2), "* or an ID", " ".join([*raw[:2], "*", *raw[2:]]))


def _streams(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """XREAD key 0: the word STREAMS is missing."""
    if typed.name != "XREAD" or len(typed.words) < 3 or b"STREAMS" in [word.upper() for word in typed.args]:
        return None
    raw, text = typed.raw(0), "The word STREAMS stands before the keys; behind them come as many IDs."
    return Advice(text, typed.at(wrong.place), "STREAMS", " ".join([*raw[:-2], "STREAMS", *raw[-2:]]))


def _odd_pair(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """HSET and MSET with a name that has no value."""
    start = {"HSET": 2, "HMSET": 2, "MSET": 1, "MSETNX": 1}.get(typed.name)
    if start is None or len(typed.words) < start + 2 or wrong.place != len(typed.words):
        return None
    text = (
        f"Names and values come in pairs, and {name(typed.args[-1])} has no value. A text with spaces needs "
        "quotes."
    )
    return Advice(text, typed.end, "value")


def _table(typed: Typed, read: Match, wrong: Wrong) -> Advice | None:
    """SELECT as SQL means it."""
    if typed.name != "SELECT" or len(typed.words) < 2:
        return None
    text = "SELECT chooses a database by its number. Redis has no tables: GET reads a key, SCAN lists keys."
    return Advice(text, typed.at(1), "a number", "SCAN 0")


GUESSES: Sequence[Callable[[Typed, Match, Wrong], Advice | None]] = (
    _table,
    _streams,
    _odd_pair,
    _swapped,
    _time_word,
    _time_unnamed,
    _stream_id,
    _field_pairs,
    _completed,
    _option,
    _unquoted,
)
