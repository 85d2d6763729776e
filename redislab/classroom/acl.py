"""One Redis that a whole class shares: who may do what, as an ACL file, and the settings that go with it.

A pure module: accounts in, texts out. One Redis for each student is the better way, and what this one leaves
open is said in `CANNOT_PREVENT`. Tried on redis-server 7.0.15 and 8.0.2 by `tests/classroom/`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

TEACHER = "teacher"
# Nothing that a pattern of Redis (* ? [ ] \), a line of the file or the end of a prefix would read otherwise.
_STUDENT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# 22 letters of base64's alphabet for URLs hold 132 bits.
_PASSWORD = re.compile(r"[A-Za-z0-9_-]{22,256}")

# Redis sorts commands into categories; those of data types name their keys, so that `~prefix` holds them.
_CATEGORIES = (
    *["@string", "@hash", "@list", "@set", "@sortedset"],
    *["@bitmap", "@hyperloglog", "@geo", "@stream", "@transaction"],
)
_REFUSED = (
    "@admin",
    "@dangerous",  # SORT among them: with BY and GET it read other keys before Redis 7
    "lcs",  # reserves memory for the product of two lengths: two values of 1 MB ask for 4 TB
    "pfmerge",  # `PFMERGE KEY`, without a source, writes any key: its key rules hold from two keys on
)
_BY_NAME = (
    *["del", "unlink", "exists", "type", "touch", "rename", "renamenx", "copy"],
    *["expire", "pexpire", "expireat", "pexpireat", "persist"],
    *["ttl", "pttl", "expiretime", "pexpiretime"],
    *["object", "memory|usage"],
    *["subscribe", "unsubscribe", "psubscribe", "punsubscribe", "publish"],
    *["ssubscribe", "sunsubscribe", "spublish"],
    *["ping", "echo", "time", "command", "acl|whoami"],
    *["client|id", "client|info", "client|getname", "client|setname"],
)

RULES = " ".join(
    [
        "-@all",
        *(f"+{each}" for each in _CATEGORIES),
        *(f"-{each}" for each in _REFUSED),
        *(f"+{each}" for each in _BY_NAME),
    ]
)


@dataclass(frozen=True)
class Account:
    """A student of a shared Redis.

    Raises ValueError for an `student_id` that is no small plain name, because it becomes part of a pattern,
    and for a password of less than 128 bits.
    """

    student_id: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if _STUDENT_ID.fullmatch(self.student_id) is None:
            raise ValueError(f"{self.student_id!r} is no id: a-z, 0-9, - and _, up to 64 of them")
        _check_password(self.password)

    @property
    def user(self) -> str:
        """The name to log in with; never `default` or `teacher`, whatever a student is called."""
        return f"s-{self.student_id}"

    @property
    def prefix(self) -> str:
        """What each of this student's keys and channels begins with."""
        return f"s:{self.student_id}:"

    def url(self, host: str, port: int) -> str:
        """Where the student connects: `redislab repl -u URL`."""
        return _url(self.user, self.password, host, port)


def teacher_url(password: str, host: str, port: int) -> str:
    """Where the teacher connects."""
    return _url(TEACHER, password, host, port)


def users_acl(accounts: Iterable[Account], teacher_password: str) -> str:
    """The text of `users.acl`. It holds no password, only their SHA-256 sums.

    Raises ValueError when two accounts have one id, or the teacher's password is less than 128 bits.
    """
    _check_password(teacher_password)
    lines = [
        # Without a password of its own this user would be whoever connects.
        "user default reset",
        f"user {TEACHER} reset on #{_sum_of(teacher_password)} ~* &* +@all",
    ]
    seen: set[str] = set()
    for each in accounts:
        if each.student_id in seen:
            raise ValueError(f"two accounts have the id {each.student_id}")
        seen.add(each.student_id)
        lines.append(
            f"user {each.user} reset on #{_sum_of(each.password)} ~{each.prefix}* &{each.prefix}* {RULES}"
        )
    return "".join(f"{line}\n" for line in lines)


