"""What a lesson may run without asking, and what of it is not for a server that others use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from redislab.core.catalogue import Catalogue
from redislab.core.engine import Engine, Mortal
from redislab.course.model import Lesson, Step, Typed, way_to

# Not flagged read-only by Redis, and they change no data.
HARMLESS = frozenset(
    {"PING", "ECHO", "TIME", "INFO", "DBSIZE", "LASTSAVE", "ROLE", "CONFIG GET", "ACL WHOAMI"}
    | {"CLIENT LIST", "CLIENT INFO", "CLIENT ID", "CLIENT GETNAME", "MEMORY USAGE", "SLOWLOG LEN"}
    | {"PUBSUB CHANNELS", "PUBSUB NUMSUB", "PUBSUB NUMPAT", "SCRIPT EXISTS", "FUNCTION LIST", "COMMAND COUNT"}
)
# What a lesson may run without asking: data types, and what is needed around them.
ALLOWED_GROUPS = frozenset(
    {"string", "bitmap", "hyperloglog", "list", "set", "sorted-set", "hash", "stream", "geo", "generic"}
    | {"transactions", "pubsub"}
)
ALLOWED = HARMLESS | {"SELECT", "HELLO", "QUIT", "FLUSHDB", "CLIENT SETNAME", "SWAPDB", "OBJECT HELP"}
NOT_ALLOWED = frozenset({"MIGRATE", "RESTORE", "DUMP", "SORT", "WAIT"})


_BEYOND = frozenset(
    {
        b"SELECT",
        b"SWAPDB",
        b"MOVE",
        b"FLUSHALL",
        b"CONFIG",
        b"DEBUG",
        b"SHUTDOWN",
        b"ACL",
        b"SAVE",
        b"BGSAVE",
        b"BGREWRITEAOF",
    }
)


def lines_of(step: Step) -> Iterator[Typed]:
    """Every line that a step may run by itself or in a proof."""
    yield from step.seeds
    for solution in step.solutions:
        yield from solution.lines
    for mistake in step.mistakes:
        yield from mistake.tries
    for prediction in step.predictions:
        yield prediction.command


def is_allowed(name: str, group: str, allow: Sequence[str]) -> bool:
    """Whether a lesson may run this command; `allow` is what its front matter adds."""
    if name in allow or name.partition(" ")[0] in allow or name in ALLOWED:
        return True
    return group in ALLOWED_GROUPS and name not in NOT_ALLOWED


def is_harmless(lesson: Lesson, catalogue: Catalogue) -> bool:
    """Whether all that would be run is allowed."""
    commands = [catalogue.lookup(typed.args) for step in lesson.steps for typed in lines_of(step)]
    return all(
        command is None or is_allowed(command.name, command.group, lesson.allow) for command in commands
    )


def leaves_its_database(lesson: Lesson) -> Typed | None:
    """The first line that reaches other databases, or the whole server.

    A lesson with failures in it has none: where nothing may fail, such steps are told and not run.
    """
    if has_failures(lesson):
        return None
    return next((typed for step in lesson.steps for typed in lines_of(step) if _is_beyond(typed)), None)


def led_beyond(lesson: Lesson) -> Typed | None:
    """The same of the lines that bring its steps about; what a person may type in them is the person's."""
    if has_failures(lesson):
        return None
    lines = (each for _, each in way_to(lesson, lesson.steps[-1]) if isinstance(each, Typed))
    return next(filter(_is_beyond, lines), None)


def has_failures(lesson: Lesson) -> bool:
    """Whether a step of it lets a server fail; a connection that is dropped is the learner's own."""
    return any(map(_fails, lesson.steps))


def is_told(lesson: Lesson, step: Step, engine: Engine) -> bool:
    """Whether a step is read and not done: what it does to a server is not for this one."""
    if isinstance(engine, Mortal) or not has_failures(lesson):
        return False
    return _fails(step) or any(map(_is_beyond, lines_of(step)))


def _fails(step: Step) -> bool:
    return any(drill.kind != "drop" for drill in step.drills)


def _is_beyond(typed: Typed) -> bool:
    words = [word.upper() for word in typed.args]
    if words[:2] == [b"CONFIG", b"GET"]:
        return False
    return words[0] in _BEYOND or (words[0] == b"COPY" and b"DB" in words[3:])
