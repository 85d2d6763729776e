"""Lines with a secret are known, however they are typed; lines without one are kept."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redislab.core.catalogue import Argument, Catalogue
from redislab.core.escape import repr_bytes
from redislab.core.secrets import is_sensitive

CORPUS = Path(__file__).parent.parent / "script" / "corpus"
CATALOGUE = Catalogue.load()

# Lines of words: those in capitals may be written in any case.
TEMPLATES = [
    "AUTH hunter2",
    "AUTH ada hunter2",
    "HELLO 3 AUTH ada hunter2",
    "HELLO 3 SETNAME me AUTH ada hunter2",
    "HELLO 3 ada hunter2",
    "ACL SETUSER ada on >hunter2 ~* +@all",
    "ACL SETUSER ada <hunter2",
    "ACL SETUSER ada #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
    "ACL SETUSER ada !2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
    "ACL SETUSER ada on hunter2",
    "ACL SETUSER >hunter2",
    "CONFIG SET REQUIREPASS hunter2",
    "CONFIG SET MASTERAUTH hunter2",
    "CONFIG SET MASTERUSER ada",
    "CONFIG SET TLS-KEY-FILE-PASS hunter2",
    "CONFIG SET TLS-CLIENT-KEY-FILE-PASS hunter2",
    "CONFIG SET maxmemory 1gb REQUIREPASS hunter2 loglevel notice",
    "MIGRATE 127.0.0.1 6379 key 0 1000 AUTH hunter2",
    "MIGRATE 127.0.0.1 6379 key 0 1000 COPY REPLACE AUTH2 ada hunter2",
    "MIGRATE 127.0.0.1 6379 '' 0 1000 AUTH2 ada hunter2 KEYS a b",
    "MIGRATE 127.0.0.1 6379 key 0 1000 hunter2",
    "SENTINEL SET mymaster AUTH-PASS hunter2",
    "SENTINEL CONFIG SET sentinel-pass hunter2",
    "SET REQUIREPASS hunter2",
    "ACL DRYRUN default AUTH hunter2",
    "COMMAND GETKEYS AUTH hunter2",
    "MODULE LOAD /modules/proxy.so PASSWORD hunter2",
    "GET key AUTH hunter2",
    ":connect redis://:hunter2@127.0.0.1:6379",
    ":connect ada:hunter2@127.0.0.1",
    "SET home rediss://ada:hunter2@cache.example.org:6380/2",
    "redis-cli -a hunter2",
    "redis-cli -h cache.example.org --pass hunter2 PING",
    "redis-cli -u unix://:hunter2@/run/redis.sock",
    "redis-server --requirepass hunter2",
    "export REDISCLI_AUTH=hunter2",
    "-a hunter2",
]

TYPING_ERRORS = [
    "ATUH hunter2",
    "auht hunter2",
    "AUHT hunter2",
    "AUTHH hunter2",
    "ATH hunter2",
    "UTH hunter2",
    "AUT hunter2",
    "UATH ada hunter2",
    "AAUTH ada hunter2",
    "QAUTH hunter2",
    "AUTJ hunter2",
    "AYTH hunter2",
    "AUTHhunter2",
    "AUTH:hunter2",
    "AU TH hunter2",
    ":auth hunter2",
    "LOGIN ada hunter2",
    "PASSWORD hunter2",
    "HELO 3 AUTH ada hunter2",
    "HELO 3 ada hunter2",
    "HELLO 3 ATUH ada hunter2",
    "CONIFG SET requirepass hunter2",
    "CONFIG STE requirepass hunter2",
    "CONFIGSET requirepass hunter2",
    "CONFIG SET reqiurepass hunter2",
    "CONFIG SET requirepas hunter2",
    "CONFIG SET masteruath hunter2",
    "CONFIG SET requirepasshunter2",
    "CONFIG requirepass hunter2",
    "requirepass hunter2",
    "ALC SETUSER ada <hunter2",
    "ACL STEUSER ada >hunter2",
    "ACLSETUSER ada >hunter2",
    "SETUSER ada >hunter2",
    "user ada on >hunter2 ~* +@all",
    "MIGARTE h 6379 key 0 1000 AUTH hunter2",
    "SENTINLE SET mymaster auth-pass hunter2",
    "sentinel auth-pass mymaster hunter2",
    ":connect reids://:hunter2@127.0.0.1",
    ":connect redis:/ada:hunter2@127.0.0.1",
    ":connect redis://ada:hunt er/2@127.0.0.1",
    ":connect redis://127.0.0.1/?password=hunter2",
    'AUTH "hunter2',
    "AUTH 'hunter2",
    '"AUTH hunter2"',
    '"AUTH hunter2',
    'AUTH "hunt"er2',
    '"\\x41UTH" hunter2',
    'CONFIG SET "requirepass hunter2',
    "AUTH\thunter2",
    "AUTH\u00a0hunter2",
    "\ufeffAUTH hunter2",
    "127.0.0.1:6379> AUTH hunter2",
    "127.0.0.1:6379[3](TX)> 2 AUTH hunter2",
    "not connected> AUTH hunter2",
    "$ redis-cli AUTH hunter2",
    "5 3 AUTH hunter2",
    "PING\nAUTH hunter2\nPING",
    "PING\r\nAUTH hunter2\r\n",
    "AUTH\nhunter2",
    "CONFIG SET requirepass\nhunter2",
    'SET a "one\nAUTH hunter2\ntwo"',
    "AUTH hunter2\0",
    "PING\0AUTH hunter2",
]

SCRIPTS = [
    "EVAL \"return redis.call('AUTH','hunter2')\" 0",
    "EVAL \"return redis.pcall( 'auth', 'ada', 'hunter2' )\" 0",
    "EVAL 'redis.call(\\'CONFIG\\', \\'SET\\', \\'requirepass\\', \\'hunter2\\')' 0",
    'EVAL "redis.call(\\"ACL\\", \\"SETUSER\\", \\"ada\\", \\">hunter2\\")" 0',
    "SCRIPT LOAD \"redis.call{'AUTH', ARGV[1]}\"",
    "FUNCTION LOAD \"local c = redis.call c('AUTH', 'hunter2')\"",
    'EVAL "return redis.call(unpack(ARGV))" 0 AUTH hunter2',
]

ORDINARY = [
    "GET auth",
    "3 GET auth",
    "SET auth 1",
    "SET password x",
    "HSET user:1 password x",
    "GET pass",
    "ECHO 'AUTH hunter2'",
    "AUTH",
    "HELP AUTH",
    "? AUTH",
    "help config set",
    "HELLO",
    "HELLO 3",
    "HELLO 3 SETNAME ada",
    "CONFIG GET requirepass",
    "CONFIG GET *pass*",
    "CONFIG SET maxmemory 100mb",
    "CONFIG SET save '900 1 300 10'",
    "CONFIG RESETSTAT",
    "ACL WHOAMI",
    "ACL GETUSER ada",
    "ACL SETUSER ada",
    "ACL SETUSER ada on nopass ~* &* +@all -@dangerous resetkeys",
    "ACL SETUSER ada %R~a* (+get ~b*) (~c* +set)",
    "ACL DRYRUN default GET auth",
    "COMMAND DOCS AUTH",
    "COMMAND GETKEYS MSET a 1 b 2",
    "MIGRATE 127.0.0.1 6379 auth 0 1000 COPY REPLACE",
    "MIGRATE 127.0.0.1 6379 '' 0 1000 KEYS a b",
    "SENTINEL MASTER auth-cache",
    "MODULE LIST",
    "MODULE",
    "SET mail ada@example.org",
    "SET site https://example.org/@ada",
    "SET url redis://127.0.0.1:6379/2",
    ":connect redis://127.0.0.1:6379",
    ":show auth",
    ":explain SET auth x",
    ":set hints",
    "CONNECT 127.0.0.1 6379",
    "JSON.SET auth $ 1",
    "redis-cli --askpass -h cache.example.org",
    "redis-cli --no-auth-warning PING",
    "EVAL \"return redis.call('GET', KEYS[1])\" 1 auth",
    "EVAL \"return redis.call('GET','auth')\" 0",
    "XREADGROUP GROUP g c STREAMS s >",
    "XREADGROP GROUP g c STREAMS s >",
    "PUSH tasks one",  # a misspelt LPUSH, not AUTH
    "GTE key",
    "GET auth\nGET pass\nGET x",
    "",
    "   ",
    "5",
]


@pytest.mark.parametrize("line", [*TEMPLATES, *TYPING_ERRORS, *SCRIPTS])
def test_a_line_with_a_secret_is_known(line: str) -> None:
    assert is_sensitive(line.encode())


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_is_kept(line: str) -> None:
    assert not is_sensitive(line.encode())


def test_bytes_that_are_no_text_are_judged_too() -> None:
    assert is_sensitive(b"AUTH \xff\xfe\x00\x1b")
    assert not is_sensitive(b"SET k \xff\xfe\x1b")


def any_case(word: str) -> st.SearchStrategy[str]:
    if word != word.upper():
        return st.just(word)
    return st.tuples(*(st.sampled_from((c.lower(), c.upper())) for c in word)).map("".join)


def quoted(word: str) -> st.SearchStrategy[str]:
    plain = "" if word == "''" else word
    hexed = "".join(f"\\x{byte:02x}" for byte in plain.encode())
    return st.sampled_from([word, repr_bytes(plain.encode()).decode(), f"'{plain}'", f'"{hexed}"'])


@st.composite
def lines_with_a_secret(draw: st.DrawFn) -> str:
    """A template in any case, quoting and spacing, perhaps repeated, perhaps with a quote left open."""
    words = [draw(any_case(word).flatmap(quoted)) for word in draw(st.sampled_from(TEMPLATES)).split()]
    gaps = st.text(" \t\v\f", min_size=1, max_size=3).filter(lambda gap: gap[0] in " \t")
    count = draw(st.sampled_from(["", "5 ", "0 ", "-1 ", "+2 ", '"7" ']))
    line = draw(st.sampled_from(["", " ", "\t "])) + count
    line += "".join(word + draw(gaps) for word in words)
    return line.rstrip("\"' \t\v\f") if draw(st.booleans()) else line


@given(lines_with_a_secret())
@settings(max_examples=200)
def test_case_spacing_quoting_and_counts_hide_nothing(line: str) -> None:
    assert is_sensitive(line.encode())


@given(lines_with_a_secret(), st.lists(st.sampled_from(["PING", "SET a 1", "GET auth", ""]), max_size=3))
@settings(max_examples=50)
def test_nothing_hides_among_pasted_lines(line: str, others: list[str]) -> None:
    for place in range(len(others) + 1):
        assert is_sensitive("\n".join([*others[:place], line, *others[place:]]).encode())


def slips(word: str) -> set[str]:
    """Everything that one slip of a finger makes of a word."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ1;"
    made = {word[:i] + word[i + 1 :] for i in range(len(word))}
    made |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    made |= {word[:i] + letter + word[i:] for i in range(len(word) + 1) for letter in letters}
    made |= {word[:i] + letter + word[i + 1 :] for i in range(len(word)) for letter in letters}
    return made


