"""Every shown call, run by redis-py on a connection that records, sends the words that were typed."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import redis

from redislab.core.catalogue import Argument, Catalogue, Command
from redislab.core.redispy import UNSENDABLE, python_call, table
from redislab.core.redispy.connection import OWN_CONNECTION
from redislab.core.redispy.pattern import Choice, Many, Option, Piece, Slot, names, parse
from redislab.core.redispy.reader import read
from redislab.core.redispy.template import fill, template_names
from redislab.core.words import split
from tests.servers import RedisServer

CATALOGUE = Catalogue.load()
LINES_EACH = 60
Words = list[bytes]


# --- A redis-py client that sends nowhere -----------------------------------------------------------------


class Recorded(Exception):
    """What was asked for has been sent; nobody will answer."""


class RecordingConnection(redis.Connection):
    def connect(self) -> None: ...  # nowhere to

    def connect_check_health(self, *args: object, **options: object) -> None: ...

    def disconnect(self, *args: object) -> None: ...

    def can_read(self, timeout: float | None = 0) -> bool:
        return False

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        chunks = command if isinstance(command, (list, tuple)) else [command]
        data = b"".join(chunk.encode() if isinstance(chunk, str) else bytes(chunk) for chunk in chunks)
        SENT.extend(requests(data))

    def read_response(self, *args: object, **options: object) -> object:
        if SENT and SENT[-1][0] == b"WATCH":
            return b"OK"  # a pipeline goes on from here
        raise Recorded


SENT: list[Words] = []


def requests(data: bytes) -> Iterator[Words]:
    place = 0
    while place < len(data):
        assert data[place : place + 1] == b"*"
        end = data.index(b"\r\n", place)
        count, place = int(data[place + 1 : end]), end + 2
        words = []
        for _ in range(count):
            end = data.index(b"\r\n", place)
            length, begin = int(data[place + 1 : end]), end + 2
            words.append(data[begin : begin + length])
            place = begin + length + 2
        yield words


@cache
def client() -> Any:
    return redis.Redis(connection_pool=redis.ConnectionPool(connection_class=RecordingConnection))


def sent_by(source: str, names: dict[str, object] | None = None) -> list[Words]:
    """The commands that this source sends."""
    SENT.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some methods are deprecated, as their commands are
        try:
            exec(source, {"r": client()} if names is None else names)
        except Recorded:
            pass
    return [list(words) for words in SENT]


# --- Lines from the syntax tree ---------------------------------------------------------------------------

KEYS = [
    b"k",
    b"user:1",
    b"a b",
    b"",
    "clé".encode(),
    b"\xff\x00",
    b'say "hi"\n',
    b"0",
    b"back\\slash",
    b"{t}1",
]
VALUES = [
    *KEYS,
    b"ada",
    b"36",
    b"-1",
    b"007",
    b"1.5",
    b"*",
    b"$",
    b">",
    b"-",
    b"+",
    b"NX",
    b"limit",
    b"Get",
    b"\x7f",
]
INTEGERS = [
    b"0",
    b"1",
    b"2",
    b"-1",
    b"10",
    b"60",
    b"100",
    b"9223372036854775807",
    b"007",
    b"+1",
    b"abc",
    b"",
    b"-0",
]
DOUBLES = [
    b"0",
    b"1",
    b"-1",
    b"1.5",
    b"0.1",
    b"-0.5",
    b"1e3",
    b"1.50",
    b"inf",
    b"-inf",
    b"(1",
    b"nan",
    b"1e+16",
    b"",
]
POOLS = {"key": KEYS, "integer": INTEGERS, "double": DOUBLES, "unix-time": INTEGERS}
PLAIN = [b"k", b"user:1", b"ada", "clé".encode(), b"36"]
PLAIN_POOLS = {
    "integer": [b"1", b"2", b"10", b"60"],
    "double": [b"1", b"2", b"0.5", b"10"],
    "unix-time": [b"1900000000"],
    "min-idle-time": [b"0", b"60000"],
    "bit": [b"0", b"1"],
    "value": [b"0", b"1", b"ada"],
    "id": [b"0", b"1-1", b"$"],
    "yes/no": [b"yes", b"NO"],
}

# The server reads these two commands' parts in any order, those that it needs too.
ANY_ORDER = {"GEOSEARCH", "GEOSEARCHSTORE"}
WITHOUT_SYNTAX = {"COMMAND GETKEYS", "COMMAND GETKEYSANDFLAGS", "DEBUG", "REPLCONF"}  # any words


@dataclass(frozen=True)
class Part:
    """Words that belong together. `movable`: an option, which may change places with its neighbours."""

    words: tuple[tuple[bytes, bool], ...]  # each with: is it an option's word, in any case?
    movable: bool


class Writer:
    """Writes lines of one command: every second one with words such as people write, else with any."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.times: int | None = None  # numkeys said how many
        self.plain = False

    def parts(self, command: Command) -> list[Part]:
        found: list[Part] = []
        self._begin()
        for argument in command.arguments:
            counted = self.times is not None and argument.name == "key"
            if argument.optional and not counted and self.chance.random() < 0.5:
                continue
            movable = (argument.optional or command.name in ANY_ORDER) and _begins_with_token(argument)
            if argument.type == "oneof" and command.name == "CLIENT KILL":
                argument = self.chance.choice(argument.arguments)
                if argument.multiple:  # filters, in any order
                    found += [Part(tuple(self._once(argument)), True) for _ in range(self._count())]
                    continue
            found.append(Part(tuple(self._argument(argument)), movable))
        if command.name in WITHOUT_SYNTAX:
            found.append(
                Part(tuple((self.chance.choice(VALUES), False) for _ in range(self._count())), False)
            )
        return self._shuffled([part for part in found if part.words])

    def _begin(self) -> None:
        self.times, self.plain = None, not self.plain

    def _shuffled(self, parts: list[Part]) -> list[Part]:
        for _ in range(self.chance.randrange(3)):
            for place in range(len(parts) - 1):
                if parts[place].movable and parts[place + 1].movable and self.chance.random() < 0.5:
                    parts[place : place + 2] = parts[place + 1], parts[place]
        return parts

    def _count(self) -> int:
        return self.chance.choice([1, 1, 2, 3])

    def _argument(self, argument: Argument) -> Iterator[tuple[bytes, bool]]:
        times = 1
        if argument.multiple:
            counted = self.times is not None and argument.name in ("key", "weight", "id", "field", "data")
            times = self.times if counted and self.times is not None else self._count()
            if argument.name == "key" and argument.optional:
                self.times = None  # EVAL's keys are counted, its arguments are not
        for turn in range(times):
            yield from self._once(argument, token=turn == 0 or argument.multiple_token)

    def _once(self, argument: Argument, token: bool = True) -> Iterator[tuple[bytes, bool]]:
        if argument.token is not None and token:
            yield self.chance.choice([str.upper, str.lower, str.title])(argument.token).encode(), True
        if argument.type == "oneof":
            yield from self._argument(self.chance.choice(argument.arguments))
        elif argument.type == "block":
            if argument.token == "STREAMS":
                self.times = self._count()
            for inner in argument.arguments:
                if not inner.optional or self.chance.random() < 0.5:
                    yield from self._argument(inner)
        elif argument.name in ("numkeys", "numfields"):
            self.times = self._count()
            yield b"%d" % self.times, False
        elif argument.type != "pure-token":
            yield self._word(argument), argument.name == "yes/no"  # in any case, says the server

    def _word(self, argument: Argument) -> bytes:
        if self.plain:
            named = PLAIN_POOLS.get(argument.name) or PLAIN_POOLS.get(argument.type)
            return self.chance.choice(named or PLAIN)
        return self.chance.choice(POOLS.get(argument.type, VALUES))


