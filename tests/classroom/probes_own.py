"""Attempts where each student has a Redis and a Jupyter, started as the generated compose file says.

Ada knows where Bob's are, which in a class of containers she could not use: there each student has a network.
As processes on one machine only passwords, tokens and the servers' own limits stand between them.
"""

from __future__ import annotations

import http.cookiejar
import os
import stat
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import websocket

from redislab.course.standing import Earned, Standing
from redislab.progress import Progress
from tests.classroom import jupyter
from tests.classroom.clients import connected, crowd, request
from tests.classroom.folder import ClassFolder
from tests.classroom.isolation import LOCKED, Person, Probe, Promise
from tests.classroom.processes import ClassProcesses, Service
from tests.classroom.terminal import ESCAPES, HARMFUL, PAYLOAD, reaches_the_screen
from tests.screens import Terminal
from tests.servers import wait_until

MANY = 1000


@dataclass(frozen=True)
class OwnRoom:
    """Two students' services. `ada` and `bob` are at their own Redis.

    `thief` is Ada at Bob's without a password, `health` with the user of the health check, `borrower` with
    the password of her own.
    """

    folder: ClassFolder
    running: ClassProcesses
    ada: Person
    bob: Person
    thief: Person
    health: Person
    borrower: Person

    def redis(self, name: str) -> Service:
        return self.running.services[f"redis-{self.folder.keys[name]}"]

    def lab(self, name: str) -> Service:
        return self.running.services[f"lab-{self.folder.keys[name]}"]

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.lab(name).port}"

    def bobs_data(self) -> str:
        return self.bob.types("DUMP secret", "DBSIZE", "CONFIG GET maxmemory", "ACL LIST")


@contextmanager
def own_room(folder: ClassFolder, base: Path) -> Iterator[OwnRoom]:
    keys = [folder.keys["Ada"], folder.keys["Bob"]]
    with ClassProcesses(folder.compose, base, keys) as running:
        port = {name: running.services[f"redis-{folder.keys[name]}"].port for name in ("Ada", "Bob")}
        password = {name: folder.token(name, "redis") for name in ("Ada", "Bob")}
        room = OwnRoom(
            folder,
            running,
            ada=Person("Ada", f"redis://default:{password['Ada']}@127.0.0.1:{port['Ada']}"),
            bob=Person("Bob", f"redis://default:{password['Bob']}@127.0.0.1:{port['Bob']}"),
            thief=Person("Ada", f"redis://127.0.0.1:{port['Bob']}"),
            health=Person("Ada", f"redis://health:x@127.0.0.1:{port['Bob']}"),
            borrower=Person("Ada", f"redis://default:{password['Ada']}@127.0.0.1:{port['Bob']}"),
        )
        room.bob.types("SET secret 42")
        yield room


# -- a line each -----------------------------------------------------------------------------------


def _thief(line: str) -> Callable[[OwnRoom], str]:
    return lambda room: room.thief.types(line)


def _at_bobs(promise: Promise, *lines: str) -> Iterator[Probe[OwnRoom]]:
    for line in lines:
        yield Probe(
            promise, f"at Bob's Redis: `{line}`", "refused", "NOAUTH Authentication required.", _thief(line)
        )


def _by_health_user(promise: Promise, *lines: str) -> Iterator[Probe[OwnRoom]]:
    """The health check's user has no password: it may PING."""
    for line in lines:
        words = line.split()
        name = "|".join(words[: 2 if words[0] in ("ACL", "CONFIG", "CLIENT") else 1]).lower()
        seen = f"NOPERM this user has no permissions to run the '{name}' command"
        yield Probe(
            promise,
            f"at Bob's Redis, as the user of the health check: `{line}`",
            "refused",
            seen,
            lambda room, line=line: room.health.types(line),  # type: ignore[misc]
        )


def _at_her_own(promise: Promise, line: str, seen: str, expected: str = "refused") -> Probe[OwnRoom]:
    return Probe(promise, f"at her own Redis: `{line}`", expected, seen, lambda room: room.ada.types(line))


# -- from her own server to his --------------------------------------------------------------------


