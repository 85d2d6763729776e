"""A server that is killed: what is left, for the one that is a process and for the one that pretends."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from redislab.core.aside import Aside
from redislab.core.engine import Engine, Mortal
from redislab.core.link import Link
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.core.words import split
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.private import PrivateEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.errors import ConnectionLost, RedislabError

PATIENCE_S = 10.0


class Both:
    """Either engine, asked by lines."""

    def __init__(self, engine: EmbeddedEngine | PrivateEngine) -> None:
        self.engine = engine
        engine.renew()

    def say(self, *lines: str) -> Reply:
        """The last answer; a new connection for each call."""
        link, assembler = Link(self.engine), Assembler()
        answers = []
        for line in lines:
            answers += [
                reply
                for arrival in link.request(split(line.encode()))
                if (reply := assembler.add(arrival.part)) is not None
            ]
        link.drop()
        return answers[-1]


@pytest.fixture(params=["built-in", "redis-server"])
def place(request: pytest.FixtureRequest) -> Iterator[Both]:
    if request.param == "redis-server":
        request.getfixturevalue("redis_server_path")
    engine = EmbeddedEngine() if request.param == "built-in" else PrivateEngine()
    yield Both(engine)
    engine.close()


def test_what_was_saved_is_left(place: Both) -> None:
    assert place.say("SET a 1", "SAVE", "SET b 2", "DEL a").number == 1
    place.engine.kill()
    assert [item.text for item in place.say("MGET a b").items] == [b"1", b""]
    place.engine.kill()
    assert place.say("DBSIZE").number == 1


def test_what_was_never_saved_is_gone(place: Both) -> None:
    place.say("SET a 1")
    place.engine.kill()
    assert place.say("DBSIZE").number == 0


def test_with_an_append_only_file_all_is_left(place: Both) -> None:
    place.say("SET a 1", "CONFIG SET appendonly yes", "SET b 2", "SELECT 3", "RPUSH l x y")
    place.engine.kill()
    assert [item.text for item in place.say("MGET a b").items] == [b"1", b"2"]
    assert place.say("SELECT 3", "LLEN l").number == 2
    assert place.say("INFO persistence").text.count(b"aof_enabled:1") == 1


def test_deadlines_and_each_type_come_back(place: Both) -> None:
    place.say(
        "SET s 1 EX 100", "HSET h a 1", "SADD e 1 x", "ZADD z 1 a", "XADD t 1-1 a 1", "XGROUP CREATE t g 0"
    )
    place.say("SELECT 1", "RPUSH l a", "SAVE", "PERSIST s", "FLUSHALL")
    place.engine.kill()
    assert 1 <= place.say("TTL s").number <= 100
    for key, kind in {"h": b"hash", "e": b"set", "z": b"zset", "t": b"stream"}.items():
        assert place.say(f"TYPE {key}").text == kind
    assert len(place.say("XINFO GROUPS t").items) == 1
    assert place.say("SELECT 1", "LRANGE l 0 -1").items[0].text == b"a"


def test_a_client_that_waits_hears_of_it(place: Both) -> None:
    link = Link(place.engine)
    link.send([[b"BLPOP", b"nothing", b"0"]])
    run_id = [line for line in place.say("INFO server").text.split() if line.startswith(b"run_id")]
    place.engine.kill()
    with pytest.raises(ConnectionLost):
        list(link.arrivals(PATIENCE_S))
    assert run_id[0] not in place.say("INFO server").text


def test_a_question_aside_is_answered_by_the_server_that_came_back(place: Both) -> None:
    aside = Aside(place.engine.aside(), b"aside")
    assert aside.ask([(b"PING",)])[0].text == b"PONG"
    place.engine.kill()
    assert aside.ask([(b"GET", b"a"), (b"PING",)])[1].text == b"PONG"
    aside.ask([(b"WATCH", b"a")])
    place.engine.kill()
    with pytest.raises(RedislabError):  # what was watched is no longer
        aside.ask([(b"MULTI",), (b"SET", b"a", b"1"), (b"EXEC",)])
    assert aside.ask([(b"EXISTS", b"a")])[0].number == 0
    aside.close()


def test_scripts_that_were_loaded_are_forgotten(place: Both) -> None:
    name = place.say("SCRIPT LOAD 'return 1'").text.decode()
    place.engine.kill()
    assert place.say(f"EVALSHA {name} 0").code == "NOSCRIPT"


def test_renewed_there_are_no_files_and_the_settings_of_the_start(place: Both) -> None:
    place.say("SET a 1", "SAVE", "CONFIG SET maxmemory 1gb", "CONFIG SET appendonly yes")
    place.engine.renew()
    assert place.say("CONFIG GET maxmemory").items[1].text == b"0"
    assert place.say("CONFIG GET appendonly").items[1].text == b"no"
    place.engine.kill()
    assert place.say("DBSIZE").number == 0


def test_a_snapshot_starts_the_count_of_changes_anew(place: Both) -> None:
    place.say("SET a 1", "SET b 1", "SAVE", "SET c 1")
    assert b"rdb_changes_since_last_save:1\r\n" in place.say("INFO persistence").text
    assert place.say("LASTSAVE").number > 1_700_000_000


@pytest.mark.usefixtures("redis_server_path")
def test_random_histories_end_alike() -> None:
    """Writes, snapshots, settings and deaths in any order: both hold the same data after each death."""
    random = Random(17)
    pretended, real = Both(EmbeddedEngine()), Both(PrivateEngine())
    try:
        for _ in range(12):
            lines = [_line(random) for _ in range(random.randrange(1, 12))]
            for place in (pretended, real):
                place.say(*lines)
                place.engine.kill()
            assert _data(pretended) == _data(real), lines
    finally:
        pretended.engine.close()
        real.engine.close()


def _line(random: Random) -> str:
    key, value = random.choice("abcd"), random.randrange(100)
    choices = [
        f"SET {key} {value}",
        f"APPEND {key} x",
        f"DEL {key}",
        f"SET {key} {value} EX 1000",
        f"SELECT {value % 2}",
    ]
    return random.choice([*choices, "SAVE", f"CONFIG SET appendonly {random.choice(['yes', 'no', 'no'])}"])


def _data(place: Both) -> list[object]:
    return [[place.say(f"SELECT {db}", f"GET {key}") for key in "abcd"] for db in (0, 1)]


def test_a_server_of_others_is_not_mortal() -> None:
    shared: Engine = RealEngine(Target())
    assert not isinstance(shared, Mortal)
    assert isinstance(EmbeddedEngine(), Mortal)
    assert isinstance(PrivateEngine(), Mortal)
