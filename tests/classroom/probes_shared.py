"""Attempts on a Redis that a class shares (`--shared`): refused, bounded, or one that nothing prevents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from redislab.classroom import acl
from tests.classroom.clients import connected, crowd, is_closed_while, request
from tests.classroom.isolation import LOCKED, Person, Probe, Promise
from tests.classroom.shared import TEACHER_PASSWORD, SharedRedis, shared_redis
from tests.classroom.terminal import PAYLOAD, Later, reaches_the_screen

MEMORY_MB = 64
MOST_BYTES = 900_000  # just below the longest string that the settings allow


@dataclass(frozen=True)
class SharedRoom:
    """A running class: Ada, Bob, one whose id begins as Ada's does, a teacher. All know each other's ids."""

    running: SharedRedis
    ada: Person
    bob: Person
    teacher: Person

    @property
    def port(self) -> int:
        return self.running.server.port

    @property
    def ada_login(self) -> tuple[str, str]:
        return self.running.ada.user, self.running.ada.password

    def bobs_data(self) -> str:
        """All of it, as it is stored."""
        names = ("secret", "set", "log", "list", "hll", "new")
        return self.teacher.types(*(f"DUMP s:bob:{each}" for each in names), "EXISTS s:bob:new")


@contextmanager
def shared_room(program: str = "redis-server") -> Iterator[SharedRoom]:
    with shared_redis("ada", "bob", "ad", program=program, memory_mb=MEMORY_MB) as running:
        port = running.server.port
        ada, bob, teacher = (
            Person("Ada", running.ada.url("127.0.0.1", port)),
            Person("Bob", running.bob.url("127.0.0.1", port)),
            Person("the teacher", acl.teacher_url(TEACHER_PASSWORD, "127.0.0.1", port)),
        )
        bob.types(
            *["SET s:bob:secret 42", "SADD s:bob:set a", "XADD s:bob:log 1-1 f v"],
            *["RPUSH s:bob:list a b", "PFADD s:bob:hll a"],
        )
        ada.types("RPUSH s:ada:list 1 2", "SET s:ada:text mine")
        yield SharedRoom(running, ada, bob, teacher)


def _types(line: str) -> Callable[[SharedRoom], str]:
    return lambda room: room.ada.types(line)


def _no_command(promise: Promise, *lines: str) -> Iterator[Probe[SharedRoom]]:
    """Lines whose command is not a student's."""
    for line in lines:
        words = line.split()
        name = "|".join(words[: 2 if words[0] in _CONTAINERS else 1]).lower()
        seen = f"NOPERM this user has no permissions to run the '{name}' command"
        yield Probe(promise, f"`{line}`", "refused", seen, _types(line))


_CONTAINERS = {"ACL", "CLIENT", "CONFIG", "FUNCTION", "MEMORY", "MODULE", "PUBSUB", "SCRIPT", "SLOWLOG"}
_CONTAINERS |= {"CLUSTER", "LATENCY"}


def _no_key(promise: Promise, *lines: str) -> Iterator[Probe[SharedRoom]]:
    """Lines that name a key of Bob's."""
    seen = "NOPERM this user has no permissions to access one of the keys used as arguments"
    for line in lines:
        yield Probe(promise, f"`{line}`", "refused", seen, _types(line))


def _no_channel(promise: Promise, *lines: str) -> Iterator[Probe[SharedRoom]]:
    seen = "NOPERM this user has no permissions to access one of the channels used as arguments"
    for line in lines:
        yield Probe(promise, f"`{line}`", "refused", seen, _types(line))


def _answers(promise: Promise, line: str, seen: str, expected: str = "refused") -> Probe[SharedRoom]:
    return Probe(promise, f"`{line}`", expected, seen, _types(line))


# -- attempts that take more than a line -----------------------------------------------------------


def _reads_by_a_shorter_id(room: SharedRoom) -> str:
    port = room.port
    return Person("Ad", room.running.students[2].url("127.0.0.1", port)).types("GET s:ada:text")


def _queues_without_end(room: SharedRoom) -> str:
    with connected(room.port, *room.ada_login) as sock:
        queue = (request("SET", "s:ada:k", b"x" * MOST_BYTES) for _ in range(200))
        return _closed(is_closed_while(sock, _then_quit([request("MULTI")], queue)), room)


