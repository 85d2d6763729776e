"""A shared Redis as `--shared` writes it: the ACL file and the settings, on a running server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redislab.classroom import acl
from tests.servers import RedisServer

TEACHER_PASSWORD = "teacher-of-this-class-0123456789"


@dataclass(frozen=True)
class SharedRedis:
    """The server and who may use it."""

    server: RedisServer
    students: Sequence[acl.Account]

    @property
    def ada(self) -> acl.Account:
        return self.students[0]

    @property
    def bob(self) -> acl.Account:
        return self.students[1]


def account(student_id: str) -> acl.Account:
    return acl.Account(student_id, f"the-password-of-{student_id}-0123456789")


@contextmanager
def shared_redis(
    *student_ids: str, program: str = "redis-server", memory_mb: int = 512
) -> Iterator[SharedRedis]:
    """As the generated files say; only port, folder and socket are the test's own."""
    students = [account(each) for each in student_ids]
    with tempfile.TemporaryDirectory(prefix="redislab-shared-") as folder:
        users = Path(folder, "users.acl")
        users.write_text(acl.users_acl(students, TEACHER_PASSWORD))
        conf = Path(folder, "redis.conf")
        conf.write_text(acl.settings(len(students), str(users), memory_mb))
        with RedisServer("--include", str(conf), program=program) as server:
            yield SharedRedis(server, students)
