"""`redislab check` and `redislab new`: lessons proved, and begun."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from redislab.app import Place, catalogue, open_engine
from redislab.core.safe import visible_text
from redislab.course.attempts import Attempt, read_attempts
from redislab.course.bench import Bench
from redislab.course.drafts import Draft, Drafting
from redislab.course.library import course, translation_faults
from redislab.course.model import Fault, Lesson, PythonSolution, Typed
from redislab.course.proof import Proof, Report, lint, lint_course
from redislab.course.python_calls import BadCall, Call, read_calls
from redislab.course.reach import is_harmless, leaves_its_database
from redislab.course.reader import read_lesson
from redislab.errors import ExitCode, RedislabError, UsageError
from redislab.progress import attempts_file
from redislab.streams import Streams

if TYPE_CHECKING:
    from redislab.core.engine import Engine

SERVERS = ("redis-server", "valkey-server")
SKELETON = Path(__file__).parent.parent / "course" / "skeleton.md"

USAGE = """\
redislab check [--watch] [target options] [FILE …]
redislab check --drafts [FILE.md …] [ATTEMPTS …]
redislab new FILE

  redislab check my.md             what each step promises is run, on every engine that is here
  redislab check                   the same for the lessons that come with redislab
  redislab check -p 6379 my.md     and on that server, in an empty database
  redislab check --watch my.md     again whenever the file is saved
  redislab check --drafts my.md    what learners tried in vain (redislab lesson --collect my.md notes it), as
                                   mistakes that want a sentence; ATTEMPTS: files that they sent you
  redislab new my.md               a lesson to begin with; it passes

Exit code 1: there are faults. Each is said with file, line and what to do."""


def run_check(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Prove lessons; 1 where there are faults."""
    from redislab import options as cli_options

    if list(argv) in (["--help"], ["-h"]):
        _say(streams, USAGE)
        return ExitCode.OK
    if "--drafts" in argv:
        return _drafts([word for word in argv if word != "--drafts"], streams)
    watch = "--watch" in argv
    rest = [word for word in argv if word != "--watch"]
    options = cli_options.parse(rest, mode="check", names=cli_options.PLACE_NAMES)
    place = cli_options.place(options, streams.environ) if cli_options.names_a_place(options) else None
    files = [Path(name) for name in options.command]
    if watch:
        return _watch(files or _course(), place, streams)
    return _check(files or _course(), place, streams, whole=not files)