def _begins_with_token(argument: Argument) -> bool:
    if argument.token is not None or argument.type == "pure-token":
        return True
    inner = argument.arguments
    return bool(inner) and all(map(_begins_with_token, inner if argument.type == "oneof" else inner[:1]))


def agree(parts: Sequence[Part], sent: Sequence[bytes]) -> bool:
    """The words are those of the parts, where neighbouring options may have changed places."""
    if not parts:
        return not sent
    run = 1
    while parts[0].movable and run < len(parts) and parts[run].movable:
        run += 1
    return any(
        _begins(sent, parts[place])
        and agree([*parts[:place], *parts[place + 1 :]], sent[len(parts[place].words) :])
        for place in range(run)
    )


def _begins(sent: Sequence[bytes], part: Part) -> bool:
    return len(sent) >= len(part.words) and all(
        found.upper() == word.upper() if token else found == word
        for found, (word, token) in zip(sent, part.words, strict=False)
    )


def known(name: str) -> Command | None:
    return CATALOGUE.get(name) or CATALOGUE.beyond.get(name)


def lines(name: str, count: int = LINES_EACH) -> Iterator[tuple[list[Part], Words]]:
    command = known(name)
    assert command is not None
    writer = Writer(random.Random(f"redis-py {name}"))
    for _ in range(count):
        parts = writer.parts(command)
        yield parts, [*name.lower().encode().split(), *(word for part in parts for word, _ in part.words)]


