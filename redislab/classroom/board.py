"""`redislab classroom board DIR`: who of a class is there, and how far each is in the lessons.

Asked are the students' Jupyters, each with its token. A Jupyter is its student's: what it answers may be
slow, endless, forged or meant for the teacher's terminal. So an answer has a size and a time, leads nowhere
else, and only counts of the course's own steps are taken from it.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from redislab.classroom.plan import Known, read_plan
from redislab.classroom.secrets import jupyter_file, kept_token
from redislab.core.view import Grid, Line, Note, NoteKind, Stack, View, line
from redislab.course.library import course, load
from redislab.course.standing import Earned, Standing
from redislab.errors import ClassRefused, ExitCode, UsageError
from redislab.progress import NewerFormat, parse
from redislab.streams import Streams

PROGRESS = "/api/contents/.redislab/progress?type=file&format=text&content=1"
ANSWER_S = 5.0  # for a whole answer
MOST_BYTES = 2 << 20
AT_ONCE = 32


@dataclass(frozen=True)
class Seen:
    """What a student's Jupyter told. `trouble`: why it told nothing; steps are those of the course."""

    trouble: str = ""
    finished: int = 0
    steps: int = 0
    at: str = ""  # the lesson in which most was done last


def run_board(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Print the board. Raises UsageError and ClassRefused."""
    if len(argv) != 1 or argv[0].startswith("-"):
        raise UsageError("redislab classroom board needs the folder of a class")
    folder = Path(argv[0])
    plan = read_plan(folder)
    if plan is None:
        raise ClassRefused(f"{folder} holds no class")
    if plan.wishes.shared:
        raise ClassRefused("a shared Redis has no board: students work on their own computers")
    if plan.wishes.jupyterhub:
        raise ClassRefused("a JupyterHub shows who is there at /hub/admin, to whom it has as admin")
    lessons = {title.id: [step.id for step in load(title.path).steps] for title in course()}
    students = list(plan.known.values())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = list(pool.map(lambda known: look(known, folder, lessons), students))
    from redislab.render.terminal import coloured_text

    text = coloured_text(board(students, seen, lessons), width=streams.width, colours=streams.colours)
    streams.stdout.write(text.encode("utf-8", "surrogateescape") + b"\n")
    return ExitCode.OK


def look(known: Known, folder: Path, lessons: Mapping[str, Sequence[str]]) -> Seen:
    """Ask one student's Jupyter. Whatever it does, there is an answer."""
    token = kept_token(folder / jupyter_file(known.key))
    try:
        status, body = ask(known.host, known.port, token)
        if status == 404:
            return Seen()  # no lesson yet
        if status != 200:
            return Seen("other token" if status == 403 else f"status {status}")
        content = json.loads(body)["content"]
        found, _ = parse(content.encode("utf-8", "replace"), "it")
        return counted(found, lessons)
    except (OSError, http.client.HTTPException):
        return Seen("no answer")
    except (NewerFormat, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Seen("unreadable")


def ask(host: str, port: int, token: str) -> tuple[int, bytes]:
    """Status and body; no redirection is followed. Raises OSError, HTTPException, ValueError."""
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_S)
    connection.connect()
    end = threading.Timer(ANSWER_S, connection.sock.shutdown, [socket.SHUT_RDWR])  # a byte now and then
    end.start()
    try:
        connection.request("GET", PROGRESS, headers={"Authorization": f"token {token}"})
        answer = connection.getresponse()
        body = b""
        while more := answer.read1(65536):
            body += more
            if len(body) > MOST_BYTES:
                raise ValueError("too much")
        return answer.status, body
    finally:
        end.cancel()
        connection.close()


def counted(found: Mapping[str, Standing], lessons: Mapping[str, Sequence[str]]) -> Seen:
    """Steps and lessons of the course that were done; what else stands in the file counts nothing."""
    finished = steps = 0
    at = ""
    for lesson, ids in lessons.items():
        if lesson not in found:
            continue
        standing = found[lesson]
        done = sum(standing.steps.get(step, Earned.SKIPPED) is not Earned.SKIPPED for step in ids)
        steps += done
        finished += done == len(ids)
        at = lesson if 0 < done < len(ids) or standing.at in ids else at
    return Seen(finished=finished, steps=steps, at=at)


def board(students: Sequence[Known], seen: Sequence[Seen], lessons: Mapping[str, Sequence[str]]) -> View:
    """A row for each student, in the roster's order, and what they sum up to."""
    total = sum(map(len, lessons.values()))
    rows = []
    for known, each in zip(students, seen, strict=True):
        there = each.trouble or "there"
        counts = (
            ("", "") if each.trouble else (f"{each.finished} of {len(lessons)}", f"{each.steps} of {total}")
        )
        rows.append(tuple(map(line, (known.name, there, *counts, each.at))))
    up = sum(not each.trouble for each in seen)
    views: list[View] = [
        Grid(("student", "Jupyter", "lessons", "steps", "at"), tuple(rows)),
        Line(),
        line(f"{up} of {len(seen)} are there. What is done is as the students' own files say."),
    ]
    if up < len(seen):
        why = "A Jupyter that does not answer may be stopped, or on a machine that is not reached from here."
        views.append(Note(NoteKind.INFO, line(why)))
    return Stack(tuple(views))