def run_new(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Write a lesson to begin with. A file that is there is left alone."""
    if len(argv) != 1 or argv[0].startswith("-"):
        raise UsageError("this is how it is written: redislab new FILE.md")
    path = Path(argv[0])
    text = SKELETON.read_text("utf-8")
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already; choose another name") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    _say(streams, f"{path} is a lesson of two steps. redislab check {path} proves it.")
    return ExitCode.OK


def _course() -> list[Path]:
    """The lessons that come with redislab."""
    found = [title.path for title in course()]
    if not found:
        raise UsageError("which lesson? For example: redislab check my.md")
    return found


def _check(files: Sequence[Path], place: Place | None, streams: Streams, *, whole: bool = False) -> ExitCode:
    """`whole`: the files are a course, and each builds on those before it."""
    lessons, faults = _read(files)
    if whole:
        faults += [*lint_course(lessons, catalogue()), *translation_faults(course())]
    counted = Report()
    seen: dict[str, list[Fault]] = {}
    for name, opened in _engines(place):
        seen[name] = []
        with opened() as engine:
            for lesson in lessons:
                report = _prove(lesson, engine, place.db if place is not None else 0)
                counted.add(report)
                seen[name] += report.faults
    engines = list(seen)
    faults += _joined(seen)
    for fault in sorted(faults, key=lambda fault: (str(fault.path), fault.line)):
        _say(streams, visible_text(str(fault)))
    runs = max(1, len(engines))
    _say(
        streams,
        f"{_count(len(lessons), 'lesson')}, {_count(counted.steps // runs, 'step')}, "
        f"{_count(counted.solutions // runs, 'solution')}, {_count(counted.mistakes // runs, 'mistake')}, "
        f"{_count(len(faults), 'fault')}, on {' and '.join(engines)}",
    )
    return ExitCode.FAILURE if faults else ExitCode.OK


def _read(files: Sequence[Path]) -> tuple[list[Lesson], list[Fault]]:
    """The lessons that can be run, and what is wrong with them all as they are written."""
    lessons, faults = [], []
    for path in files:
        lesson, found = read_lesson(path)
        if lesson is not None and not found and is_harmless(lesson, catalogue()):
            lessons.append(lesson)
        faults += [*found, *lint(lesson, catalogue())] if lesson is not None else found
    return lessons, faults


def _prove(lesson: Lesson, engine: Engine, db: int) -> Report:
    """On a server that others use, what reaches beyond the one database is not run."""
    if engine.capabilities.shared and (typed := leaves_its_database(lesson)) is not None:
        message = (
            f"{typed} reaches beyond the database; such a lesson is not proved on a server that is shared."
        )
        return Report([Fault(lesson.path, typed.line, message)])
    bench = Bench(engine, catalogue(), db)

    def emptied() -> Bench:
        bench.empty(lesson)
        return bench

    try:
        return Proof(lesson, emptied, python=python_lines).run()
    finally:
        bench.empty()
        bench.close()


def _drafts(words: Sequence[str], streams: Streams) -> ExitCode:
    """Collected attempts as fences, the most frequent first. Raises UsageError."""
    options = [word for word in words if word.startswith("-")]
    if options:
        raise UsageError(f"--drafts takes files, and no {options[0]}. See redislab check --help.")
    lessons, faults = _read([Path(word) for word in words if word.endswith(".md")] or _course())
    for fault in faults:
        _say(streams, visible_text(str(fault)))
    attempts = list(_attempts([Path(word) for word in words if not word.endswith(".md")], streams.environ))
    drafts: list[Draft] = []
    with _open(Place()) as engine:
        for lesson in lessons:
            bench = Bench(engine, catalogue())

            def emptied(bench: Bench = bench, lesson: Lesson = lesson) -> Bench:
                bench.empty(lesson)
                return bench

            drafts += Drafting(lesson, emptied, python=python_lines).drafts(attempts)
            bench.close()
    for draft in sorted(drafts, key=lambda each: -each.times):
        where = f"{draft.lesson.path}, step {draft.step.id}: {_count(draft.times, 'attempt')}"
        _say(streams, visible_text(where))
        _say(streams, visible_text(draft.text, lines=True) + "\n")
    what = "Write into each what you would say, and paste it into its step; redislab check proves it."
    _say(streams, f"{_count(len(drafts), 'draft')} of {_count(len(attempts), 'attempt')}. {what}")
    return ExitCode.FAILURE if faults else ExitCode.OK


def _attempts(files: Sequence[Path], environ: Mapping[str, str]) -> Iterator[Attempt]:
    """Those in the files, or in the one that lessons on this machine write. Raises UsageError."""
    own = attempts_file(environ)
    for path in files or [own]:
        try:
            yield from read_attempts(path)
        except FileNotFoundError:
            if path is own:
                raise UsageError(
                    f"nothing has been collected in {path}; redislab lesson --collect 3 does that"
                ) from None
            raise UsageError(f"there is no file {path}") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def python_lines(solution: PythonSolution) -> list[Typed]:
    """The commands that a solution in redis-py sends. Raises BadCall."""
    lines: list[Typed] = []
    for sent in read_calls(solution.source):
        if isinstance(sent, Call):
            lines += [Typed(words, solution.line + sent.line, sent.client) for words in _words(sent)]
            continue
        together = [(words, call.line) for call in sent.calls for words in _words(call)]
        if sent.transaction:
            together = [((b"MULTI",), sent.line), *together, ((b"EXEC",), sent.line)]
        lines += [
            Typed(words, solution.line + line, sent.client, joined=place > 0)
            for place, (words, line) in enumerate(together)
        ]
    return lines


def _words(call: Call) -> list[tuple[bytes, ...]]:
    """What redis-py sends for a call. Raises BadCall."""
    from redislab.engines.recording import words_of

    try:
        return [tuple(words) for words in words_of(call.method, call.args, call.options)]
    except UsageError as error:
        raise BadCall(call.line, error.message) from None


def _engines(place: Place | None) -> Iterator[tuple[str, Callable[[], AbstractContextManager[Engine]]]]:
    """The embedded engine always; then the server that was named, or a private one where one is found."""
    yield "the built-in engine", lambda: _open(Place())
    if place is not None and not place.embedded:
        yield "the server", lambda: _open(place)
    elif any(shutil.which(name) for name in SERVERS):
        yield "redis-server", lambda: _open(Place(private=True))


@contextmanager
def _open(place: Place) -> Iterator[Engine]:
    """An engine with nothing in it. Raises UsageError for a database that holds something."""
    engine = open_engine(place)
    try:
        if engine.capabilities.shared:
            _must_be_empty(engine, place)
        yield engine
    finally:
        engine.close()


def _must_be_empty(engine: Engine, place: Place) -> None:
    bench = Bench(engine, catalogue(), place.db)
    try:
        size = bench.ask((b"DBSIZE",)).number
    finally:
        bench.close()
    if size:
        keys = _count(size, "key")
        raise UsageError(
            f"database {place.db} holds {keys}; lessons are proved in an empty one. Name another: -n 9"
        )


def _watch(files: Sequence[Path], place: Place | None, streams: Streams) -> ExitCode:
    """Again whenever one of the files is saved, until Ctrl-C."""
    from redislab.course.watching import changes

    for _ in changes(files):
        try:
            _check(files, place, streams)
        except RedislabError as error:
            _say(streams, error.message)
        streams.stdout.flush()
    return ExitCode.OK


def _joined(seen: Mapping[str, Sequence[Fault]]) -> Iterator[Fault]:
    """Each fault once; where not every engine shows it, with the name of the one that does."""
    for fault in dict.fromkeys(fault for found in seen.values() for fault in found):
        engines = [name for name, found in seen.items() if fault in found]
        where = "" if len(engines) == len(seen) else f" (on {' and '.join(engines)} alone)"
        yield replace(fault, message=fault.message + where)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _say(streams: Streams, text: str) -> None:
    streams.stdout.write(text.encode("utf-8", "surrogateescape") + b"\n")