def check(name: str, parts: list[Part], words: Words) -> str:
    shown = python_call(known(name), words)
    sent = sent_by(shown)
    length = name.count(" ") + 1
    head = [word.upper() for word in sent[0][:length]] if sent else []
    good = len(sent) == 1 and head == name.encode().split() and agree(parts, sent[0][length:])
    assert good, f"{words}\n{shown}\n{sent}"
    return shown


def by_method(shown: str) -> bool:
    return ".execute_command(" not in shown.partition("  # ")[0]


def test_generated_lines_of_every_command_send_the_same_words(capsys: pytest.CaptureFixture[str]) -> None:
    tried = methods = 0
    with_method = set()
    for name in CATALOGUE.names():
        if name in OWN_CONNECTION:
            continue
        for parts, words in lines(name):
            tried += 1
            if by_method(check(name, parts, words)):
                methods += 1
                with_method.add(name)
    with capsys.disabled():
        print(f"\nredis-py: {tried} lines, {methods} as methods of {len(with_method)} commands")  # noqa: T201  # the count is what this is for
    rows = {name for name in table() if CATALOGUE.get(name) and by_method(next(iter(table()[name].values())))}
    assert rows - with_method == {"DECR", "INCR"} & rows  # what the table has is shown
    assert len(with_method) >= 200


def test_generated_lines_of_commands_beyond_the_catalogue_send_the_same_words() -> None:
    for name in CATALOGUE.beyond.names():
        shown = [check(name, parts, words) for parts, words in lines(name)]
        expects_method = name in table() and not name.startswith("JSON.")  # JSON's need words that are JSON
        assert any(map(by_method, shown)) == expects_method or name.startswith("JSON."), name


# --- The table itself -------------------------------------------------------------------------------------

# What redis-py has and Redis 7.0 has not.
NEWER = {
    *(
        "CLIENT NO-TOUCH",
        "CLIENT SETINFO",
        "WAITAOF",
        "HEXPIRE",
        "HEXPIREAT",
        "HEXPIRETIME",
        "HPERSIST",
        "HPEXPIRE",
    ),
    *("HPEXPIREAT", "HPEXPIRETIME", "HPTTL", "HTTL", "HGETDEL", "HGETEX", "HSETEX"),
}
ROWS = [(name, pattern, template) for name, row in table().items() for pattern, template in row.items()]


NUMBERS = itertools.count()  # for words that differ
Taken = tuple[Option, int] | None  # an option, and which of its choices


