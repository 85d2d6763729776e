"""Lines as other programs want them: curly quotes, prompts, Python, comments, `;` and `=`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from redislab.core.coach.advice import Advice, Typed, bytes_of, text_of
from redislab.core.session import Outcome

_CALL = re.compile(r"\s*(?:[\w.]+\s*=\s*)?(?:await\s+|print\()?(?:(\w+)\.)?(\w+)\((.*?)\)*;?\s*", re.DOTALL)
_SMART = re.compile("[\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]")
_PROMPT = re.compile(r"\s*(?:[\w.:\[\]()-]*>|\$)\s+(\S.*)", re.DOTALL)


_PROGRAMS = ("redis-cli", "redislab", "iredis")


def quotes(typed: Typed, fault: int) -> Advice:
    """A quote that does not close, or a word glued behind a closing one."""
    last = next((word for word in typed.words if not word.closed), None)
    if last is None:
        return Advice("After a closing quote must come a space or the end of the line.", fault + 1, "a space")
    mark = text_of(last.quote)
    if last.start < fault and b'"' not in typed.line:  # it's
        before = text_of(typed.line[: last.start])
        rest = text_of(typed.line[last.start :]).rstrip()
        return Advice(
            f"A {mark} opens a quoted word, and none closes it. Put the text in double quotes.",
            fault,
            f"a closing {mark}",
            f'{before}"{rest}"',
        )
    closing = text_of(typed.line).rstrip() + mark
    return Advice("This quote is never closed.", fault, f"a closing {mark}", closing)


def smart_quotes(typed: Typed, outcome: Outcome | None) -> Advice | None:
    text = text_of(typed.line)
    found = _SMART.search(text)
    if found is None or (found[0] in "\u2018\u2019" and text[: found.start()][-1:].isalpha()):
        return None  # an apostrophe in a text
    plain = re.sub("[\u2018\u2019]", "'", _SMART.sub(lambda m: m[0] if m[0] in "\u2018\u2019" else '"', text))
    caret = len(bytes_of(text[: found.start()]))
    return Advice(
        "Curly quotes are letters to Redis. Quotes that group words are straight.", caret, '"', plain
    )


def pasted(typed: Typed, outcome: Outcome | None) -> Advice | None:
    """A command line of the system, a prompt, or a line of Python."""
    text, first = text_of(typed.line).strip(), text_of(typed.words[0].value)
    prompt = _PROMPT.fullmatch(text)
    if prompt and typed.command is None:
        inner = prompt[1]
        if inner.split()[0] in _PROGRAMS:
            inner = " ".join(_without_options(inner.split()[1:]))
        return Advice("The prompt was copied along; the command begins behind it.", 0, "", inner or None)
    if first in _PROGRAMS:
        rest = _without_options(typed.raw(1))
        return Advice(
            "You are in the shell already: commands are typed without the program's name and options.",
            typed.at(0),
            "a command",
            " ".join(rest) or None,
        )
    call = _CALL.fullmatch(text)
    return _called(typed, call) if call and typed.command is None else None


def _without_options(words: Sequence[str]) -> list[str]:
    """What follows a program's options; those that take a value are skipped with it."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        takes_value = rest[0] in ("-h", "-p", "-s", "-n", "-a", "-u", "--user", "--pass", "-r", "-i", "-d")
        del rest[: 2 if takes_value else 1]
    return rest


def _called(typed: Typed, call: re.Match[str]) -> Advice | None:
    """`SET(a, 1)` and `r.set("a", 1, ex=60)`."""
    owner, called, inside = call[1], call[2], call[3]
    if called.lower() in ("exit", "quit"):
        return Advice("Leaving is a command: QUIT, or Ctrl-D on an empty line.", 0, "", "QUIT")
    aliases = {"delete": "DEL", "print": "GET"}
    command = typed.catalogue.get(aliases.get(called.lower(), called.upper()))
    words = [
        word
        for piece in re.findall(r"\"[^\"]*\"|'[^']*'|[^\s,={}:()\[\]]+", inside)
        if (word := piece.upper() if piece in ("ex", "px", "nx", "xx") else piece) not in ("True", "mapping")
    ]
    line = " ".join([command.name, *words]) if command else None
    if owner:
        return Advice(
            "That is Python. Here a command is its name and words with spaces between.", 0, "", line
        )
    text = "Commands take no brackets and no commas: the words follow the name, with spaces between."
    return Advice(text, typed.line.find(b"("), "a space", line) if command else None


def _comment(typed: Typed, outcome: Outcome | None) -> Advice | None:
    args = typed.args
    for place, word in enumerate(typed.words[1:], 1):
        raw = typed.line[word.start : word.end]
        if typed.name.startswith("SORT") and typed.args[place - 1].upper() == b"GET":
            continue  # GET # asks for the element itself
        if (raw == b"#" or raw[:2] == b"//" or raw == b"--") and place > 1 and typed.command is not None:
            more = len(args) - place
            took = (
                f" It and the {'word' if more == 2 else 'words'} behind it were taken"
                if more > 1
                else " It was taken"
            )
            ran = outcome is not None and outcome.reply is not None and not outcome.reply.is_error
            data = f"{took} as data." if ran else ""
            kept = " ".join(typed.raw(0, place))
            return Advice(f"{text_of(raw[:2])} starts no comment here.{data}", word.start, "", kept)
    return None


def _ending(typed: Typed, outcome: Outcome | None) -> Advice | None:
    """`;` at the end, commas between words, `=` in the middle."""
    last, raw = typed.words[-1], typed.raw(0)
    if typed.command is None and b";" not in last.value and b"=" not in typed.args:
        return None
    if last.value.endswith(b";") and not last.quote and len(raw[-1]) > 0:
        kept = [*raw[:-1], raw[-1].rstrip(";")]
        text = "A command ends with the line. The ; is taken as part of the last word."
        return Advice(text, last.end - 1, "the end of the line", " ".join(filter(None, kept)))
    if b"=" in typed.args[1:] and len(raw) > 2 and typed.args.index(b"=", 1) in (1, 2, 3):
        place = typed.args.index(b"=", 1)
        kept = [*raw[:place], *raw[place + 1 :]]
        kept = kept if typed.command is not None else ["SET", *kept]
        return Advice("Key and value stand side by side, without =.", typed.at(place), "", " ".join(kept))
    between = typed.words[1:-1]
    commas = [
        word for word in between if word.value.endswith(b",") and not word.quote and len(word.value) > 1
    ]
    if commas and len(commas) == len(between) - (typed.name in _KEY_FIRST):
        kept = [piece.rstrip(",") if 0 < place < len(raw) - 1 else piece for place, piece in enumerate(raw)]
        text = "Words are separated by spaces alone. A comma becomes part of the word."
        return Advice(text, commas[0].end - 1, "a space", " ".join(kept))
    return None


_KEY_FIRST = frozenset({"SADD", "SREM", "LPUSH", "RPUSH", "HMGET", "HDEL", "ZREM", "PFADD"})

HABITS: Sequence[Callable[[Typed, Outcome | None], Advice | None]] = (
    smart_quotes,
    pasted,
    _comment,
    _ending,
)
