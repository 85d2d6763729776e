"""The wire protocol: any slicing, every type, refusals."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redislab.core.parts import Assembler, Head, Nesting, Run, parts_of
from redislab.core.reply import Kind, Reply
from redislab.core.requests import RequestReader
from redislab.core.resp import MAX_DEPTH, Decoder, encode
from redislab.errors import ProtocolError

line_text = st.binary(max_size=8).map(lambda text: text.replace(b"\r", b"").replace(b"\n", b""))
leaves = st.one_of(
    line_text.map(lambda text: Reply(Kind.STATUS, text)),
    line_text.map(lambda text: Reply(Kind.ERROR, text)),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: Reply(Kind.INTEGER, number)),
    st.binary(max_size=40).map(lambda text: Reply(Kind.BULK, text)),
    st.binary(max_size=40).map(lambda text: Reply(Kind.VERBATIM, text, format=b"txt")),
    st.sampled_from([b"1.5", b"-inf", b"inf", b"10", b"1e+20"]).map(lambda text: Reply(Kind.DOUBLE, text)),
    st.integers().map(lambda number: Reply(Kind.BIG_NUMBER, str(number).encode())),
    st.booleans().map(lambda truth: Reply(Kind.BOOLEAN, truth)),
    st.just(Reply(Kind.NIL, None)),
    st.just(Reply(Kind.NIL_ARRAY, None)),
)


def aggregates(children: st.SearchStrategy[Reply]) -> st.SearchStrategy[Reply]:
    flat = st.tuples(
        st.sampled_from([Kind.ARRAY, Kind.SET, Kind.PUSH]), st.lists(children, max_size=5).map(tuple)
    ).map(lambda made: Reply(made[0], made[1]))
    pairs = st.lists(st.tuples(children, children), max_size=4).map(tuple)
    dressed = st.tuples(children.filter(lambda reply: not reply.attributes), pairs).map(
        lambda made: Reply(made[0].kind, made[0].value, format=made[0].format, attributes=made[1])
    )
    return st.one_of(flat, pairs.map(lambda made: Reply(Kind.MAP, made)), dressed)


replies = st.recursive(leaves, aggregates, max_leaves=12)
SIGILS = {Kind.STATUS: b"+", Kind.ERROR: b"-", Kind.DOUBLE: b",", Kind.BIG_NUMBER: b"("}
HEADS = {Kind.ARRAY: b"*", Kind.SET: b"~", Kind.PUSH: b">", Kind.MAP: b"%"}


def wire(reply: Reply) -> bytes:
    """A reply as a server writes it; written apart from the decoder on purpose."""
    dress = b""
    if reply.attributes:
        dress = b"|%d\r\n" % len(reply.attributes)
        dress += b"".join(wire(key) + wire(value) for key, value in reply.attributes)
    kind, value = reply.kind, reply.value
    if kind in HEADS:
        assert isinstance(value, tuple)
        return dress + HEADS[kind] + b"%d\r\n" % len(value) + b"".join(map(wire, reply.items))
    if kind is Kind.BULK:
        return dress + b"$%d\r\n%b\r\n" % (len(reply.text), reply.text)
    if kind is Kind.VERBATIM:
        return dress + b"=%d\r\n%b:%b\r\n" % (len(reply.text) + 4, reply.format, reply.text)
    if kind is Kind.INTEGER:
        return dress + b":%d\r\n" % reply.number
    if kind is Kind.BOOLEAN:
        return dress + (b"#t\r\n" if value else b"#f\r\n")
    if kind is Kind.NIL:
        return dress + b"_\r\n"
    if kind is Kind.NIL_ARRAY:
        return dress + b"*-1\r\n"
    return dress + SIGILS[kind] + reply.text + b"\r\n"


def read(slices: list[bytes]) -> list[Reply]:
    decoder, assembler = Decoder(), Assembler()
    whole = []
    for piece in slices:
        decoder.feed(piece)
        for part in decoder.parts():
            reply = assembler.add(part)
            if reply is not None:
                whole.append(reply)
    assert decoder.between_replies
    return whole


@given(st.lists(replies, max_size=3), st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_replies_survive_any_slicing(sent: list[Reply], rng: random.Random) -> None:
    data = b"".join(map(wire, sent))
    cuts = sorted(rng.choices(range(len(data) + 1), k=rng.randint(0, 6)))
    slices = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert read(slices) == sent
    assert read([bytes([byte]) for byte in data]) == sent


@given(replies)
def test_parts_of_a_reply_build_it_again(reply: Reply) -> None:
    assembler, nesting = Assembler(), Nesting()
    parts = list(parts_of(reply))
    built = [assembler.add(part) for part in parts]
    complete = [nesting.add(part) for part in parts]
    assert built[-1] == reply
    assert built[:-1] == [None] * (len(parts) - 1)
    assert complete == [False] * (len(parts) - 1) + [True]


@given(st.lists(st.one_of(st.binary(max_size=12), st.just(b"a\r\nb"), st.just(None)), max_size=300))
def test_runs_of_bulk_strings_lose_nothing(values: list[bytes | None]) -> None:
    data = b"*%d\r\n" % len(values)
    for value in values:
        data += b"$-1\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)
    (reply,) = read([data])
    assert [item.value for item in reply.items] == values


def test_a_large_array_arrives_in_runs_and_before_its_end() -> None:
    data = b"*100000\r\n" + b"".join(encode([b"value:%d" % i])[4:] for i in range(100_000))
    decoder = Decoder()
    decoder.feed(data[: len(data) // 2])
    parts = list(decoder.parts())
    assert parts[0] == Head(Kind.ARRAY, 100_000)
    early = sum(len(part.values) for part in parts if isinstance(part, Run))
    assert 49_000 < early < 51_000
    assert len(parts) < 500


def test_an_assembler_with_a_limit_counts_what_it_leaves_out() -> None:
    assembler = Assembler(limit=3)
    assert assembler.add(Head(Kind.ARRAY, 5)) is None
    reply = assembler.add(Run([b"a", b"b", b"c", b"d", b"e"]))
    assert reply is not None
    assert [item.text for item in reply.items] == [b"a", b"b", b"c"]
    assert assembler.omitted == 2
    again = assembler.add(Reply(Kind.INTEGER, 1))
    assert again == Reply(Kind.INTEGER, 1)
    assert assembler.omitted == 0


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"HTTP/1.1 200 OK\r\n", 'got "H" as reply type byte'),
        (b"\x1b]0;evil\x07\r\n", r'got "\\x1b" as reply type byte'),
        (b"$x\r\n", "Bad bulk string length"),
        (b"$-2\r\n", "out of range"),
        (b"$3\r\nabcd\r\n", "longer than it says"),
        (b"*-2\r\n", "out of range"),
        (b":1x\r\n", "Bad integer"),
        (b":99999999999999999999\r\n", "Bad integer"),
        (b":01\r\n", "Bad integer"),
        (b"#x\r\n", "Bad bool"),
        (b",nan\r\n", "Bad double"),
        (b"(12a\r\n", "Bad bignum"),
        (b"_x\r\n", "Bad nil"),
        (b"=3\r\nabc\r\n", "without its format"),
        (b"+a\rb\r\n", "Bad simple string"),
        (b"*1\r\n" * (MAX_DEPTH + 1), "nested deeper"),
        (b"+" + b"a" * (2 << 20), "more than 1 MB"),
    ],
)
def test_nonsense_is_refused_for_good(data: bytes, complaint: str) -> None:
    decoder = Decoder()
    decoder.feed(data)
    with pytest.raises(ProtocolError, match=complaint):
        list(decoder.parts())
    decoder.feed(b"+OK\r\n")
    with pytest.raises(ProtocolError, match=complaint):
        list(decoder.parts())


@given(st.lists(st.lists(st.binary(max_size=20), min_size=1, max_size=4), max_size=5), st.integers(1, 9))
def test_requests_are_read_as_they_were_encoded(commands: list[list[bytes]], step: int) -> None:
    data = b"".join(map(encode, commands))
    reader = RequestReader()
    seen = []
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        seen += list(reader.commands())
    assert seen == commands
    assert reader.between_commands


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'SET "a\r\n', "unbalanced quotes in request"),
        (b"*x\r\n", "invalid multibulk length"),
        (b"*1\r\n+a\r\n", r"expected '\$', got '\+'"),
        (b"*1\r\n$-5\r\n", "invalid bulk length"),
        (b"a" * (1 << 17), "too big inline request"),
    ],
)
def test_requests_that_are_none_get_redis_own_words(data: bytes, complaint: str) -> None:
    reader = RequestReader()
    reader.feed(data)
    with pytest.raises(ProtocolError, match=complaint):
        list(reader.commands())


def test_inline_requests_and_empty_lines() -> None:
    reader = RequestReader()
    reader.feed(b'\r\nSET a "b c"\r\n*0\r\nPING\n')
    assert list(reader.commands()) == [[b"SET", b"a", b"b c"], [b"PING"]]
