"""CLIENT TRACKING: two clients of the built-in engine hear what two of redis-server hear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redislab.core.engine import Connection, Engine
from redislab.core.reply import Reply
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say, whole_replies
from tests.servers import RedisServer

# Each line is said by the client it names, what `; ` parts in one go; {A} and {B} stand for their ids.
STORIES = {
    "default": """
        A: HELLO 3
        A: CLIENT TRACKING on
        A: CLIENT TRACKINGINFO
        A: GET k
        A: MGET k other
        B: SET k 1
        B: SET k 2
        A: GET k
        A: SET k 3
        A: GET k
        B: DEL k other
        A: GET k
        B: MSET k 1 other 2
        B: FLUSHALL
        A: GET k
        B: EXPIRE k 100
        B: RPUSH list a
        A: LRANGE list 0 -1
        B: LPOP list
        A: CLIENT GETREDIR
        A: CLIENT TRACKING off
        A: GET k
        B: SET k 1
        A: CLIENT TRACKINGINFO
    """,
    "noloop": """
        A: HELLO 3
        A: CLIENT TRACKING on NOLOOP
        A: GET k
        A: SET k 1
        A: GET k
        B: SET k 1
        A: CLIENT TRACKINGINFO
    """,
    "optin": """
        A: HELLO 3
        A: CLIENT CACHING yes
        A: CLIENT TRACKING on OPTIN
        A: GET a
        A: CLIENT CACHING yes
        A: GET b
        A: GET c
        B: MSET a 1 b 1 c 1
        A: CLIENT CACHING no
        A: CLIENT CACHING foo
        A: CLIENT CACHING yes
        A: CLIENT TRACKINGINFO
        A: MULTI; GET a; GET b; EXEC
        B: MSET a 1 b 1
        A: CLIENT TRACKING on OPTOUT
    """,
    "optout": """
        A: HELLO 3
        A: CLIENT TRACKING on OPTOUT
        A: GET a
        A: CLIENT CACHING no
        A: GET b
        A: GET c
        B: MSET a 1 b 1 c 1
        A: CLIENT CACHING yes
    """,
    "broadcast": """
        A: HELLO 3
        A: CLIENT TRACKING on BCAST PREFIX user: PREFIX post:
        A: CLIENT TRACKINGINFO
        B: SET user:1 a
        B: SET other a
        B: MSET user:2 a user:3 b post:1 c
        A: SET user:4 a
        B: DEL user:1
        A: CLIENT TRACKING on BCAST PREFIX user:a
        A: CLIENT TRACKING on BCAST PREFIX x PREFIX xy
        A: CLIENT TRACKING on
        A: CLIENT TRACKING on BCAST PREFIX more:
        B: SET more:1 a
        A: CLIENT TRACKING off
        A: CLIENT TRACKING on BCAST NOLOOP
        A: SET mine 1
        B: SET theirs 1
        B: FLUSHDB
    """,
    "redirected": """
        B: SUBSCRIBE __redis__:invalidate
        A: CLIENT TRACKING on REDIRECT {B}
        A: CLIENT GETREDIR
        A: GET k
        A: SET k 1
        A: GET k
        A: FLUSHALL
        A: CLIENT TRACKING on REDIRECT 99999
    """,
    "wrong": """
        A: CLIENT TRACKING foo
        A: CLIENT TRACKING on FOO
        A: CLIENT TRACKING on PREFIX x
        A: CLIENT TRACKING on BCAST OPTIN
        A: CLIENT TRACKING on OPTIN OPTOUT
        A: CLIENT TRACKING on REDIRECT x
        A: CLIENT TRACKING on REDIRECT
        A: CLIENT TRACKING
        A: CLIENT GETREDIR
        A: CLIENT TRACKINGINFO
    """,
    "scripts and transactions": """
        A: HELLO 3
        A: CLIENT TRACKING on
        A: MULTI; GET a; SET a 1; GET b; EXEC
        B: SET b 1
        B: MULTI; SET a 1; SET b 1; EXEC
        A: EVAL return(redis.call('GET','z')) 2 x y
        B: MSET x 1 y 1 z 1
        A: EVAL return(redis.call('SET','z',1)) 2 x y
        B: MSET x 1 y 1 z 1
        A: EVAL_RO return(redis.call('GET','z')) 1 x
        B: MSET x 1 y 1 z 1
        A: RESET
        A: CLIENT TRACKINGINFO
    """,
}


@pytest.fixture
def real(redis_server_path: str) -> Iterator[Engine]:
    with RedisServer() as server:
        yield RealEngine(Target(socket_path=server.socket_path))


def told(engine: Engine, story: str) -> list[tuple[str, str, list[Reply]]]:
    """What each client hears after each line."""
    clients = {"A": engine.connect(), "B": engine.connect()}
    ids = {name: say(client, "CLIENT ID").number for name, client in clients.items()}
    heard = []
    for line in story.strip().splitlines():
        name, _, command = line.strip().partition(": ")
        batch = command.format(**ids).encode().split(b"; ")
        clients[name].send([each.split() for each in batch])
        for listener in (name, *(each for each in "AB" if each != name)):
            # Twice: what all are told redis-server says when it has done all that it has read.
            both = [reply for _ in range(2) for reply in until_pong(clients[listener])]
            heard.append((line.strip(), listener, both))
    for client in clients.values():
        client.close()
    return heard


def until_pong(client: Connection) -> list[Reply]:
    """All that comes before the answer to a PING."""
    client.send([[b"PING", b"done"]])
    found: list[Reply] = []
    for reply in whole_replies(client, 5.0):
        if b"done" in (reply.value, *(each.value for each in reply.items if isinstance(reply.value, tuple))):
            return found
        found.append(reply)
    raise AssertionError(f"no answer to PING behind {found}")


def without_ids(heard: list[tuple[str, str, list[Reply]]]) -> list[object]:
    """Clients' ids are others on each side."""
    rows: list[object] = []
    for line, listener, replies in heard:
        is_id = line.endswith("CLIENT GETREDIR") and replies and (replies[0].value or 0) not in (-1, 0)
        hides = is_id or "HELLO" in line
        rows.append((line, listener, len(replies) if hides else replies))
    return rows


@pytest.mark.parametrize("name", STORIES)
def test_clients_hear_what_clients_of_redis_server_hear(name: str, real: Engine) -> None:
    engine = EmbeddedEngine()
    try:
        assert without_ids(told(engine, STORIES[name])) == without_ids(told(real, STORIES[name]))
    finally:
        engine.close()


def test_a_key_that_expires_is_told() -> None:
    engine = EmbeddedEngine()
    reader = engine.connect()
    say(reader, "HELLO 3")
    say(reader, "CLIENT TRACKING on")
    say(reader, "SET k v PX 100")
    say(reader, "GET k")
    found = next(whole_replies(reader, 5.0))
    assert [found.items[0].value, found.items[1].items[0].value] == [b"invalidate", b"k"]
    engine.close()


def test_who_has_gone_is_told_nothing() -> None:
    engine = EmbeddedEngine()
    reader, writer = engine.connect(), engine.connect()
    ask(reader, b"HELLO", b"3")
    ask(reader, b"CLIENT", b"TRACKING", b"on", b"BCAST")
    reader.close()
    assert say(writer, "SET k v").text == b"OK"
    assert b"tracking_clients:0" in say(writer, "INFO clients").text
    engine.close()
