"""Undo in a kept lab: the file follows every step back and forth; what cannot be written is not undone."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from redislab.engines.embedded import partial
from redislab.engines.embedded.connection import EmbeddedConnection
from redislab.engines.embedded.journal import Journal
from redislab.engines.embedded.keeping import keeper as keepers
from redislab.engines.embedded.keeping.disk import Disk
from redislab.errors import CannotUndo, ConnectionLost
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.keeping.kept import KeptLab, picture_of_file
from tests.engines.embedded.test_random_lines import commands, made_line
from tests.engines.embedded.test_robust import prepare

STEPS = 300


def watched(lab: KeptLab) -> tuple[Journal, EmbeddedConnection]:
    journal, connection = Journal(lab.lab), EmbeddedConnection(lab.lab)
    journal.mine.add(connection.client)
    return journal, connection


@pytest.mark.parametrize("large", [partial.LARGE, 0])
@pytest.mark.parametrize("seed", range(2))
def test_the_file_follows(tmp_path: Path, seed: int, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "LARGE", large)
    chosen, lab = random.Random(seed), KeptLab(tmp_path)
    journal, connection = watched(lab)
    prepare(connection)
    writing = [each for each in commands() if "write" in each.flags]
    whole = ("FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "SELECT 1", "SELECT 0", "EXPIRE k 5000", "MOVE zset 1")
    for _ in range(STEPS):
        dice = chosen.random()
        if dice < 0.1:
            say(connection, chosen.choice(whole))
        elif dice < 0.15:
            lab.lab.move_clock(chosen.choice([1, 100, 4_000]))
        elif dice < 0.6:
            ask(connection, *made_line(chosen, chosen.choice(writing)))
        elif dice < 0.85 and journal._done:
            journal.undo(chosen.randint(1, 3))
        elif journal._undone:
            journal.redo(chosen.randint(1, 3))
        assert picture_of_file(lab.file.read_bytes()) == lab.picture
    lab.close()


class FullDisk(Disk):
    full = False

    def write(self, fd: int, data: bytes | memoryview) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(fd, data)


def test_a_lab_that_cannot_be_written_is_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "RETRY_S", 0.0)
    disk = FullDisk()
    lab = KeptLab(tmp_path, disk)
    journal, connection = watched(lab)
    say(connection, "SET a 1")
    disk.full = True
    with pytest.raises(ConnectionLost):
        say(connection, "SET a 2")
    before = lab.picture
    with pytest.raises(CannotUndo, match="MISCONF redislab cannot write this lab"):
        journal.undo(1)
    assert lab.picture == before
    disk.full = False
    journal.undo(1)
    assert picture_of_file(lab.file.read_bytes()) == lab.picture != before
    lab.close()
