"""A command line explained before it runs: what each word means here, and the command's page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from redislab.core.ahead import NOTHING, Ahead
from redislab.core.catalogue import Catalogue, Command
from redislab.core.explanations import SERVER_SAYS, Explanation, explanation, sentence
from redislab.core.grammar import Match, Place, match
from redislab.core.help import help_view, not_here
from redislab.core.redispy import python_call
from redislab.core.roles import Role
from redislab.core.view import Grid, Items, Line, Note, NoteKind, Span, Stack, View, line
from redislab.core.words import quote

WORD_CHARACTERS = 24  # of one word; longer ones are cut


def explain_view(catalogue: Catalogue, words: Sequence[bytes], ahead: Ahead = NOTHING) -> View:
    """What `:explain` answers: a bare name gets its page, a line is taken apart.

    `ahead` says what running it would meet, where the data may be looked at. A command
    that this catalogue has not but `beyond` has is explained too, and said to be from elsewhere.
    """
    command = catalogue.lookup(words)
    if command is None and (elsewhere := catalogue.beyond.lookup(words)) is not None:
        return Stack((explain_view(catalogue.beyond, words, ahead), not_here(catalogue, elsewhere)))
    if command is None:
        return help_view(catalogue, words[:1])
    if len(words) == command.words:
        return page_view(catalogue, command)
    found = match(catalogue, words)
    told = explanation(command)
    parts: list[View] = [_line(words, found), Line(), _meanings(words, found, command, told)]
    if found.wrong is not None:
        expected = f" Possible here: {', '.join(found.wrong.expected)}." if found.wrong.expected else ""
        parts.append(Note(NoteKind.ERROR, line(f"{found.wrong.reason}.{expected}")))
    elif not found.complete:
        parts.append(Note(NoteKind.INFO, line("The line is not complete yet.")))
    parts += [Line(), Grid((), tuple(_facts(command, told, words, found, ahead)))]
    return Stack(tuple(parts))


def page_view(catalogue: Catalogue, command: Command) -> View:
    """All there is to say about a command without a line of it."""
    told = explanation(command)
    parts: list[View] = [help_view(catalogue, [word.encode() for word in command.name.split()])]
    if told is None and command.summary:
        return Stack((line(f"{SERVER_SAYS} {command.summary}"), *parts))
    if told is None:
        return parts[0]
    parts.insert(0, line(Span(told.does, Role.STRONG)))
    rows = [(line(Span(path, Role.DIM)), line(text)) for path, text in told.arguments.items()]
    if rows:
        parts += [Line(), Grid((), tuple(rows), "Arguments")]
    more = [("in Python", told.python), ("cost", told.cost), ("mistake", told.mistake)]
    rows = [(line(Span(label, Role.DIM)), line(text)) for label, text in more if text]
    if rows:
        parts += [Line(), Grid((), tuple(rows))]
    for example in told.examples:
        parts += [Line(), Items(tuple(_example(example)))]
    return Stack(tuple(parts))


def _example(example: Sequence[tuple[str, str | None]]) -> Iterator[Line]:
    for typed, answer in example:
        yield line(Span("> ", Role.DIM), Span(typed, Role.COMMAND))
        for each in (answer or "").splitlines():
            yield line(each)


def _line(words: Sequence[bytes], found: Match) -> Line:
    spans: list[str | Span] = []
    for place, (word, known) in enumerate(zip(words, found.places, strict=True)):
        wrong = found.wrong is not None and found.wrong.place == place
        spans += [" "] if spans else []
        spans.append(Span(_shown(word), Role.ERROR if wrong else known.role))
    return line(*spans)


def _meanings(words: Sequence[bytes], found: Match, command: Command, told: Explanation | None) -> Grid:
    does = told.does if told else f"{SERVER_SAYS} {command.summary}" if command.summary else command.group
    rows = [(line(Span(command.name, Role.COMMAND)), line(does))]
    for start, end, known in _together(found.places, command.words):
        shown = " ".join(map(_shown, words[start:end]))
        text = sentence(command, known.argument) if known.argument else ""
        name = known.argument.display or known.argument.name if known.argument else ""
        wrong = found.wrong is not None and start <= found.wrong.place < end
        meaning = found.wrong.reason if wrong and found.wrong else text or name
        rows.append((line(Span(shown, Role.ERROR if wrong else known.role)), line(meaning)))
    return Grid((), tuple(rows))


def _together(places: Sequence[Place], start: int) -> Iterator[tuple[int, int, Place]]:
    """Neighbouring words that are one thing: `EX 60`, all elements of a LPUSH."""
    begin = start
    for place in range(start + 1, len(places) + 1):
        goes_on = place < len(places) and places[begin].argument is not None
        if not (goes_on and places[place].argument is places[begin].argument):
            if begin < len(places):
                yield begin, place, places[begin]
            begin = place


def _facts(
    command: Command, told: Explanation | None, words: Sequence[bytes], found: Match, ahead: Ahead
) -> Iterator[tuple[Line, Line]]:
    for each in ahead.sentences:
        yield line(Span("now", Role.DIM)), line(each)
    cost = told.cost if told is not None and told.cost else command.complexity
    cost = f"{cost} {ahead.cost}".strip()
    if cost:
        yield line(Span("cost", Role.DIM)), line(cost)
    if found.wrong is None and found.complete:
        yield line(Span("Python", Role.DIM)), line(Span(python_call(command, words), Role.VALUE))


def _shown(word: bytes) -> str:
    text = quote([word]).decode("utf-8", "surrogateescape")
    return text if len(text) <= WORD_CHARACTERS else f"{text[:WORD_CHARACTERS]}…"