def fitting(pieces: Sequence[Piece], taken: Taken = None) -> Iterator[bytes]:
    """Words that a pattern reads, with the options that it needs and the one that is taken."""
    for piece in pieces:
        if isinstance(piece, Option):
            chosen = taken[1] if taken is not None and taken[0] is piece else 0 if piece.required else None
            if chosen is not None:
                yield from fitting(piece.choices[chosen])
        elif isinstance(piece, Many):
            if piece.counted:
                yield b"2"
            yield from [*fitting(piece.pieces), *fitting(piece.pieces)]
        elif isinstance(piece, Slot):
            yield b"1" if piece.kind.startswith("#0") else b"2" if piece.kind else b"w%d" % next(NUMBERS)
        elif isinstance(piece, Choice):
            yield piece.words[0].encode()


def variants(pattern: str) -> Iterator[Taken]:
    yield None
    for piece in parse(pattern):
        if isinstance(piece, Option):
            yield from ((piece, chosen) for chosen in range(len(piece.choices)))


@pytest.mark.parametrize(("name", "pattern", "template"), ROWS)
def test_every_row_of_the_table_sends_its_words(name: str, pattern: str, template: str) -> None:
    for taken in variants(pattern):
        words = list(fitting(parse(pattern), taken))
        if pattern and not words:
            continue  # the row for none stands before it
        bound = read(parse(pattern), words)
        assert bound is not None, words
        shown = fill(template, pattern, bound, "r")
        assert shown is not None, words
        sent = sent_by(shown)
        wanted = sorted(word.upper() for word in [*name.encode().split(), *words])
        assert len(sent) == 1, shown
        assert sorted(word.upper() for word in sent[0]) == wanted, shown


def test_the_tables_names_are_commands_and_its_calls_use_every_word() -> None:
    here = {name for name in table() if CATALOGUE.get(name) is not None}
    assert {name for name in set(table()) - here if not name.startswith("JSON.")} == NEWER
    assert NEWER | set(CATALOGUE.beyond.names()) >= set(table()) - here
    for name, pattern, template in ROWS:
        bound = {name for name, _ in names(parse(pattern))}
        used = template_names(template, pattern)
        assert used <= bound, (name, template)
        # A count that redis-py sends itself and a flag that only chooses the row need not be named.
        unused = bound - used
        assert unused <= {"min", "max", "desc", "withscores", "withcode"}, (name, template, unused)


def test_comments_tell_what_the_methods_send() -> None:
    seen = 0
    for name, pattern, _ in [row for row in ROWS if " # " in row[2]]:
        shown = python_call(CATALOGUE.get(name), [*name.encode().split(), *fitting(parse(pattern))])
        call, _, claim = shown.partition("  # ")[2].partition(" sends ")
        (sent,) = sent_by(call)
        told = claim.removesuffix(" too").replace("with ", "").encode().split()
        assert all(word in sent for word in told), shown
        seen += 1
    assert seen >= 10


# --- Idiom ------------------------------------------------------------------------------------------------