def _migrates(room: OwnRoom) -> str:
    room.ada.types("SET secret stolen")
    port = room.redis("Bob").port
    seen = room.ada.types(f"MIGRATE 127.0.0.1 {port} secret 0 5000 COPY REPLACE")
    return (
        seen
        + "; "
        + room.ada.types(
            f"MIGRATE 127.0.0.1 {port} secret 0 5000 COPY REPLACE AUTH {room.folder.token('Ada', 'redis')}"
        )
    )


def _replicates(room: OwnRoom) -> str:
    """Her Redis asks his for all of his data, until it has been refused."""
    log = room.redis("Ada").log
    heard = len(log.read_bytes())
    room.ada.types(f"REPLICAOF 127.0.0.1 {room.redis('Bob').port}")
    wait_until(lambda: b"NOAUTH" in log.read_bytes()[heard:], 60)
    link = [line for line in room.ada.types("INFO replication").split("; ") if "link_status" in line]
    room.ada.types("REPLICAOF NO ONE")
    return f"{link[0].strip()}; secret at hers: {room.ada.types('GET secret')}"


def _loops_for_ever(room: OwnRoom) -> str:
    with connected(room.redis("Ada").port, room.folder.token("Ada", "redis")) as sock:
        sock.sendall(request("CONFIG", "SET", "busy-reply-threshold", "50"))
        sock.recv(1024)
        sock.sendall(request("EVAL", "while true do end", "0"))
        wait_until(lambda: room.ada.types("PING").startswith("BUSY"), 60)
        seen = f"Bob: {room.bob.types('GET secret')}"
        room.ada.types("SCRIPT KILL")
        sock.recv(1024)
    return seen


def _fills_her_own(room: OwnRoom) -> str:
    last = b"+OK"
    with connected(room.redis("Ada").port, room.folder.token("Ada", "redis")) as sock:
        while not last.startswith(b"-"):
            sock.sendall(request("RPUSH", "hog", b"x" * 1_000_000))
            last = sock.recv(1024)
    seen = f"Ada: {last[1:4].decode()}; Bob: {room.bob.types('SET more 1', 'DEL more')}"
    room.ada.types("DEL hog")
    return seen


def _crowds_her_own(room: OwnRoom) -> str:
    login = [room.folder.token("Ada", "redis")]
    crowded, refusal = crowd(room.redis("Ada").port, MANY, login)
    seen = f"Ada: {refusal or f'{MANY} connections'}; Bob: {room.bob.types('GET secret')}"
    for each in crowded:
        each.close()
    return seen


def _crowds_bobs(room: OwnRoom) -> str:
    crowded, _ = crowd(room.redis("Bob").port, MANY)
    during = "served" if room.bob.is_served() else "refused"
    for each in crowded:
        each.close()
    wait_until(room.bob.is_served, 60)
    return f"Bob: {during}; when she leaves: served"


def _flushes_her_own(room: OwnRoom) -> str:
    return f"Ada: {room.ada.types('SET a 1', 'FLUSHALL', 'DBSIZE')}; Bob: {room.bob.types('DBSIZE')}"


def _sends_before_logging_in(*begun: bytes) -> Callable[[OwnRoom], str]:
    def attempt(room: OwnRoom) -> str:
        with connected(room.redis("Bob").port) as sock:
            for each in begun:
                sock.sendall(each)
            return sock.recv(1024).decode().strip().removeprefix("-")

    return attempt


# -- files and Jupyter -----------------------------------------------------------------------------


def _modes(room: OwnRoom) -> str:
    folder = room.folder.path / "tokens"
    files = {stat.filemode(file.stat().st_mode) for file in folder.iterdir()}
    return f"{stat.filemode(folder.stat().st_mode)} tokens/, {', '.join(sorted(files))} for each file in it"


def _reads_tokens(room: OwnRoom) -> str:
    """As the user nobody where we may become it; else what the modes say holds for all but the owner."""
    if os.getuid() != 0:
        closed = not room.folder.path.stat().st_mode & 0o077
        return "Permission denied" if closed else "open to others"
    path = room.folder.path / "tokens" / f"{room.folder.keys['Bob']}.jupyter"
    read = subprocess.run(
        ["cat", str(path)], user=65534, group=65534, extra_groups=[], capture_output=True, check=False
    )
    return read.stderr.decode().strip().rpartition(": ")[2] or read.stdout.decode()


