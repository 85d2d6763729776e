"""Output formats: compared with the redis-cli that is installed, over replies that no server would send."""

from __future__ import annotations

import random
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redislab.core.parts import Part, Run, parts_of
from redislab.core.reply import Kind, Reply
from redislab.core.resp import Decoder
from redislab.render.plain import Format, Layout, format_push, format_reply, formatter, is_verbatim
from tests.core.test_resp import replies, wire
from tests.wire import WireServer

MARK = Reply(Kind.BULK, b"~~ between two replies ~~")
FORMATS = {
    Format.STANDARD: ["--no-raw"],
    Format.RAW: ["--raw"],
    Format.CSV: ["--csv"],
    Format.JSON: ["--json", "-2"],
    Format.QUOTED_JSON: ["--quoted-json", "-2"],
}


# What redis-cli 7.0 can print: it ends on big numbers and attributes; pushes go another way.
LEAVES = [Kind.STATUS, Kind.ERROR, Kind.INTEGER, Kind.BULK, Kind.NIL, Kind.NIL_ARRAY, Kind.DOUBLE,
          Kind.BOOLEAN, Kind.VERBATIM]  # fmt: skip
TEXTS = [b"", b"a", b"two words", b'"', b"\\", b"\n", b"\r\n\t", b"\x00z", b"\xff\xfe", "é☕".encode(),
         b"\x1b[31m", b"\x7f", b"%s%d", b"x" * 300]  # fmt: skip


def random_reply(rng: random.Random, depth: int = 0) -> Reply:
    if depth < 5 and rng.random() < 0.5:
        size = rng.choice([0, 1, 1, 1, 2, 3, 10, 11])
        size = min(size, 3) if depth > 1 else size
        if rng.random() < 0.4:
            pairs = [(random_reply(rng, depth + 1), random_reply(rng, depth + 1)) for _ in range(size)]
            return Reply(Kind.MAP, tuple(pairs))
        items = tuple(random_reply(rng, depth + 1) for _ in range(size))
        return Reply(rng.choice([Kind.ARRAY, Kind.SET]), items)
    kind = rng.choice(LEAVES)
    text = rng.choice(TEXTS)
    if kind in (Kind.STATUS, Kind.ERROR):
        return Reply(kind, text.replace(b"\r", b"").replace(b"\n", b""))
    if kind is Kind.INTEGER:
        return Reply(kind, rng.choice([0, -1, 7, 2**63 - 1, -(2**63)]))
    if kind is Kind.BOOLEAN:
        return Reply(kind, rng.random() < 0.5)
    if kind is Kind.DOUBLE:
        return Reply(kind, rng.choice([b"1.5", b"inf", b"-inf", b"10", b"1e+20"]))
    if kind is Kind.VERBATIM:
        return Reply(kind, text, format=b"txt")
    return Reply(kind, None if kind in (Kind.NIL, Kind.NIL_ARRAY) else text)


@pytest.mark.parametrize("format", FORMATS)
def test_every_reply_prints_as_redis_cli_prints_it(redis_cli: str, format: Format) -> None:
    rng = random.Random(format.value)
    sent = [random_reply(rng) for _ in range(2000)]
    answers = iter([each for reply in sent for each in (reply, MARK)])
    with WireServer(lambda command: wire(next(answers))) as server:
        theirs = subprocess.run(
            [redis_cli, "-p", str(server.port), *FORMATS[format]],
            input=b"GET k\n" * (2 * len(sent)),
            capture_output=True,
            timeout=30,
            check=True,
        )
    assert theirs.stderr == b""
    layout = Layout(format)
    printed = theirs.stdout.split(format_reply(MARK, layout))
    assert [format_reply(reply, layout) for reply in sent] == printed[:-1]


@pytest.mark.parametrize("format", FORMATS)
@given(st.lists(replies, max_size=3), st.randoms(use_true_random=False))
def test_output_does_not_depend_on_how_parts_arrive(
    format: Format, sent: list[Reply], rng: random.Random
) -> None:
    data = b"".join(map(wire, sent))
    cut = rng.randint(0, len(data))
    decoder, printer = Decoder(), formatter(Layout(format))
    out = b""
    for piece in (data[:cut], data[cut:]):
        decoder.feed(piece)
        for part in decoder.parts():
            out += b"".join(printer.add(each) for each in split_runs(part, rng))
    assert out == b"".join(format_reply(reply, Layout(format)) for reply in sent)


def split_runs(part: Part, rng: random.Random) -> list[Part]:
    if not isinstance(part, Run):
        return [part]
    cut = rng.randint(0, len(part.values))
    halves = [values for values in (part.values[:cut], part.values[cut:]) if values]
    return [Run(half) if len(half) > 1 or rng.random() < 0.7 else bulks(*half).items[0] for half in halves]


def bulks(*values: bytes) -> Reply:
    return Reply(Kind.ARRAY, tuple(Reply(Kind.BULK, value) for value in values))