GOLDEN = (
    r"""
SET name ada => r.set("name", "ada")
SET name ada EX 60 => r.set("name", "ada", ex=60)
set name ada ex 60 nx => r.set("name", "ada", ex=60, nx=True)
SET name ada XX GET => r.set("name", "ada", xx=True, get=True)
SET name ada KEEPTTL => r.set("name", "ada", keepttl=True)
SET name ada PX 1500 => r.set("name", "ada", px=1500)
SET n 60 => r.set("n", "60")
SET name ada EX 007 => r.execute_command("SET", "name", "ada", "EX", "007")
SET name ada EX => r.execute_command("SET", "name", "ada", "EX")
SET name Brian Holt => r.execute_command("SET", "name", "Brian", "Holt")
SET name clé => r.set("name", "clé")
SET bits "\xff\x00" => r.set("bits", b"\xff\x00")
SET quote 'say "hi"' => r.set("quote", "say \"hi\"")
SET text "two\nlines" => r.set("text", "two\nlines")
GET name => r.get("name")
GET => r.execute_command("GET")
DEL a b => r.delete("a", "b")
EXISTS a => r.exists("a")
TYPE a => r.type("a")
MSET a 1 b 2 => r.mset({"a": "1", "b": "2"})
MGET a b c => r.mget("a", "b", "c")
APPEND log line => r.append("log", "line")
STRLEN name => r.strlen("name")
GETRANGE name 0 2 => r.getrange("name", 0, 2)
INCR visits => r.execute_command("INCR", "visits")  # r.incr("visits") sends INCRBY with 1
INCRBY visits 5 => r.incrby("visits", 5)
DECRBY visits 5 => r.decrby("visits", 5)
INCRBYFLOAT price 0.5 => r.incrbyfloat("price", 0.5)
GETEX name PERSIST => r.getex("name", persist=True)
SETEX name 60 ada => r.setex("name", 60, "ada")
EXPIRE name 60 => r.expire("name", 60)
EXPIRE name 60 NX => r.expire("name", 60, nx=True)
TTL name => r.ttl("name")
PERSIST name => r.persist("name")
RENAME a b => r.rename("a", "b")
COPY a b DB 3 REPLACE => r.copy("a", "b", destination_db=3, replace=True)
KEYS * => r.keys("*")
SCAN 0 MATCH user:* COUNT 100 => r.scan(0, match="user:*", count=100)
SCAN 0 TYPE hash => r.scan(0, _type="hash")
OBJECT ENCODING a => r.object("ENCODING", "a")
LPUSH l a b => r.lpush("l", "a", "b")
LPOP l => r.lpop("l")
LPOP l 2 => r.lpop("l", 2)
LRANGE l 0 -1 => r.lrange("l", 0, -1)
LTRIM l 0 9 => r.ltrim("l", 0, 9)
LREM l 0 a => r.lrem("l", 0, "a")
LINSERT l before b a => r.linsert("l", "BEFORE", "b", "a")
LMOVE a b LEFT RIGHT => r.lmove("a", "b", src="LEFT", dest="RIGHT")
LPOS l a COUNT 0 => r.lpos("l", "a", count=0)
BLPOP a b 5 => r.blpop(["a", "b"], timeout=5)
BLPOP a 0 => r.blpop("a")
LMPOP 2 a b LEFT COUNT 10 => r.lmpop(2, "a", "b", direction="LEFT", count=10)
HSET user:1 name ada => r.hset("user:1", "name", "ada")
HSET user:1 name ada age 36 => r.hset("user:1", mapping={"name": "ada", "age": "36"})
HSET h a 1 a 2 => r.hset("h", items=["a", "1", "a", "2"])
HGET user:1 name => r.hget("user:1", "name")
HGETALL user:1 => r.hgetall("user:1")
HMGET user:1 name age => r.hmget("user:1", ["name", "age"])
HDEL user:1 name => r.hdel("user:1", "name")
HINCRBY user:1 age 1 => r.hincrby("user:1", "age", 1)
HSCAN user:1 0 => r.hscan("user:1", 0)
HRANDFIELD user:1 2 WITHVALUES => r.hrandfield("user:1", 2, withvalues=True)
HEXPIRE user:1 60 NX FIELDS 1 name => r.hexpire("user:1", 60, "name", nx=True)
JSON.GET doc $.name => r.json().get("doc", "$.name")
JSON.SET doc $ '{"name": "ada", "langs": ["py"], "age": 36, "on": true}' => \
r.json().set("doc", "$", {"name": "ada", "langs": ["py"], "age": 36, "on": True})
JSON.SET doc $.a '{"a":1}' NX => r.execute_command("JSON.SET", "doc", "$.a", "{\"a\":1}", "NX")
SADD s a b => r.sadd("s", "a", "b")
SMEMBERS s => r.smembers("s")
SISMEMBER s a => r.sismember("s", "a")
SINTER a b => r.sinter("a", "b")
SUNIONSTORE d a b => r.sunionstore("d", ["a", "b"])
SINTERCARD 2 a b LIMIT 5 => r.sintercard(2, ["a", "b"], limit=5)
SPOP s 3 => r.spop("s", 3)
ZADD b 1 ada => r.zadd("b", {"ada": 1})
ZADD b NX 1.5 ada 2 bob => r.zadd("b", {"ada": 1.5, "bob": 2}, nx=True)
ZADD b 1e3 ada => r.zadd("b", {"ada": "1e3"})
ZINCRBY b 1 ada => r.zincrby("b", 1, "ada")
ZRANGE b 0 -1 WITHSCORES => r.zrange("b", 0, -1, withscores=True)
ZRANGE b 0 5 BYSCORE LIMIT 0 10 => r.zrange("b", 0, 5, byscore=True, offset=0, num=10)
ZRANGEBYSCORE b (1 +inf => r.zrangebyscore("b", "(1", "+inf")
ZREVRANGE b 0 2 => r.zrevrange("b", 0, 2)
ZRANK b ada => r.zrank("b", "ada")
ZUNIONSTORE d 2 a b WEIGHTS 2 1 AGGREGATE MAX => r.zunionstore("d", {"a": 2, "b": 1}, aggregate="MAX")
ZINTER 2 a b WITHSCORES => r.zinter(["a", "b"], withscores=True)
XADD s * temp 21 => r.xadd("s", {"temp": "21"})
XADD s MAXLEN ~ 1000 * temp 21 => r.xadd("s", {"temp": "21"}, maxlen=1000)
XADD s MAXLEN 1000 1-1 temp 21 => r.xadd("s", {"temp": "21"}, id="1-1", maxlen=1000, approximate=False)
XRANGE s - + => r.xrange("s")
XRANGE s 1-1 + COUNT 5 => r.xrange("s", "1-1", "+", count=5)
XREAD COUNT 2 BLOCK 0 STREAMS a b 0 $ => r.xread({"a": "0", "b": "$"}, count=2, block=0)
XGROUP CREATE s g $ MKSTREAM => r.xgroup_create("s", "g", id="$", mkstream=True)
XREADGROUP GROUP g me COUNT 1 STREAMS s > => r.xreadgroup("g", "me", {"s": ">"}, count=1)
XACK s g 1-1 => r.xack("s", "g", "1-1")
XPENDING s g - + 10 => r.xpending_range("s", "g", min="-", max="+", count=10)
GEOADD g 2.35 48.85 Paris => r.geoadd("g", [2.35, 48.85, "Paris"])
GEODIST g a b km => r.geodist("g", "a", "b", unit="km")
GEOSEARCH g FROMMEMBER a BYRADIUS 5 km ASC => r.geosearch("g", member="a", radius=5, unit="km", sort="ASC")
SETBIT b 7 1 => r.setbit("b", 7, 1)
BITCOUNT b 0 -1 BYTE => r.bitcount("b", 0, -1, mode="BYTE")
BITFIELD b INCRBY u8 0 1 GET u8 0 => r.bitfield("b").incrby("u8", 0, 1).get("u8", 0).execute()
PFADD p a b => r.pfadd("p", "a", "b")
SORT l BY w_* LIMIT 0 5 GET # DESC => r.sort("l", by="w_*", start=0, num=5, get=["#"], desc=True)
EVAL "return KEYS[1]" 1 k v => r.eval("return KEYS[1]", 1, "k", "v")
PUBLISH news hello => r.publish("news", "hello")
SUBSCRIBE news => p = r.pubsub(); p.subscribe("news")
UNSUBSCRIBE => p.unsubscribe()
MONITOR => with r.monitor() as m: print(m.next_command())
MULTI => pipe = r.pipeline()  # MULTI is sent by pipe.execute()
EXEC => pipe.execute()
WATCH a b => pipe = r.pipeline(); pipe.watch("a", "b")
PING => r.ping()
PING hello => r.execute_command("PING", "hello")
INFO memory => r.info("memory")
CONFIG GET max* => r.config_get("max*")
CONFIG SET maxmemory 100 => r.config_set("maxmemory", 100)
CLIENT LIST => r.client_list()
CLIENT KILL ID 5 SKIPME no => r.client_kill_filter(_id="5", skipme=False)
FLUSHDB ASYNC => r.flushdb(asynchronous=True)
COMMAND DOCS get => r.execute_command("COMMAND DOCS", "get")
nope a => r.execute_command("nope", "a")
""".strip()
    .replace("\\\n", "")
    .split("\n")
)