def _asks(path: str, *, with_hers: bool = True, method: str = "GET") -> Callable[[OwnRoom], str]:
    def attempt(room: OwnRoom) -> str:
        token = room.folder.token("Ada", "jupyter") if with_hers else ""
        return f"HTTP {jupyter.status(room.address('Bob') + path, token, method=method)}"

    return attempt


def _brings_her_cookie(room: OwnRoom) -> str:
    """A browser sends cookies to every port of a host: hers, earned at her Jupyter, go to his."""
    cookies = _cookies(room, "Ada")
    assert jupyter.status(room.address("Ada") + "/api/contents", cookie=cookies) == 200
    renamed = cookies.replace(str(room.lab("Ada").port), str(room.lab("Bob").port))
    answers = {
        jupyter.status(room.address("Bob") + "/api/contents", cookie=each) for each in (cookies, renamed)
    }
    return ", ".join(f"HTTP {answer}" for answer in answers)


def _cookies(room: OwnRoom, name: str) -> str:
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    browser.open(f"{room.address(name)}/lab?token={room.folder.token(name, 'jupyter')}", timeout=60).close()
    return "; ".join(f"{each.name}={each.value}" for each in jar)


def _opens_a_websocket(room: OwnRoom) -> str:
    return _websocket(room, f"?token={room.folder.token('Ada', 'jupyter')}")


def _rides_on_bobs_browser(room: OwnRoom) -> str:
    """A page of hers, open in his browser: his cookie, her origin."""
    return _websocket(room, "", cookie=_cookies(room, "Bob"), origin=room.address("Ada"))


def _websocket(room: OwnRoom, query: str, *, cookie: str | None = None, origin: str | None = None) -> str:
    bobs = room.folder.token("Bob", "jupyter")
    started = jupyter.api(room.address("Bob"), bobs, "/api/kernels", method="POST")["id"]
    url = f"{room.address('Bob').replace('http', 'ws', 1)}/api/kernels/{started}/channels{query}"
    try:
        websocket.create_connection(url, timeout=60, cookie=cookie, origin=origin).close()
        return "open"
    except websocket.WebSocketBadStatusException as refused:
        return f"HTTP {refused.status_code}"
    finally:
        jupyter.api(room.address("Bob"), bobs, f"/api/kernels/{started}", method="DELETE")


# -- the teacher looks at the board, or into her Redis -----------------------------------------------


def _writes_into_her_progress(room: OwnRoom) -> str:
    """Her home is hers: the board asks her Jupyter for this file."""
    home = Path(room.lab("Ada").env["REDISLAB_HOME"])
    progress = home / "progress"
    home.mkdir(exist_ok=True)
    text = ESCAPES.decode()
    standing = Standing(title=text, at=text, steps={text: Earned.DONE}, typed={"set": [text]})
    Progress({"REDISLAB_HOME": str(home)}, print).save(text, standing)
    with open(progress, "ab") as file:
        file.write(ESCAPES + b"\n")
    with Terminal("classroom", "board", str(room.folder.path), lines=60) as terminal:
        code = terminal.ended()
        row = next(line for line in terminal.lines if line.startswith("Ada"))
    progress.unlink()
    reached = "reached" if any(each in terminal.received for each in HARMFUL) else "did not reach"
    return f"exit code {code}, Ada {row.split()[1]}; it {reached} the terminal"


def _left(left: str, *shown: str) -> Callable[[OwnRoom], str]:
    def attempt(room: OwnRoom) -> str:
        room.ada.types(left)
        return reaches_the_screen(room.ada.url, *shown)

    return attempt


_WRONG = "WRONGPASS invalid username-password pair or user is disabled."