def _reads_no_answers(room: SharedRoom) -> str:
    room.ada.types(f"SETRANGE s:ada:big {MOST_BYTES} x")
    with connected(room.port, *room.ada_login) as sock:
        questions = (request("GET", "s:ada:big") for _ in range(2000))
        seen = _closed(is_closed_while(sock, _then_quit([], questions)), room)
    room.ada.types("DEL s:ada:big")
    return seen


def _asks_for_much_at_once(room: SharedRoom) -> str:
    room.ada.types(f"SETRANGE s:ada:big {MOST_BYTES} x")
    with connected(room.port, *room.ada_login) as sock:
        questions = [request("MULTI"), *[request("GET", "s:ada:big")] * 2000, request("EXEC")]
        seen = _closed(is_closed_while(sock, _then_quit(questions, iter(()))), room)
    room.ada.types("DEL s:ada:big")
    peak_mb = int(room.teacher.types("INFO memory").split("used_memory_peak:")[1].split(";")[0]) >> 20
    return seen if peak_mb < 2 * MEMORY_MB else f"the server took {peak_mb} MB"


def _then_quit(first: Sequence[bytes], then: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from then
    yield request("QUIT")


def _closed(closed: bool, room: SharedRoom) -> str:
    verdict = "connection closed by the server" if closed else "the server took all of it"
    return f"{verdict}; Bob: {room.bob.types('GET s:bob:secret')}"


def _sends_a_long_value(room: SharedRoom) -> str:
    with connected(room.port, *room.ada_login) as sock:
        sock.sendall(b"*3\r\n$3\r\nSET\r\n$7\r\ns:ada:k\r\n$536870912\r\n")
        return sock.recv(1024).decode().strip().removeprefix("-")


def _fills_the_memory(room: SharedRoom) -> str:
    with connected(room.port, *room.ada_login) as sock:
        for length in (MOST_BYTES, 1000, 1):  # the rest is filled by ever smaller ones
            for _ in range(MEMORY_MB * 1000):
                sock.sendall(request("RPUSH", "s:ada:hog", b"x" * length))
                if sock.recv(1024).startswith(b"-OOM"):
                    break
        blocked = room.bob.types("SET s:bob:more 1", "GET s:bob:secret")
    room.teacher.types("DEL s:ada:hog")
    freed = room.bob.types("SET s:bob:more 1", "DEL s:bob:more")
    return f"Bob: {blocked}; when the teacher has deleted it, Bob: {freed}"


def _takes_every_connection(room: SharedRoom) -> str:
    with connected(room.port, acl.TEACHER, TEACHER_PASSWORD) as kept:
        crowded, _ = crowd(room.port, 2 * acl.connections(3), room.ada_login)
        blocked = "served" if room.bob.is_served() else "refused"
        kept.sendall(request("CLIENT", "KILL", "USER", room.running.ada.user))
        kept.recv(1024)
        for each in crowded:
            each.close()
        again = "served" if room.bob.is_served() else "refused"
    return f"Bob: {blocked}; when the teacher, connected before, has typed CLIENT KILL USER, Bob: {again}"


def _left_by_ada(left: str, *shown: str) -> Callable[[SharedRoom], str]:
    def attempt(room: SharedRoom) -> str:
        room.ada.types(left)
        return reaches_the_screen(room.teacher.url, *shown)

    return attempt


def _logged(room: SharedRoom) -> str:
    room.teacher.types("CONFIG SET slowlog-log-slower-than 0")
    room.ada.types(f'AUTH "{PAYLOAD}" x', f'ECHO "{PAYLOAD}"')
    return reaches_the_screen(room.teacher.url, "ACL LOG", "SLOWLOG GET 5")


def _hears(line: str, ready: str, hostile: str) -> Callable[[SharedRoom], str]:
    """The teacher's shell listens while Ada does it."""
    return lambda room: reaches_the_screen(
        room.teacher.url, line, later=Later(ready, line == "MONITOR", lambda: room.ada.types(hostile))
    )


PROBES: Sequence[Probe[SharedRoom]] = (
    *_no_key(
        Promise.READ,
        "GET s:bob:secret",
        "MGET s:ada:text s:bob:secret",
        "COPY s:bob:secret s:ada:copy",
        "SUNIONSTORE s:ada:copy s:bob:set",
        "SINTERCARD 2 s:ada:set s:bob:set",
        "XREAD STREAMS s:ada:log s:bob:log 0 0",
        "PFCOUNT s:ada:hll s:bob:hll",
        "WATCH s:bob:secret",
        "OBJECT ENCODING s:bob:secret",
        "MEMORY USAGE s:bob:secret",
        "TYPE s:bob:secret",
        "EXISTS s:bob:secret",
    ),
    Probe(
        Promise.READ,
        "as `s-ad`, whose id Ada's begins with: `GET s:ada:text`",
        "refused",
        "NOPERM this user has no permissions to access one of the keys used as arguments",
        _reads_by_a_shorter_id,
    ),
    *_no_command(
        Promise.READ,
        "SORT s:ada:list BY s:bob:* GET s:bob:*",
        "SORT_RO s:ada:list BY nosort GET s:bob:*",
        "EVAL \"return redis.call('GET','s:bob:secret')\" 0",
        "EVAL_RO \"return redis.call('GET','s:bob:secret')\" 1 s:bob:secret",
        "DUMP s:bob:secret",
        'MIGRATE 127.0.0.1 6379 "" 0 100 KEYS s:bob:secret',
        "REPLCONF listening-port 1",
    ),
    *_no_channel(
        Promise.READ,
        "SUBSCRIBE s:bob:news",
        "PSUBSCRIBE s:*",
        "PSUBSCRIBE *",
        "SSUBSCRIBE s:bob:news",
    ),
    *_no_channel(Promise.LIST, "SUBSCRIBE __keyspace@0__:s:bob:secret", "SUBSCRIBE __redis__:invalidate"),
    *_no_command(
        Promise.LIST,
        *["SCAN 0", "KEYS *", "RANDOMKEY", "DBSIZE", "INFO keyspace", "MONITOR", "CLIENT LIST"],
        *["CLIENT TRACKING ON BCAST PREFIX s:bob:", "PUBSUB CHANNELS", "PUBSUB NUMSUB s:bob:news"],
        *["SLOWLOG GET", "MEMORY STATS", "LATENCY LATEST", "ACL LOG", "ACL USERS", "CLUSTER NODES", "ROLE"],
    ),
    _answers(Promise.FILL, "COPY s:ada:text s:ada:text DB 1", "ERR DB index is out of range"),
    *_no_command(Promise.FILL, "SELECT 1", "MOVE s:ada:text 1", "LCS s:ada:text s:ada:text"),
    _answers(
        Promise.FILL, "SETBIT s:ada:big 4294967295 1", "ERR bit offset is not an integer or out of range"
    ),
    _answers(
        Promise.FILL,
        "SETRANGE s:ada:big 536870900 x",
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
    ),
    Probe(
        Promise.FILL,
        "begin a SET of 512 MB",
        "refused",
        "ERR Protocol error: invalid bulk length",
        _sends_a_long_value,
    ),
    Probe(
        Promise.FILL,
        "MULTI, and 180 MB that wait for EXEC",
        "closed; Bob is served",
        'connection closed by the server; Bob: "42"',
        _queues_without_end,
    ),
    Probe(
        Promise.FILL,
        "ask for 1.8 GB and read none of it",
        "closed; Bob is served",
        'connection closed by the server; Bob: "42"',
        _reads_no_answers,
    ),
    Probe(
        Promise.FILL,
        "ask for 1.8 GB in one EXEC",
        "closed; Bob is served",
        'connection closed by the server; Bob: "42"',
        _asks_for_much_at_once,
    ),
    Probe(
        Promise.FILL,
        "write until the memory is full",
        "**not prevented**: Bob reads, and writes when the teacher has made room",
        "Bob: OOM command not allowed when used memory > 'maxmemory'.; \"42\";"
        " when the teacher has deleted it, Bob: OK; (integer) 1",
        _fills_the_memory,
    ),
    *_no_command(
        Promise.STOP,
        'EVAL "while true do end" 0',
        "FCALL f 0",
        "CLIENT KILL USER s-bob",
        "CLIENT PAUSE 60000",
        "CLIENT UNBLOCK 1",
        "SHUTDOWN NOSAVE",
        "REPLICAOF 127.0.0.1 1",
        "FAILOVER",
        "CLUSTER RESET",
        "SAVE",
        "RESTORE s:ada:x 0 x",
        "SCRIPT KILL",
    ),
    _answers(
        Promise.STOP,
        "DEBUG SLEEP 60",
        LOCKED.format(what="DEBUG", option="enable-debug-command"),
    ),
    Probe(
        Promise.STOP,
        f"open connections until there are no more ({acl.connections(3)})",
        "**not prevented**: Bob waits for the teacher",
        "Bob: refused; when the teacher, connected before, has typed CLIENT KILL USER, Bob: served",
        _takes_every_connection,
    ),
    *_no_key(
        Promise.CHANGE,
        "SET s:bob:secret 0",
        "DEL s:bob:secret",
        "EXPIRE s:bob:secret 1",
        "RENAME s:ada:text s:bob:secret",
        "LMOVE s:bob:list s:ada:list LEFT LEFT",
        "BITOP NOT s:bob:secret s:ada:text",
        "GEORADIUS s:ada:geo 0 0 1 m STORE s:bob:new",
        "GEOSEARCHSTORE s:bob:new s:ada:geo FROMLONLAT 0 0 BYRADIUS 1 m",
        "XGROUP CREATE s:bob:log g 0",
    ),
    *_no_command(
        Promise.CHANGE,
        *["PFMERGE s:bob:new", "FLUSHALL", "FLUSHDB", "SWAPDB 0 0", "SCRIPT FLUSH", "FUNCTION FLUSH"],
        *["CONFIG SET maxmemory 0", "CONFIG REWRITE", "ACL SETUSER s-ada ~*"],
        "CLUSTER FLUSHSLOTS",
    ),
    _answers(
        Promise.CHANGE, "MODULE LOAD /tmp/x.so", LOCKED.format(what="MODULE", option="enable-module-command")
    ),
    *_no_channel(Promise.CHANGE, "PUBLISH s:bob:news hello", "SPUBLISH s:bob:news hello"),
    *_no_command(
        Promise.SECRETS,
        *["CONFIG GET requirepass", "CONFIG GET aclfile", "ACL LIST", "ACL GETUSER s-bob", "ACL SAVE"],
    ),
    _answers(
        Promise.SECRETS, "AUTH s-bob guess", "WRONGPASS invalid username-password pair or user is disabled."
    ),
    _answers(
        Promise.SECRETS, 'AUTH default ""', "WRONGPASS invalid username-password pair or user is disabled."
    ),
    _answers(
        Promise.SECRETS,
        "HELLO 3 AUTH teacher guess",
        "WRONGPASS invalid username-password pair or user is disabled.",
    ),
    _answers(
        Promise.TERMINAL,
        f'CLIENT SETNAME "{PAYLOAD}"',
        "ERR Client names cannot contain spaces, newlines or special characters.",
    ),
    Probe(
        Promise.TERMINAL,
        "an escape sequence as the name of a key; the teacher's shell lists keys",
        "shown as \\xhh",
        "SCAN 0 COUNT 1000: escaped",
        _left_by_ada(f'SET "s:ada:{PAYLOAD}" 1', "SCAN 0 COUNT 1000"),
    ),
    Probe(
        Promise.TERMINAL,
        "the same as a value; the teacher's shell reads it",
        "shown as \\xhh",
        "GET s:ada:note: escaped; LRANGE s:ada:notes 0 -1: escaped",
        _left_by_ada(
            f'MSET s:ada:note "{PAYLOAD}"\nRPUSH s:ada:notes "{PAYLOAD}" b',
            "GET s:ada:note",
            "LRANGE s:ada:notes 0 -1",
        ),
    ),
    Probe(
        Promise.TERMINAL,
        "the same as a user's name at AUTH, and in a command; the teacher's shell asks the logs",
        "shown as \\xhh",
        "ACL LOG: escaped; SLOWLOG GET 5: escaped",
        _logged,
    ),
    Probe(
        Promise.TERMINAL,
        "the same as a message while the teacher's shell is subscribed",
        "shown as \\xhh",
        "PSUBSCRIBE *: escaped",
        _hears("PSUBSCRIBE *", "psubscribe", f'PUBLISH s:ada:news "{PAYLOAD}"'),
    ),
    Probe(
        Promise.TERMINAL,
        "the same while the teacher's shell runs MONITOR",
        "shown as \\xhh",
        "MONITOR: escaped",
        _hears("MONITOR", "OK", f'ECHO "{PAYLOAD}"'),
    ),
)
