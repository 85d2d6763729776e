"""The check language: what each line means, and what is no check."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from redislab.app import catalogue
from redislab.core.reply import Reply
from redislab.core.words import split
from redislab.course.bench import Bench
from redislab.course.conditions import BadCondition, parse
from redislab.course.evidence import Evidence, Journal
from redislab.course.model import Typed
from redislab.engines.embedded import EmbeddedEngine

DATA = """\
SET name ada
SET visits 41
SET price 9.50
SET word "a == b"
RPUSH queue a b c
SADD some x y z
HSET user name Ada born 1815
ZADD board 1 ada 2 bob
XADD log 1-0 order dune
SET session x EX 600"""


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    bench = Bench(EmbeddedEngine(), catalogue())
    for number, line in enumerate(DATA.splitlines()):
        bench.run(Typed(tuple(split(line.encode())), number))
    bench.begin()
    for line in ("GET name", "get visits", "MGET name visits", "INCR name", "LPUSH queue2 a"):
        bench.run(Typed(tuple(split(line.encode())), 0))
    bench.run(Typed((b"STRLEN", b"name"), 0, "B"))
    bench.run(Typed((b"GET", b"user"), 0))
    return bench.evidence()


HOLDS = """\
GET name == "ada"
GET name != "bob"
GET visits == 41
GET visits == "41"
GET price == 9.5
GET nosuch == null
GET name != null
GET word == "a == b"
EXISTS name nosuch == 1
LRANGE queue 0 -1 == ["a", "b", "c"]
LRANGE queue 0 -1 ~= ["c", "b", "a"]
SMEMBERS some ~= ["z", "x", "y"]
HGETALL user == {"name": "Ada", "born": 1815}
HGETALL user has {"name": "Ada"}
HGETALL user has "born"
ZRANGE board 0 -1 WITHSCORES == ["ada", 1, "bob", 2]
MGET name nosuch == ["ada", null]
LRANGE queue 0 -1 has "b"
XRANGE log - + has "dune"
XRANGE log - + has {"order": "dune"}
GET name has "d"
TTL session in 590..600
TTL session > 500
LLEN queue >= 3
LLEN queue < 4
STRLEN name <= 3
exists name
queue is list
some is set
board is zset
used GET
used MGET|STRLEN
not used KEYS
used MGET with visits
used GET|MGET with NAME
not used MGET with NX
LRANGE queue 0 -1 lacks "x"
INFO keyspace lacks "db5"
GET nosuch lacks "x"
not used INCR
calls GET == 2
calls GET|MGET <= 3
used GET then MGET|STRLEN
used GET then LPUSH then STRLEN
A: used GET then GET
B: used STRLEN
B: not used GET
B: calls GET|STRLEN == 1
B: reply STRLEN name == 3
B: shown == 3
A: failed "wrongtype"
trips == 7
reply GET name == "ada"
reply get visits == 41
shown == ["ada", "41"]
shown in 41..41
error "WRONGTYPE"
error "wrong kind"
failed "wrongtype\""""

FAILS = """\
GET name == "Ada"
GET name == null
GET nosuch != null
GET nosuch == ""
GET user == "x"
LRANGE queue 0 -1 == ["c", "b", "a"]
LRANGE queue 0 -1 ~= ["a", "b"]
LRANGE queue 0 -1 ~= ["a", "b", "b"]
HGETALL user == {"name": "Ada"}
HGETALL user has {"name": "Bob"}
XRANGE log - + has {"dune": "order"}
GET name in 1..2
GET name > 1
GET nosuch in 0..0
TTL nosuch in 0..600
exists nosuch
name is list
used KEYS
not used GET
used MGET then GET
used GET with NX
not used GET with name
LRANGE queue 0 -1 lacks "a"
LRANGE name 0 -1 lacks "a"
used GET then GET then GET
used GET then INCR
B: used GET
A: used STRLEN
B: reply GET name == "ada"
A: reply STRLEN name == 3
B: error "wrongtype"
calls GET > 2
trips < 7
reply GET word == "a == b"
reply GET name == "bob"
shown == "bob"
error "syntax"
failed "syntax\""""


@pytest.mark.parametrize("line", HOLDS.splitlines())
def test_what_holds(evidence: Evidence, line: str) -> None:
    verdict = parse(line, 1).judge(evidence)
    assert verdict.holds, verdict.seen


@pytest.mark.parametrize("line", FAILS.splitlines())
def test_what_does_not(evidence: Evidence, line: str) -> None:
    verdict = parse(line, 1).judge(evidence)
    assert not verdict.holds
    assert verdict.seen


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("TTL name in 590..600", "TTL name → -1, wanted 590..600"),
        ('GET nosuch == "ada"', 'GET nosuch → nil, wanted "ada"'),
        ('LRANGE queue 0 -1 has "x"', 'LRANGE queue 0 -1 → [a, b, c], wanted has "x"'),
        ("reply GET nosuch == 1", "GET nosuch → not run yet, wanted 1"),
        (
            'shown has "bob"',
            "shown → (error) WRONGTYPE Operation against a key holding the wrong … (before it 6 more), "
            'wanted has "bob"',
        ),
        ("used KEYS|SCAN", "KEYS or SCAN → not run yet"),
        ("used GET", "GET → was run"),
        ("not used GET", "GET → was run, wanted without"),
        ("used STRLEN then MGET", "run → MGET then STRLEN, wanted STRLEN then MGET"),
        ("B: used GET", "B: GET → not run yet"),
        ("GET nosuch == null", "GET nosuch → nil, wanted nil"),
        (
            'failed "syntax"',
            "errors so far → WRONGTYPE Operation against a key holding the wrong kind of …, "
            'wanted one with "syntax"',
        ),
        ('B: error "syntax"', 'B: latest answer → no error, wanted one with "syntax"'),
        ("calls GET <= 1", "calls of GET → 2, wanted <= 1"),
    ],
)
def test_what_the_checker_saw(evidence: Evidence, line: str, seen: str) -> None:
    assert parse(line, 1).judge(evidence).seen == seen


@pytest.mark.parametrize(
    "line",
    [
        "", "GET name", "GET name = 1", 'GET name == ada', "GET name ==", '== "ada"', "GET name in 1",
        "name is text", "error", "error syntax", 'error ""', "failed GET", "used", "used GET|", "calls GET",
        "trips == 1.5", "used GET then", "used then GET", "not used GET then SET", 'B: GET name == "ada"',
        "A: exists name", "B: trips <= 1", "B:", "A: B: used GET", "C: used GET",
        'GET "name == 1', "shown GET == 1", "shown",
    ],
)  # fmt: skip
def test_what_is_no_check(line: str) -> None:
    with pytest.raises(BadCondition) as raised:
        parse(line, 1)
    assert str(raised.value)


def test_a_question_is_asked_only_when_it_is_judged() -> None:
    asked: list[Sequence[bytes]] = []

    def ask(args: Sequence[bytes]) -> Reply:
        asked.append(args)
        raise AssertionError("nothing was to be asked")

    evidence = Evidence(ask, Journal(catalogue()))
    assert not parse("used GET", 1).judge(evidence).holds
    assert asked == []