JSON = r"""
"ada" "cl\u00e9" "clé" "\ud800" 1 -1.5 1e3 1e999 NaN null true nope [1,2] {"a":{}} [ {"a":1,"a":2}
""".split()
JSON += ["[1, [2]]", '{"a": {"b": null}}', '{"a": 1, "a": 2}', "", "[" * 5000]
JSON += ["[" * depth + "]" * depth for depth in (40, 60, 150, 300)]


@pytest.mark.parametrize("value", JSON, ids=range(len(JSON)))
def test_json_is_sent_byte_for_byte(value: str) -> None:
    words = [b"JSON.SET", b"doc", b"$", value.encode()]
    assert sent_by(python_call(None, words)) == [words]


@pytest.mark.parametrize("row", GOLDEN)
def test_typical_lines_read_as_a_python_programmer_writes_them(row: str) -> None:
    line, _, wanted = row.partition(" => ")
    words = split(line.encode())
    assert python_call(CATALOGUE.lookup(words), words) == wanted


# --- Connections of one's own ------------------------------------------------------------------------------


def conversation(*typed: str) -> list[Words]:
    """What the lines' calls send, shown as a shell shows them and run one after another."""
    scope: dict[str, object] = {"r": client()}
    sent: list[Words] = []
    name = "r"
    for line in typed:
        words = split(line.encode())
        sent += sent_by(python_call(CATALOGUE.lookup(words), words, client=name), scope)
        if words[0] == b"EXEC" and sent[-1] == [b"UNWATCH"]:
            sent.pop()  # the pipeline does that because nobody answered its EXEC
        if words[0] in (b"MULTI", b"WATCH"):
            name = "pipe"
        elif words[0] in (b"EXEC", b"DISCARD", b"UNWATCH"):
            name = "r"
    return sent


