"""What follows a reply: advice, what happened, the redis-py call; and nothing where that is not wanted."""

from __future__ import annotations

import pytest

from tests.repl.shells import Shell
from tests.servers import RedisServer


def brief(*keys: str) -> list[str]:
    return Shell(explain="brief").answers(*keys)


def test_what_a_command_did() -> None:
    answers = brief("SET name ada", "EXPIRE name 600", "SET name bob")
    assert answers == [
        "OK",
        "  Created: there was no `name` before.",
        "(integer) 1",
        "  `name` expires in 600 s (10 minutes).",
        "OK",
        "  Replaced: `name` held `ada` before. Its time to live is gone: it no longer",
        "    expires.",
    ]


def test_a_typing_error_gets_the_nearest_command_with_the_words_typed() -> None:
    answers = brief("LRAGNE l 0 -1")
    assert answers[0] == "(error) ERR unknown command 'LRAGNE', with args beginning with: 'l' '0' '-1' "
    assert "LRANGE" in " ".join(answers[1:])
    assert answers[-1] == "  LRANGE l 0 -1"


def test_the_place_of_a_missing_word_is_marked() -> None:
    answers = brief("HSET h f")
    assert answers[1:3] == ["  HSET h f", "           ^ value"]


def test_a_line_that_cannot_be_split_is_marked_too() -> None:
    answers = brief('SET a "x')
    assert answers[:3] == ["Invalid argument(s)", '  SET a "x', '        ^ a closing "']


def test_nothing_is_said_where_it_is_off() -> None:
    assert Shell().answers("HSET h f", "LRAGNE l", 'SET a "x', "SET a 1") == [
        "(error) ERR wrong number of arguments for 'hset' command",
        "(error) ERR unknown command 'LRAGNE', with args beginning with: 'l' ",
        "Invalid argument(s)",
        "OK",
    ]


def test_why_tells_more() -> None:
    shell = Shell()
    assert len(" ".join(shell.answers("TTL nobody", ":why")[1:])) > 60
    assert shell.answers(":why") == ["There is nothing to explain yet: run a command first."]


def test_the_redis_py_call_of_each_command_or_of_one() -> None:
    assert Shell().answers(":set python on", "SET name ada EX 60") == ["OK", '  r.set("name", "ada", ex=60)']
    assert Shell().answers("GET n", ":python") == ["(nil)", 'r.get("n")']
    assert Shell().answers(":python LPUSH l a") == ['r.lpush("l", "a")']
    shown = Shell().answers(":python on", "SET a 1", ":python off", "GET a")
    assert shown == ["OK", '  r.set("a", "1")', '"1"']


def test_explain_says_what_running_it_would_meet() -> None:
    lines = ("SET name ada EX 100", ":explain LPUSH name x", ":explain SET name bob")
    shown = " ".join(Shell().type(*lines).shown.split())
    assert "LPUSH works on a list: it would fail (WRONGTYPE)." in shown
    assert "SET replaces it and its time to live." in shown


def test_a_word_in_quotes_stays_one_word_in_an_explanation() -> None:
    assert 'r.set("a b", "c d")' in Shell().type(':explain SET "a b" "c d"').shown


def test_a_server_sees_what_was_typed_and_nothing_else(server: RedisServer) -> None:
    server.cli("CONFIG", "RESETSTAT")
    shell = Shell.on(server.port)
    shell.explain = "full"
    shell.answers("SET a 1", "GET a", "LPUSH a x", ":explain SET a 2")
    stats = server.cli("INFO", "commandstats").stdout.decode()
    seen = {line.partition(":")[0] for line in stats.splitlines() if line.startswith("cmdstat_")}
    assert seen == {"cmdstat_set", "cmdstat_get", "cmdstat_lpush", "cmdstat_config|resetstat"}


def test_a_server_is_looked_at_where_the_person_says_so(server: RedisServer) -> None:
    shell = Shell.on(server.port)
    shell.explain = "brief"
    blind = shell.answers("SET a 1", "EXPIRE a 100", "SET a 2")
    assert "time to live" not in " ".join(blind[4:])
    seeing = shell.answers(":set probe on", "SET a 1", "EXPIRE a 100", "SET a 2")
    assert "time to live" in " ".join(seeing[-2:])


@pytest.mark.parametrize("line", ["SET k v 60", "GET name Brian Holt", "LPUSH t a # note", "EXPIRE k 10s"])
def test_frequent_mistakes_get_advice(line: str) -> None:
    assert any(answer.startswith("remedy: ") for answer in brief(line))


def test_a_transaction_is_a_pipeline_in_python() -> None:
    answers = Shell().answers(":set python on", "MULTI", "SET a 1", "EXEC", "GET a")
    assert [answer for answer in answers if answer.startswith("  ")][1:] == [
        '  pipe.set("a", "1")',
        "  pipe.execute()",
        '  r.get("a")',
    ]


def test_each_failure_of_a_transaction_gets_its_advice() -> None:
    shown = " ".join(
        " ".join(brief("RPUSH queue a b", "MULTI", "SET n 1", "GET queue", "INCR n", "EXEC")).split()
    )
    assert "2) GET queue: WRONGTYPE" in shown
    assert "remedy: 2) GET works on strings." in shown