def test_every_slip_of_one_finger_in_auth_is_known() -> None:
    made = slips("AUTH")
    assert len(made) > 200
    assert not made & (set(CATALOGUE.names()) - {"AUTH"})
    assert [word for word in made if not is_sensitive(f"{word} hunter2".encode())] == []


@pytest.mark.parametrize(
    "rest", ["SET requirepass hunter2", "3 AUTH ada hunter2", "h 1 key 0 1 AUTH2 ada hunter2"]
)
def test_every_slip_in_a_command_that_takes_a_secret_is_known(rest: str) -> None:
    name = {"SET": "CONFIG", "3": "HELLO", "h": "MIGRATE"}[rest.split()[0]]
    missed = [word for word in slips(name) if not is_sensitive(f"{word} {rest}".encode())]
    assert missed == []


def test_no_command_of_redis_is_taken_for_a_typing_error() -> None:
    names = [name for name in CATALOGUE.names() if " " not in name]
    # After CONFIG it may be a setting: `CONFIG auth` is no command.
    assert [name for name in names if is_sensitive(f"{name} auth".encode())] == ["AUTH", "CONFIG"]
    judged = [name for name in names if is_sensitive(f"{name} one two three".encode())]
    # ACL, CONFIG …: `one` is none of their subcommands, so the rest may be anything.
    assert set(judged) <= {"ACL", "AUTH", "HELLO"}


