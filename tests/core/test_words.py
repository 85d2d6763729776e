"""A line ↔ words, compared with the redis-cli that is installed."""

from __future__ import annotations

import random
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redislab.core.words import legible, quote, scan, split
from redislab.errors import InvalidLine
from tests.wire import WireServer


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"SET name ada", [b"SET", b"name", b"ada"]),
        (b"  SET\tname   ada \r", [b"SET", b"name", b"ada"]),
        (b"", []),
        (b'SET a "b c"', [b"SET", b"a", b"b c"]),
        (b"SET a ''", [b"SET", b"a", b""]),
        (rb'"\x41\n\r\t\b\a\q\""', [b'A\n\r\t\x08\x07q"']),
        (rb'"\x4"', [b"x4"]),
        (rb"'it\'s \n'", [rb"it's \n"]),
        (rb"a\nb", [rb"a\nb"]),
        (b'ab"c d"', [b"abc d"]),
        (b"a\vb \v c", [b"a\vb", b"c"]),
        (b"GET a\0b c", [b"GET", b"a"]),
        ("SET café ☕".encode(), [b"SET", "café".encode(), "☕".encode()]),
    ],
)
def test_split(line: bytes, words: list[bytes]) -> None:
    assert split(line) == words


@pytest.mark.parametrize(
    ("line", "fault"),
    [(b'SET a "b', 6), (b"SET a 'b", 6), (b'"a"b', 2), (b"'a'b c", 2), (b'"a\\', 0), (b'"a\0"', 0)],
)
def test_a_wrong_quote_is_refused_and_its_place_is_known(line: bytes, fault: int) -> None:
    with pytest.raises(InvalidLine, match=r"Invalid argument\(s\)") as refusal:
        split(line)
    assert refusal.value.position == fault


def test_scan_reads_a_line_that_is_still_being_typed() -> None:
    words, fault = scan(b'SET "my k')
    assert fault == 4
    assert [(word.value, word.start, word.end, word.closed) for word in words] == [
        (b"SET", 0, 3, True),
        (b"my k", 4, 9, False),
    ]


@given(st.lists(st.binary()))
@settings(max_examples=1000)
def test_split_takes_back_what_quote_wrote(args: list[bytes]) -> None:
    assert split(quote(args)) == args


@given(st.lists(st.one_of(st.binary(), st.text().map(str.encode)), min_size=1))
def test_split_takes_back_what_is_legible(args: list[bytes]) -> None:
    assert split(legible(args).encode()) == args


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("Zoë", "Zoë"), ("", '""'), ("a b", '"a b"'), ("it's", '"it\'s"'), ("a\nb", r'"a\nb"'),
        ('{"street": "Via Appia"}', """'{"street": "Via Appia"}'"""), ("\u202e", r'"\xe2\x80\xae"'),
        ("""both ' and " in it""", r'''"both ' and \" in it"'''),
    ],
)  # fmt: skip
def test_what_is_legible_needs_few_escapes(word: str, shown: str) -> None:
    assert legible([word.encode()]) == shown


@given(st.binary(max_size=60).filter(lambda line: b"\0" not in line))
def test_words_stand_where_scan_says(line: bytes) -> None:
    words, fault = scan(line)
    end = 0
    for word in words:
        assert end <= word.start < word.end <= len(line)
        end = word.end
        if fault is None:
            assert split(line[word.start : word.end]) == [word.value]


def test_a_long_line_is_read_quickly_and_whole() -> None:
    value = b"x" * (1 << 20)
    assert split(b'SET k "' + value + b'"') == [b"SET", b"k", value]
    assert split(b"SET k '" + value + b"'") == [b"SET", b"k", value]


def generated_lines(count: int, seed: int) -> list[bytes]:
    """Lines made of what matters to the splitter: quotes, escapes, white space, odd bytes."""
    rng = random.Random(seed)
    pieces = [
        b'"', b"'", b"\\", b"\\x41", b"\\xzz", b"\\x4", b"\\n", b"\\'", b'\\"', b"\\\\", b"\\a", b"\\q",
        b" ", b" ", b"  ", b"\t", b"\v", b"\f", b"\r", b"a", b"key", b"1", b"-", b":", b"#",
        "é".encode(), b"\xff", b"\x01", b"\x7f", b"\x00",
    ]  # fmt: skip
    return [b"".join(rng.choices(pieces, k=rng.randint(0, 14))) for _ in range(count)]


def test_words_equal_those_that_redis_cli_sends(redis_cli: str) -> None:
    lines = generated_lines(20_000, seed=7)
    script = b"".join(b"w " + line + b"\nMARK\n" for line in lines)
    with WireServer() as server:
        program = [redis_cli, "-p", str(server.port)]
        subprocess.run(program, input=script, stdout=subprocess.DEVNULL, check=True, timeout=60)
    sent: list[list[bytes] | None] = []
    last: list[bytes] | None = None
    for command in server.received:
        if command == [b"MARK"]:
            sent.append(last)
            last = None
        else:
            last = command
    assert len(sent) == len(lines)
    for line, theirs in zip(lines, sent, strict=True):
        try:
            ours: list[bytes] | None = split(b"w " + line)
        except InvalidLine:
            ours = None
        assert ours == theirs, line