@pytest.mark.parametrize(
    "typed",
    [
        "SET a 1; MULTI; SET b 2; HSET h f v; EXEC",
        "WATCH a b; GET a; WATCH c; MULTI; SET a 1; INCRBY c 2; PING hello; EXEC",
        "WATCH a; GET a; UNWATCH; SET a 1",
        "UNWATCH",
    ],
)
def test_a_transaction_is_sent_as_it_was_typed(typed: str) -> None:
    lines = typed.split("; ")
    assert conversation(*lines) == [split(line.encode()) for line in lines]


def test_what_is_discarded_is_never_sent() -> None:
    assert conversation("MULTI", "SET a 1", "DISCARD") == []  # as the comment says


@pytest.mark.parametrize(
    "line",
    ["SUBSCRIBE a b", "PSUBSCRIBE a*", "SSUBSCRIBE a", "SUBSCRIBE a a", "MONITOR", "UNWATCH", "SUBSCRIBE"],
)
def test_listeners_send_what_was_typed(line: str) -> None:
    assert conversation(line) == [split(line.encode())]


@pytest.mark.parametrize("line", ["UNSUBSCRIBE a", "PUNSUBSCRIBE", "SUNSUBSCRIBE a b"])
def test_what_ends_listening_sends_what_was_typed(line: str) -> None:
    words = split(line.encode())
    shown = python_call(CATALOGUE.lookup(words), words)
    assert sent_by(shown, {"p": client().pubsub()}) == [words]


# --- Any words --------------------------------------------------------------------------------------------


