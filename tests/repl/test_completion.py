"""What is offered where: by the grammar, and by what exists on either engine."""

from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from redislab.core.engine import Engine
from redislab.core.session import Session
from redislab.core.words import split
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.repl.completion import ShellCompleter
from tests.repl.shells import knowledge
from tests.servers import RedisServer

DATA = (
    "SET name ada", "SET 'two words' x", "LPUSH list:a 1", "HSET hash:a name ada nick a",
    "SADD set:a red rose", "ZADD zset:a 1 ada 2 alan", "XADD stream:a 1-1 f v",
    "XGROUP CREATE stream:a workers 0",
)  # fmt: skip


def texts(completer: ShellCompleter, line: str, *, asked: bool = False) -> list[str]:
    event = CompleteEvent(completion_requested=asked, text_inserted=not asked)
    return [each.text for each in completer.get_completions(Document(line), event)]


@pytest.fixture
def blind() -> ShellCompleter:
    """Where data may not be looked at."""
    return ShellCompleter(knowledge(EmbeddedEngine(), may_look=False))


@pytest.fixture(params=["embedded", "server"])
def seeing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ShellCompleter:
    monkeypatch.setattr("redislab.assist.finder.BUDGET_S", 5.0)  # a busy machine is not what is tested
    engine: Engine = EmbeddedEngine()
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("server")
        engine = RealEngine(Target(port=server.port))
    session = Session(engine)
    for line in DATA:
        session.run(split(line.encode()))
    return ShellCompleter(knowledge(engine))


def test_an_empty_line_offers_nothing_until_asked(blind: ShellCompleter) -> None:
    assert texts(blind, "") == []
    assert len(texts(blind, "", asked=True)) > 200


def test_commands_in_the_case_in_which_they_were_begun(blind: ShellCompleter) -> None:
    assert texts(blind, "hget") == ["hget", "hgetall"]
    assert texts(blind, "HGET") == ["HGET", "HGETALL"]
    assert texts(blind, "5 hgeta") == ["hgetall"]


def test_commands_that_only_servers_send_are_left_out(blind: ShellCompleter) -> None:
    assert "PFSELFTEST" not in texts(blind, "PF")


def test_subcommands(blind: ShellCompleter) -> None:
    assert texts(blind, "CLIENT SETN") == ["SETNAME"]
    assert "LIST" in texts(blind, "CLIENT ")
    assert texts(blind, "config g") == ["get"]


def test_only_options_that_are_still_possible(blind: ShellCompleter) -> None:
    assert texts(blind, "SET a b ") == ["NX", "XX", "GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL"]
    assert texts(blind, "SET a b NX ") == ["GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL"]
    assert texts(blind, "set a b e") == ["ex", "exat"]
    assert texts(blind, "SET a b EX ") == []
    assert texts(blind, "SET a b EX 10 K") == []


def test_behind_a_wrong_word_nothing_is_offered(blind: ShellCompleter) -> None:
    assert texts(blind, "SET a b NOSUCH ") == []
    assert texts(blind, "NOSUCH ") == []


def test_help_and_our_own_words(blind: ShellCompleter) -> None:
    assert texts(blind, "HELP HGETA") == ["HGETALL"]
    assert texts(blind, "help @hash") == ["@hash"]
    assert texts(blind, ":he") == [":help"]
    assert texts(blind, ":set ut") == ["utf8"]
    assert texts(blind, ":set utf8 ") == ["on", "off"]
    assert texts(blind, ":explain CLIENT SETN") == ["SETNAME"]


def test_keys_of_the_type_that_the_command_works_on(seeing: ShellCompleter) -> None:
    assert texts(seeing, "HGETALL ") == ["hash:a"]
    assert texts(seeing, "LRANGE l") == ["list:a"]
    assert texts(seeing, "ZADD ") == ["zset:a"]
    assert texts(seeing, "XLEN ") == ["stream:a"]
    assert texts(seeing, "TYPE s") == ["set:a", "stream:a"]
    assert texts(seeing, "DEL name ha") == ["hash:a"]


def test_a_name_is_quoted_where_it_has_to_be(seeing: ShellCompleter) -> None:
    assert texts(seeing, "GET tw") == ['"two words"']
    assert texts(seeing, 'GET "two w') == ['"two words"']


def test_what_is_inside_of_values(seeing: ShellCompleter) -> None:
    assert texts(seeing, "HGET hash:a n") == ["name", "nick"]
    assert texts(seeing, "SREM set:a r") == ["red", "rose"]
    assert texts(seeing, "ZSCORE zset:a a") == ["ada", "alan"]
    assert texts(seeing, "XACK stream:a w") == ["workers"]
    assert texts(seeing, "XDEL stream:a ") == ["1-1"]


def test_names_that_the_server_knows(seeing: ShellCompleter) -> None:
    assert "maxmemory" in texts(seeing, "CONFIG GET maxmem")
    assert "string" in texts(seeing, "ACL CAT str")


@pytest.mark.parametrize(
    "line", ["", " ", "SET", "SET ", 'SET "', "'", '"\\x', "SET a b c d e f", "\u202e", "x" * 5_000]
)
def test_nothing_typed_is_too_odd(seeing: ShellCompleter, line: str) -> None:
    texts(seeing, line)
    texts(seeing, line, asked=True)
