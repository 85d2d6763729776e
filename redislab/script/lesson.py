"""`redislab lesson`: what the words of the command line ask for, and the list with progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from redislab import options as cli_options
from redislab.app import Place, catalogue
from redislab.core.roles import Role
from redislab.core.view import Grid, Line, Note, NoteKind, Span, Stack, View, line
from redislab.course.library import Opening, Title, course, find, is_of_course, load, translated
from redislab.course.model import Lesson
from redislab.course.reach import is_harmless
from redislab.course.standing import Standing
from redislab.errors import ExitCode, UsageError
from redislab.options import Options
from redislab.progress import Progress
from redislab.streams import Streams

USAGE = """\
redislab lesson                      the lessons, how far you are, and which comes next
redislab lesson N|ID|FILE [options]  go through one; it goes on where you left it
redislab lesson review               what you answered wrong, asked again

  --from STEP   begin at that step, by its id or number
  --reset       begin anew; what was earned is forgotten
  --lang fr     in another language, where it is translated
  --collect     note wrong attempts that the lesson has no answer to, in a file here, for its author;
                redislab check --drafts makes mistakes of them

A lesson has a lab of its own, lesson-ID. Elsewhere: --engine server, or -u, -h, -p, -s and -n as in
redislab repl --help; on a server it works in one empty database, and asks first."""

_OWN = {"--from": "from_step", "--lang": "language"}


@dataclass
class Wish:
    """What was asked for. `lesson`: N, ID, FILE, review; "" for the list."""

    place: Place
    lesson: str = ""
    from_step: str = ""
    language: str = ""
    reset: bool = False
    collect: bool = False
    help: bool = False


def read_wish(argv: Sequence[str], environ: Mapping[str, str]) -> Wish:
    """The words of the command line; options may stand before and behind the lesson. Raises UsageError."""
    own, rest = _own_options(argv)
    options = cli_options.parse(rest, mode="lesson", names=[*cli_options.PLACE_NAMES, "--help"])
    asked = options.command
    if len(asked) > 1:
        options = _with_more(options, asked[1:])
    if options.ask_password:
        options.password = cli_options.ask_password()
    if options.lab:
        raise UsageError("a lesson has a lab of its own: leave --lab out")
    named = asked[0] if asked else ""
    wish = Wish(cli_options.place(options, environ), named, help=options.help)
    for name, value in own.items():
        setattr(wish, name, value)
    return wish


def open_lesson(wish: Wish) -> tuple[Place, Opening]:
    """The lesson, and the place that it has. Raises UsageError."""
    titles = course()
    path = find(wish.lesson, titles)
    lesson = load(path)
    if not is_harmless(lesson, catalogue()):
        raise UsageError(
            f"{path} runs commands that it does not name in allow: redislab check {path} says which"
        )
    if wish.language:
        lesson = translated(lesson, wish.language)
    key = lesson.id
    if not is_of_course(path, titles) and any(title.id == key for title in titles):
        key = f"{key}-own"  # somebody's own lesson does not touch what was earned in ours
    step, following = _step(lesson, wish.from_step), _following(path.name, titles)
    opening = Opening(lesson, key, wish.lesson, step, wish.reset, following, wish.collect)
    place = wish.place
    return replace(place, lab=opening.lab) if place.lab is not None else place, opening


def run_list(streams: Streams, wish: Wish) -> ExitCode:
    """The lessons, plain where nobody looks at colours."""
    from redislab.render.terminal import coloured_text

    notices: list[str] = []
    known = Progress(wish.place.environ, notices.append).read()
    views: list[View] = [_list(course(), known, wish.language)]
    views += [Note(NoteKind.WARNING, line(text)) for text in notices]
    text = coloured_text(Stack(tuple(views)), width=streams.width, colours=streams.colours)
    streams.stdout.write(text.encode("utf-8", "surrogateescape") + b"\n")
    return ExitCode.OK


def _list(titles: Sequence[Title], known: Mapping[str, Standing], language: str) -> View:
    if not titles:
        return line("This redislab came without lessons. redislab lesson FILE.md runs one of yours.")
    following = next((title for title in titles if not _is_finished(known.get(title.id))), None)
    rows = []
    for title in titles:
        lesson = load(title.path)
        if language:
            try:
                lesson = translated(lesson, language)
            except UsageError:
                pass  # of this one there is no translation yet
        rows.append(_row(title, lesson, known.get(title.id), title is following))
    missed = sum(len(standing.missed) for standing in known.values())
    views: list[View] = [Grid(("", "id", "done", "minutes", "lesson"), tuple(rows)), Line()]
    if following is None:
        views.append(line("You have been through all of them."))
    else:
        views.append(line(Span("Next: ", Role.STRONG), f"redislab lesson {following.number}"))
    if missed:
        what = "1 question" if missed == 1 else f"{missed} questions"
        views.append(line(f"redislab lesson review asks {what} again that you answered wrong."))
    return Stack(tuple(views))


def _row(title: Title, lesson: Lesson, standing: Standing | None, is_next: bool) -> tuple[Line, ...]:
    total = len(lesson.steps)
    if standing is None:
        done = f"0 of {total}"
    else:
        done = f"{min(standing.earned, total)} of {total}"
    name = line(Span(lesson.title, Role.STRONG if is_next else Role.TEXT))
    minutes = str(lesson.minutes or "")
    number, id = line(f"{title.number:>2}"), line(Span(title.id, Role.COMMAND))
    return number, id, line(done), line(minutes), name


def _is_finished(standing: Standing | None) -> bool:
    return standing is not None and standing.finished


def _following(name: str, titles: Sequence[Title]) -> str:
    """`4, Counting` behind lesson 3."""
    places = [place for place, title in enumerate(titles) if title.path.name == name]
    if not places or places[0] + 1 >= len(titles):
        return ""
    following = titles[places[0] + 1]
    return f"{following.number}"


def _step(lesson: Lesson, wanted: str) -> str:
    """The id of a step named by id or number. Raises UsageError."""
    ids = [step.id for step in lesson.steps]
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(ids):
        return ids[int(wanted) - 1]
    if wanted and wanted not in ids:
        raise UsageError(f"there is no step {wanted!r} in {lesson.id}; there are: {', '.join(ids)}")
    return wanted


def _own_options(argv: Sequence[str]) -> tuple[dict[str, str | bool], list[str]]:
    """The options that only lessons have, and all other words."""
    own: dict[str, str | bool] = {}
    rest = []
    words = iter(argv)
    for word in words:
        if word in ("--reset", "--collect"):
            own[word.removeprefix("--")] = True
        elif word in _OWN:
            value = next(words, None)
            if value is None:
                raise UsageError(f"{word} needs a value: {word} {'STEP' if word == '--from' else 'fr'}")
            own[_OWN[word]] = value
        else:
            rest.append(word)
    return own, rest


def _with_more(options: Options, words: Sequence[str]) -> Options:
    """What stands behind the lesson: options again, and nothing else."""
    more = cli_options.parse(words, mode="lesson", names=[*cli_options.PLACE_NAMES, "--help"])
    if more.command:
        raise UsageError(
            f"one lesson at a time, not {more.command[0]!r} as well. See redislab lesson --help."
        )
    fresh = Options()
    for each in fields(more):
        value = getattr(more, each.name)
        if value != getattr(fresh, each.name):
            setattr(options, each.name, value)
    return options