ONE = Reply(Kind.INTEGER, 1)
NESTED_MAP = Reply(
    Kind.MAP,
    (
        (Reply(Kind.BULK, b"a"), bulks(b"x")),
        (Reply(Kind.BULK, b"b"), bulks(b"x", b"y")),
        (Reply(Kind.BULK, b"c"), Reply(Kind.MAP, ((ONE, bulks(b"x", b"y")),))),
        (bulks(b"k", b"l"), Reply(Kind.SET, ())),
    ),
)


def test_standard_indents_maps_as_redis_cli_does() -> None:
    assert format_reply(NESTED_MAP, Layout(Format.STANDARD)).decode().split("\n") == [
        '1# "a" => 1) "x"',
        '2# "b" => ',
        '   1) "x"',
        '   2) "y"',
        '3# "c" => ',
        "   1# (integer) 1 => ",
        '      1) "x"',
        '      2) "y"',
        '4# 1) "k"',
        '   2) "l" => (empty set)',
        "",
    ]


def test_json_puts_other_keys_in_quotes() -> None:
    assert format_reply(NESTED_MAP, Layout(Format.JSON)) == (
        b'{"a":["x"],"b":["x","y"],"c":{"1":["x","y"]},"["k","l"]":[]}\n'
    )


BIG = Reply(Kind.BIG_NUMBER, b"123456789012345678901234567890")


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (Format.STANDARD, b"(big number) 123456789012345678901234567890\n"),
        (Format.RAW, b"123456789012345678901234567890\n"),
        (Format.CSV, b"123456789012345678901234567890\n"),
        (Format.JSON, b"123456789012345678901234567890\n"),
    ],
)
def test_big_numbers_on_which_redis_cli_ends(format: Format, text: bytes) -> None:
    assert format_reply(BIG, Layout(format)) == text


def test_attributes_stand_ahead_of_their_reply_in_standard_format_only() -> None:
    dressed = Reply(Kind.BULK, b"v", attributes=((Reply(Kind.STATUS, b"ttl"), Reply(Kind.INTEGER, 7)),))
    assert format_reply(dressed, Layout(Format.STANDARD)) == b'1| ttl => (integer) 7\n"v"\n'
    assert format_reply(dressed, Layout(Format.RAW)) == b"v\n"
    assert format_reply(dressed, Layout(Format.JSON)) == b'"v"\n'


def test_verbatim_commands_are_printed_raw_and_without_a_delimiter() -> None:
    info = Reply(Kind.BULK, b"# Server\r\nredis_version:7\r\n")
    assert format_reply(info, Layout(Format.STANDARD), verbatim=True) == info.text
    assert is_verbatim([b"INFO", b"server"])
    assert is_verbatim([b"Client", b"LIST"])
    assert is_verbatim([b"cluster", b"nodes"])
    assert not is_verbatim([b"cluster", b"nodes", b"x"])
    assert not is_verbatim([b"client"])
    assert not is_verbatim([b"GET", b"info"])


def test_invalidation_pushes_have_a_line_of_their_own() -> None:
    push = Reply(Kind.PUSH, (Reply(Kind.BULK, b"invalidate"), bulks(b"a", b"b")))
    assert format_push(push, Layout(Format.STANDARD)) == b"-> invalidate: 'a', 'b'\n"
    assert format_push(push, Layout(Format.RAW)) == b"invalidate\na\nb\n"


HOSTILE = b"\x1b]0;evil\x07\xc2\x9b31m\xe2\x80\xae\xe2\x80\x8b\x00"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [Kind.STATUS, Kind.ERROR, Kind.BULK, Kind.VERBATIM])
def test_on_a_terminal_no_reply_carries_a_control(format: Format, kind: Kind) -> None:
    reply = Reply(kind, HOSTILE, format=b"txt" if kind is Kind.VERBATIM else b"")
    shown = format_reply(reply, Layout(format, for_terminal=True)).decode()
    assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b\x00")


def test_a_terminal_may_show_utf8_decoded() -> None:
    reply = bulks("café".encode(), b"\xff\x1b", "né\u202e".encode())
    assert format_reply(reply, Layout(Format.STANDARD, utf8=True)).decode() == (
        '1) "café"\n2) "\\xff\\x1b"\n3) "né\\xe2\\x80\\xae"\n'
    )


def test_delimiters() -> None:
    layout = Layout(Format.RAW, item_delimiter=b", ", command_delimiter=b";")
    assert format_reply(bulks(b"a", b"b"), layout) == b"a, b;"


def test_the_first_items_of_a_large_reply_are_printed_before_it_ends() -> None:
    printer = formatter(Layout(Format.STANDARD))
    parts = iter(parts_of(bulks(*[b"v%d" % index for index in range(1000)])))
    out = b"".join(printer.add(next(parts)) for _ in range(10))
    assert out.startswith(b'   1) "v0"\n   2) "v1"\n')