def settings(students: int, acl_file: str, memory_mb: int = 512) -> str:
    """The text of `redis.conf` for a shared Redis: what ACL rules cannot bound, as far as settings can.

    `acl_file` is the path as the server sees it, `memory_mb` what all students have together, in MiB.
    """
    lines = [
        f'aclfile "{acl_file}"',
        "# COPY and MOVE reach other databases; there are none.",
        "databases 1",
        f"maxmemory {memory_mb}mb",
        "maxmemory-policy noeviction",
        "# What waits in buffers and in MULTI; beyond it the greediest client is closed.",
        "maxmemory-clients 25%",
        "client-output-buffer-limit normal 32mb 16mb 10",
        "client-output-buffer-limit pubsub 8mb 2mb 10",
        "client-query-buffer-limit 4mb",
        "# One SETBIT, SETRANGE or BITFIELD could otherwise take 512 MB at once.",
        "proto-max-bulk-len 1mb",
        f"maxclients {connections(students)}",
        "# A connection that is silent for two hours makes room.",
        "timeout 7200",
        'notify-keyspace-events ""',
        "enable-debug-command no",
        "enable-module-command no",
        "enable-protected-configs no",
        "acllog-max-len 1000",
    ]
    return "".join(f"{line}\n" for line in lines)


def connections(students: int) -> int:
    """How many clients a shared Redis takes: 20 a student, and some for the teacher."""
    return 20 * students + 40


@dataclass(frozen=True)
class Leak:
    """Something that a student of a shared Redis can still do to the others."""

    what: str
    remedy: str


CANNOT_PREVENT: Sequence[Leak] = (
    Leak(
        "Fill the memory: maxmemory is one for all, and when it is full nobody can write.",
        "As the teacher: MEMORY USAGE on the largest keys (redis-cli --bigkeys), then delete them.",
    ),
    Leak(
        "Take every connection: maxclients is one for all, and then nobody gets in, the teacher neither.",
        "Keep one connection of the teacher open; CLIENT KILL USER s-ID ends those of one student.",
    ),
    Leak(
        "Make all wait: a long MULTI or a union of large sets runs to its end before anybody else is served.",
        "SLOWLOG GET shows who it was. Scripts, which never end by themselves, are refused.",
    ),
    Leak(
        "Use the processor: who sends without pause takes time from the others.",
        "CLIENT LIST shows tot-net-in, or ACL SETUSER s-ID off.",
    ),
    Leak(
        "Learn how busy the class is: CLIENT ID counts up with every connection, and answers slow down with"
        " the load.",
        "Nothing helps; what others store is not told.",
    ),
    Leak(
        "Reach all through a fault in Redis itself: everybody's data is in one process.",
        "Keep the image at the latest patch release.",
    ),
    Leak(
        "Share on purpose: who gives a password away gives their data away.",
        "Delete the file in tokens/ and write the class again: a new password.",
    ),
    Leak(
        "And what students cannot do here, though it is taught: SCAN, KEYS, DBSIZE, SELECT, INFO, MONITOR,"
        " CONFIG, FLUSHDB, EVAL and SORT are refused, keys need the prefix s:ID:, and the lessons, which want"
        " an empty database, do not run.",
        "The built-in engine (redislab without a target) has all of it, on each student's own computer.",
    ),
)


def told() -> str:
    """`CANNOT_PREVENT` for a person to read, a line each and what helps below it."""
    return "".join(f"- {leak.what}\n  {leak.remedy}\n" for leak in CANNOT_PREVENT)


def _check_password(password: str) -> None:
    if _PASSWORD.fullmatch(password) is None:
        raise ValueError("a password is 22 letters or more of A-Z a-z 0-9 - _: secrets.token_urlsafe(24)")


def _sum_of(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _url(user: str, password: str, host: str, port: int) -> str:
    shown_host = f"[{host}]" if ":" in host else host
    return f"redis://{quote(user)}:{quote(password)}@{shown_host}:{port}/0"