PROBES: Sequence[Probe[OwnRoom]] = (
    *_at_bobs(
        Promise.READ,
        *["GET secret", "DUMP secret", "EVAL \"return redis.call('GET', 'secret')\" 0", "SUBSCRIBE news"],
        *["PSUBSCRIBE *", "MULTI", "CLIENT TRACKING ON BCAST"],
    ),
    *_by_health_user(Promise.READ, "GET secret", "SUBSCRIBE news"),
    Probe(
        Promise.READ,
        "make her own Redis a replica of Bob's",
        "refused",
        "master_link_status:down; secret at hers: (nil)",
        _replicates,
    ),
    *_at_bobs(
        Promise.LIST,
        *["SCAN 0", "KEYS *", "DBSIZE", "INFO", "CLIENT LIST", "MONITOR", "SLOWLOG GET", "PUBSUB CHANNELS"],
    ),
    *_by_health_user(Promise.LIST, "SCAN 0", "INFO", "CLIENT LIST"),
    Probe(
        Promise.FILL,
        "fill her own Redis",
        "her own refuses; Bob writes",
        "Ada: OOM; Bob: OK; (integer) 1",
        _fills_her_own,
    ),
    Probe(
        Promise.FILL,
        "begin a value of 512 MB at Bob's, not logged in",
        "refused",
        "ERR Protocol error: unauthenticated bulk length",
        _sends_before_logging_in(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n"),
    ),
    Probe(
        Promise.FILL,
        "begin a command of a million words at Bob's, not logged in",
        "refused",
        "ERR Protocol error: unauthenticated multibulk length",
        _sends_before_logging_in(b"*1000000\r\n"),
    ),
    *_at_bobs(
        Promise.STOP,
        *["SHUTDOWN NOSAVE", "CLIENT KILL TYPE normal", "CLIENT PAUSE 60000"],
        *['EVAL "while true do end" 0', "REPLICAOF 127.0.0.1 1"],
    ),
    *_by_health_user(Promise.STOP, "SHUTDOWN", "CLIENT KILL TYPE normal", "CLIENT PAUSE 60000"),
    Probe(
        Promise.STOP,
        "an endless script at her own Redis",
        "Bob is served",
        'Bob: "42"',
        _loops_for_ever,
    ),
    Probe(
        Promise.STOP,
        f"{MANY} connections to her own Redis",
        "hers are bounded; Bob is served",
        'Ada: -ERR max number of clients reached; Bob: "42"',
        _crowds_her_own,
    ),
    Probe(
        Promise.STOP,
        f"{MANY} connections to Bob's Redis, not logged in",
        "**a network of his own prevents it** (see In containers); without one Bob waits until she leaves",
        "Bob: refused; when she leaves: served",
        _crowds_bobs,
    ),
    *_at_bobs(
        Promise.CHANGE,
        *[
            "SET secret 0",
            "DEL secret",
            "FLUSHALL",
            "CONFIG SET maxmemory 1",
            "ACL SETUSER eve on nopass +@all",
        ],
        *["SCRIPT FLUSH", "FUNCTION FLUSH", "PUBLISH news hello", "SWAPDB 0 1"],
    ),
    Probe(
        Promise.STOP,
        "at Bob's Redis: `DEBUG SLEEP 60`",
        "refused",
        LOCKED.format(what="DEBUG", option="enable-debug-command"),
        _thief("DEBUG SLEEP 60"),
    ),
    Probe(
        Promise.CHANGE,
        "at Bob's Redis: `MODULE LOAD /tmp/x.so`",
        "refused",
        LOCKED.format(what="MODULE", option="enable-module-command"),
        _thief("MODULE LOAD /tmp/x.so"),
    ),
    *_by_health_user(Promise.CHANGE, "FLUSHALL", "CONFIG SET maxmemory 1", "ACL SETUSER health +@all"),
    Probe(
        Promise.CHANGE,
        "FLUSHALL at her own Redis",
        "hers alone is empty",
        "Ada: OK; OK; (integer) 0; Bob: (integer) 1",
        _flushes_her_own,
    ),
    Probe(
        Promise.CHANGE,
        "MIGRATE a key from her own Redis to Bob's, without a password and with hers",
        "refused",
        f"ERR Target instance replied with error: NOAUTH Authentication required.;"
        f" ERR Target instance replied with error: {_WRONG}",
        _migrates,
    ),
    _at_her_own(
        Promise.CHANGE,
        "CONFIG SET dir /etc",
        "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config",
    ),
    _at_her_own(
        Promise.CHANGE,
        "CONFIG SET dbfilename x.so",
        "ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config",
    ),
    _at_her_own(
        Promise.CHANGE,
        "MODULE LOAD /tmp/x.so",
        LOCKED.format(what="MODULE", option="enable-module-command"),
    ),
    Probe(
        Promise.SECRETS,
        "log in at Bob's Redis with her own password",
        "refused",
        f"NOAUTH Authentication required.; AUTH failed: {_WRONG}",
        lambda room: room.borrower.types("GET secret"),
    ),
    Probe(
        Promise.SECRETS,
        'at Bob\'s Redis: `AUTH ""`',
        "refused",
        _WRONG,
        _thief('AUTH ""'),
    ),
    *_at_bobs(Promise.SECRETS, "CONFIG GET requirepass", "ACL LIST", "ACL GETUSER default"),
    *_by_health_user(Promise.SECRETS, "ACL LIST", "CONFIG GET *"),
    Probe(
        Promise.SECRETS,
        "the modes of the token files",
        "for the teacher alone",
        "drwx------ tokens/, -rw------- for each file in it",
        _modes,
    ),
    Probe(
        Promise.SECRETS,
        "read Bob's token file as another user of the machine",
        "refused",
        "Permission denied",
        _reads_tokens,
    ),
    *(
        Probe(Promise.SECRETS, f"at Bob's Jupyter: {tried}", "refused", "HTTP 403", attempt)
        for tried, attempt in (
            ("`GET /api/contents` without a token", _asks("/api/contents", with_hers=False)),
            ("`GET /api/contents` with her token", _asks("/api/contents")),
            ("`GET /api/status` with her token", _asks("/api/status")),
            ("`GET /metrics` with her token", _asks("/metrics")),
            ("start a kernel with her token", _asks("/api/kernels", method="POST")),
            ("start a terminal with her token", _asks("/api/terminals", method="POST")),
            ("her session's cookie, under her port's name and under his", _brings_her_cookie),
            ("join his kernel's websocket with her token", _opens_a_websocket),
            ("join it from a page of hers in his browser, with his cookie", _rides_on_bobs_browser),
        )
    ),
    Probe(
        Promise.SECRETS,
        "at Bob's Jupyter: read a file of the home with her token",
        "sent to the page that asks for the token",
        "HTTP 302",
        _asks("/files/.redislab/progress"),
    ),
    *(
        Probe(Promise.TERMINAL, tried, "shown as \\xhh", seen, attempt)
        for tried, seen, attempt in (
            (
                "an escape sequence as a key of her Redis; the teacher's shell, connected to it, lists keys",
                "SCAN 0 COUNT 1000: escaped",
                _left(f'SET "{PAYLOAD}" 1', "SCAN 0 COUNT 1000"),
            ),
            (
                "as a value",
                "GET note: escaped; HGETALL notes: escaped",
                _left(f'SET note "{PAYLOAD}"\nHSET notes "{PAYLOAD}" 1', "GET note", "HGETALL notes"),
            ),
            (
                "as the text of an error",
                "FCALL oops 0: escaped",
                _left(
                    "FUNCTION LOAD REPLACE \"#!lua name=oops\\nredis.register_function('oops',"
                    " function() return redis.error_reply('\\\\027]0;owned\\\\007') end)\"",
                    "FCALL oops 0",
                ),
            ),
            (
                "as a status",
                "FCALL fine 0: escaped",
                _left(
                    "FUNCTION LOAD REPLACE \"#!lua name=fine\\nredis.register_function('fine',"
                    " function() return redis.status_reply('\\\\027]0;owned\\\\007') end)\"",
                    "FCALL fine 0",
                ),
            ),
        )
    ),
    Probe(
        Promise.TERMINAL,
        "as a lesson, its title and a step in her progress file, which the teacher's board reads",
        "nothing of it is shown",
        "exit code 0, Ada there; it did not reach the terminal",
        _writes_into_her_progress,
    ),
    Probe(
        Promise.TERMINAL,
        "as the name of a client",
        "refused",
        "ERR Client names cannot contain spaces, newlines or special characters.",
        lambda room: room.ada.types(f'CLIENT SETNAME "{PAYLOAD}"'),
    ),
)