def test_any_words_after_any_name_are_sent_or_said_to_be_unsendable() -> None:
    chance = random.Random("redis-py, any words")
    own = set(OWN_CONNECTION)
    heads = [name.encode().split() for name in CATALOGUE.names() if name not in own]
    heads += [[b"nope"], [b"JSON.GET"], [b""], [b"a b"], [b"\xff"], [b"n\xc2\xa0o"], [b"a\tb"]]
    options = [
        b"EX",
        b"NX",
        b"XX",
        b"GT",
        b"LIMIT",
        b"COUNT",
        b"MATCH",
        b"WITHSCORES",
        b"REV",
        b"~",
        b"FIELDS",
    ]
    for _ in range(8000):
        words = [*chance.choice(heads), *chance.choices(VALUES + INTEGERS + options, k=chance.randrange(7))]
        shown = python_call(CATALOGUE.lookup(words), words)
        if shown == UNSENDABLE:
            assert words[0].split() != [words[0]]
            continue
        sent = sent_by(shown)
        assert len(sent) == 1, (words, shown)
        assert sorted(map(bytes.upper, sent[0])) == sorted(map(bytes.upper, words)), (words, shown, sent)


# --- Another order of options is another way to say the same ------------------------------------------------

SEEDS = {
    "list": ["RPUSH {} 3 1 2"],
    "set": ["SADD {} 1 2 3"],
    "hash": ["HSET {} ada 1 bob 2"],
    "sorted-set": ["ZADD {} 1 ada 2 bob"],
    "stream": [
        "XADD {} 1-1 f v",
        "XADD {} 2-1 f v",
        "XGROUP CREATE {} k 0",
        "XREADGROUP GROUP k ada STREAMS {} >",
    ],
    "geo": ["GEOADD {} 1 2 ada 1.001 2 clé 36 10 k"],
}
NOT_HERE = {"SHUTDOWN", "MIGRATE", "CLIENT KILL", "CLIENT TRACKING", "CLIENT LIST", "RESTORE-ASKING"}


def test_the_server_answers_alike_where_the_order_of_options_differs(redis_server: RedisServer) -> None:
    server = redis.Redis(unix_socket_path=redis_server.socket_path, protocol=2)
    compared = set()
    for name in CATALOGUE.names():
        if name in NOT_HERE or name in OWN_CONNECTION or name not in table():
            continue
        for parts, words in lines(name):
            sent = sent_by(check(name, parts, words))[0]
            if list(map(bytes.upper, sent)) == list(map(bytes.upper, words)) or b"block" in map(
                bytes.lower, words
            ):
                continue
            command = CATALOGUE.get(name)
            assert command is not None
            assert answer(server, command.group, words) == answer(server, command.group, sent), (words, sent)
            compared.add(name)
    server.close()
    assert len(compared) >= 20, compared


def answer(server: redis.Redis, group: str, words: Words) -> list[object]:
    """The reply, and what the keys then hold; without what tells the time."""
    pipe: Any = server.pipeline(transaction=False)
    pipe.execute_command(b"FLUSHALL")
    keys = sorted({*KEYS, *PLAIN})
    for key in keys:
        for seed in SEEDS.get(group, ["SET {} ada"]):
            pipe.execute_command(*[key if word == "{}" else word for word in seed.split()])
    pipe.execute_command(*words)
    for key in keys:
        pipe.execute_command(b"XLEN" if group == "stream" else b"DUMP", key)
        pipe.execute_command(b"TTL", key)
    replies: list[object] = pipe.execute(raise_on_error=False)
    if b"*" in words and group == "stream":
        replies = [reply for reply in replies if not isinstance(reply, bytes)]  # IDs that the server chose
    for place, reply in enumerate(replies):
        if isinstance(reply, Exception):
            replies[place] = "error"  # of two mistakes in a line, the server names the first that it meets
        elif isinstance(reply, int) and reply > 10**6:
            replies[place] = "a time to live"
    return replies


def test_the_answers_compared_hold_something(redis_server: RedisServer) -> None:
    server = redis.Redis(unix_socket_path=redis_server.socket_path, protocol=2)
    one = answer(server, "string", split(b"SET k v EX 60"))
    assert one != answer(server, "string", split(b"SET k v"))
    assert answer(server, "sorted-set", split(b"ZADD k XX 5 ada")) != answer(server, "sorted-set", [b"PING"])
    server.close()
