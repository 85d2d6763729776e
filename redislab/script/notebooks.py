"""`redislab notebooks`: the lessons as notebooks, and those that come with redislab, into a folder."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redislab.app import catalogue
from redislab.core.safe import visible_text
from redislab.course.library import course, find, is_of_course, load, translated
from redislab.course.model import Lesson
from redislab.course.notebooks import Edition, NotANotebook, is_as_written, sources, stamped, write
from redislab.course.reach import is_harmless
from redislab.errors import ExitCode, UsageError
from redislab.streams import Streams

FOLDER = "redislab-notebooks"
USAGE = """\
redislab notebooks [DIR]          write the notebooks into DIR (redislab-notebooks, where none is named)

  --open             then start JupyterLab there
  --key              the key instead: every task solved, in Redis commands and in redis-py
  --sheet            the tasks alone, to be handed in: no checks, no hints
  --lesson N|ID|FILE of this lesson alone; of your own too
  --lang fr          in another language, where it is translated
  --force            write a notebook anew though somebody has changed it"""

# The current folder is not searched for modules: nothing in it is run.
_LAB = """
import sys
sys.path[:] = [path for path in sys.path if path]
from jupyterlab.labapp import main
sys.exit(main())
"""
_EDITIONS = {"--key": Edition.KEY, "--sheet": Edition.SHEET}


@dataclass
class Wish:
    """What was asked for."""

    folder: Path = Path(FOLDER)
    edition: Edition = Edition.TWIN
    lesson: str = ""
    language: str = ""
    open: bool = False
    force: bool = False


@dataclass
class Written:
    """What became of the files, by name."""

    new: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # somebody has changed them


def run_notebooks(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Write them; a notebook that somebody has changed is left alone, and said."""
    if list(argv) in (["--help"], ["-h"]):
        _say(streams, USAGE)
        return ExitCode.OK
    wish = read_wish(argv)
    if wish.open and importlib.util.find_spec("jupyterlab") is None:
        raise UsageError(
            'JupyterLab is not installed here; this installs it: pip install "redislab[notebook]"'
        )
    written = Written()
    try:
        wish.folder.mkdir(parents=True, exist_ok=True)
        for name, text in _files(wish, streams):
            _put(wish.folder / name, text, wish, written)
    except OSError as error:
        raise UsageError(f"{wish.folder} cannot be written: {error.strerror}") from None
    _report(wish, written, streams)
    return _open(wish.folder) if wish.open else ExitCode.OK


def read_wish(argv: Sequence[str]) -> Wish:
    """The words of the command line. Raises UsageError."""
    wish = Wish()
    folders = []
    words = iter(argv)
    for word in words:
        if word in _EDITIONS:
            wish.edition = _EDITIONS[word]
        elif word in ("--open", "--force"):
            setattr(wish, word[2:], True)
        elif word in ("--lesson", "--lang"):
            value = next(words, "")
            if not value:
                raise UsageError(f"{word} needs a value: {word} {'3' if word == '--lesson' else 'fr'}")
            setattr(wish, "language" if word == "--lang" else "lesson", value)
        elif word.startswith("-"):
            raise UsageError(f"redislab notebooks has no option {word}. See redislab notebooks --help.")
        else:
            folders.append(word)
    if len(folders) > 1:
        raise UsageError(f"one folder at a time, not {folders[1]!r} as well. See redislab notebooks --help.")
    if folders:
        wish.folder = Path(folders[0])
    return wish


def _files(wish: Wish, streams: Streams) -> Iterator[tuple[str, str]]:
    """Names and texts of what is to be written."""
    suffix = "" if wish.edition is Edition.TWIN else f"-{wish.edition.value}"
    for lesson, name in _lessons(wish, streams):
        text = write(lesson, wish.edition, name=name, language=wish.language)
        yield f"{lesson.path.stem}{suffix}.ipynb", text
        if name != lesson.id:  # the notebook looks for it beside itself
            yield lesson.path.name, lesson.path.read_text("utf-8")
    if wish.edition is Edition.TWIN and not wish.lesson and not wish.language:
        for path in by_hand():
            if path.parent.resolve() == wish.folder.resolve():
                continue  # this is where they come from
            yield path.name, stamped(path.read_text("utf-8"))


def _lessons(wish: Wish, streams: Streams) -> Iterator[tuple[Lesson, str]]:
    """The lessons, and what a notebook calls each. Raises UsageError."""
    titles = course()
    if wish.lesson:
        path = find(wish.lesson, titles)
        lesson = load(path)
        if not is_harmless(lesson, catalogue()):
            raise UsageError(
                f"{path} runs commands that it does not name in allow: redislab check {path} says which"
            )
        own = not is_of_course(path, titles)
        lesson = translated(lesson, wish.language) if wish.language else lesson
        yield lesson, path.name if own else lesson.id
        return
    found = [lesson for lesson in (load(title.path) for title in titles) if lesson.notebook]
    if not found:
        raise UsageError(
            "This redislab came without lessons; redislab notebooks --lesson FILE.md writes yours."
        )
    count = 0
    for lesson in found:
        try:
            told = translated(lesson, wish.language) if wish.language else lesson
        except UsageError:
            continue  # of this one there is no translation yet
        count += 1
        yield told, lesson.id
    if not count:
        raise UsageError(f"none of the lessons that have a notebook is translated into {wish.language!r} yet")


def by_hand() -> list[Path]:
    """The notebooks that come with redislab and are no lesson's."""
    twins = {f"{title.path.stem}.ipynb" for title in course()}
    return [path for path in sorted(_shipped().glob("*.ipynb")) if path.name not in twins]


def _shipped() -> Path:
    """In the package where it is installed, beside it in the source tree."""
    package = Path(__file__).parents[1]
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def _put(path: Path, text: str, wish: Wish, written: Written) -> None:
    """Write a file whole or not at all. One that is the same but for its outputs is left as it is."""
    if path.exists() and not wish.force:
        found = path.read_bytes().decode("utf-8", "replace")
        if _is_same(found, text):
            written.same.append(path.name)
            return
        if not _may_replace(found):
            written.kept.append(path.name)
            return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    written.new.append(path.name)


def _is_same(found: str, text: str) -> bool:
    if found == text:
        return True
    try:
        return sources(found) == sources(text)
    except NotANotebook:
        return False


def _may_replace(found: str) -> bool:
    try:
        return is_as_written(found)
    except NotANotebook:
        return False


def _report(wish: Wish, written: Written, streams: Streams) -> None:
    said = [f"{_count(written.new)} written"] if written.new else []
    if written.same:
        said.append(f"{_count(written.same)} there already, with what has been run in them")
    _say(streams, f"{wish.folder}: {', '.join(said or ['nothing written'])}.")
    if written.kept:
        names = ", ".join(written.kept)
        _say(streams, f"Changed by somebody, so left as they are: {names}. --force writes them anew.")


def _open(folder: Path) -> ExitCode:
    """JupyterLab in that folder, until it ends."""
    lab = subprocess.Popen([sys.executable, "-c", _LAB, str(folder)])
    while True:
        try:
            code = lab.wait()
            return ExitCode.OK if code == 0 else ExitCode.FAILURE
        except KeyboardInterrupt:  # it asks by itself whether to stop
            continue


def _count(names: Sequence[str]) -> str:
    return f"{len(names)} file{'s' * (len(names) != 1)}"


def _say(streams: Streams, text: str) -> None:
    streams.stdout.write(visible_text(text, lines=True).encode("utf-8", "surrogateescape") + b"\n")
    streams.stdout.flush()