def test_every_argument_that_redis_calls_a_password_is_covered() -> None:
    def takes_password(arguments: tuple[Argument, ...]) -> bool:
        return any("password" in each.name or takes_password(each.arguments) for each in arguments)

    commands = [command for name in CATALOGUE.names() if (command := CATALOGUE.get(name)) is not None]
    takers = {command.name for command in commands if takes_password(command.arguments)}
    assert takers == {"AUTH", "HELLO", "MIGRATE"}  # each has a template above


@given(
    st.sampled_from(["SET", "HSET", "LPUSH", "MSET", "SADD", "PUBLISH", "APPEND", "ZADD", "XADD"]),
    st.lists(st.text("abcdefAUTHpasswordsecret:-_0123456789", min_size=1, max_size=12), max_size=6),
)
@settings(max_examples=200)
def test_data_is_never_taken_for_a_secret(name: str, data: list[str]) -> None:
    if name in ("PUBLISH", "APPEND"):
        data = data[:2]  # a word too many is no data: it may begin another command
    if data[:1] not in (["requirepass"], ["masterauth"], ["masteruser"]):
        assert not is_sensitive(" ".join([name, *data]).encode())


def test_the_corpus_is_kept_but_for_what_may_be_a_password() -> None:
    lines = [line for path in sorted(CORPUS.glob("*.redis")) for line in path.read_bytes().splitlines()]
    assert len(lines) > 400
    assert [line for line in lines if is_sensitive(line)] == [
        b"ACL SETUSER x bad",  # no rule: it may be a password without its `>`
        b"AUTH nope",
        b"AUTH a b",
    ]


@pytest.mark.parametrize(
    ("line", "sensitive"),
    [
        (b"SET k " + b"x " * 500_000, False),
        (b'SET k "' + b'x"' * 500_000, False),
        (b'EVAL "' + b"redis.call('GET','k') " * 20_000 + b'" 0', False),
        (b"MSET " + b"auth " * 200_000, False),
        (b"SET k v\n" * 5_000, False),
        (b"SET k v\n" * 5_000 + b"AUTH hunter2", True),
        (b"x " * 500_000, True),  # no command, and too long to be looked through
        (b"SET k " + b"://" * 300_000, False),
        (b"SET k " + b"://?" * 300_000, False),
        (b"redis:/" * 100_000, True),
        (b"call(" * 200_000, True),
        (b"CONFIG SET " + b"a b " * 100_000, True),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else None,
)
def test_a_long_paste_is_judged_at_once(line: bytes, sensitive: bool) -> None:
    started_s = time.monotonic()
    assert is_sensitive(line) is sensitive
    assert time.monotonic() - started_s < 10  # what grows with the square takes minutes
