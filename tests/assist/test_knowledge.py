"""Commands that the catalogue has not: learned from the server that has them, where it may be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from redislab.app import catalogue
from redislab.assist.knowledge import Knowledge
from redislab.core.engine import Engine
from redislab.core.hint import hint
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.repl.completion import ShellCompleter
from redislab.repl.reading import read
from tests.repl.shells import Shell, knowledge
from tests.servers import RedisServer
from tests.wire import WireServer


def wire(value: object) -> bytes:
    """A reply as RESP2: lists, integers, bytes; dicts as names and values in turn."""
    if isinstance(value, dict):
        value = [side for pair in value.items() for side in pair]
    if isinstance(value, list):
        return b"*%d\r\n%b" % (len(value), b"".join(map(wire, value)))
    if isinstance(value, int):
        return b":%d\r\n" % value
    assert isinstance(value, bytes)
    return b"$%d\r\n%b\r\n" % (len(value), value)


INDEX = {b"name": b"index", b"type": b"key"}
LIMIT = {b"name": b"n", b"type": b"integer", b"token": b"LIMIT", b"flags": [b"optional"]}
SUMMARY = b"Searches \x1b]0;owned\x07 an index"


class ModuleServer:
    """Has SET and FT.SEARCH; `summary` is what it says of that."""

    def __init__(self, summary: bytes = SUMMARY) -> None:
        self.docs = {b"ft.search": {b"summary": summary, b"since": b"1.0.0", b"arguments": [INDEX, LIMIT]}}

    def __call__(self, command: list[bytes]) -> bytes:
        name = [word.lower() for word in command[:2]]
        if name == [b"command", b"list"]:
            return wire([b"set", b"ft.search"])
        if name == [b"command", b"info"]:
            return wire([[b"ft.search", -2, [b"readonly"], 1, 1, 1, [b"@read"]]])
        if name == [b"command", b"docs"]:
            return wire(self.docs)
        return b"+OK\r\n"


@pytest.fixture
def modules() -> Iterator[WireServer]:
    with WireServer(ModuleServer()) as server:
        yield server


def on(server: WireServer | RedisServer, *, may_look: bool = True) -> Knowledge:
    return knowledge(RealEngine(Target(port=server.port)), may_look=may_look)


def offers(here: Knowledge, line: str) -> dict[str, str]:
    found = ShellCompleter(here).get_completions(Document(line), CompleteEvent(text_inserted=True))
    return {each.text: each.display_meta_text for each in found}


def test_a_module_s_command_is_completed_hinted_and_read(modules: WireServer) -> None:
    here = on(modules)
    assert read(b"ft.search idx", here).wrong is not None
    (about,) = offers(here, "ft.s").values()
    assert about.startswith("The server says: Searches ")
    assert "\x1b" not in about
    assert read(b"ft.search idx", here).wrong is None
    assert offers(here, "ft.search idx ") == {"LIMIT": ""}
    assert hint(here.reading(b"ft.search "), b"ft.search ") == "index [LIMIT n]"


def test_a_command_is_learned_when_it_stands_there_and_asked_about_once(modules: WireServer) -> None:
    here = on(modules)
    for _ in range(3):
        here.learn([b"FT.SEARCH", b"idx"])
        offers(here, "ft.search idx l")
        offers(here, "ft")
    assert here.catalogue.get("FT.SEARCH") is not None
    assert [[*map(bytes.lower, each)] for each in modules.received] == [
        [b"command", b"list"],
        [b"command", b"info", b"ft.search"],
        [b"command", b"docs", b"ft.search"],
    ]


def test_no_word_that_is_typed_goes_to_the_server(modules: WireServer) -> None:
    here = on(modules)
    here.learn([b"hunter2", b"x"])
    offers(here, "hunt")
    offers(here, "hunter2 ")
    assert modules.received == [[b"COMMAND", b"LIST"]]


def test_a_server_that_may_not_be_asked_sees_nothing(modules: WireServer) -> None:
    here = on(modules, may_look=False)
    here.learn([b"ft.search"])
    assert offers(here, "ft.s") == {}
    assert here.server() == ""
    assert modules.received == []


HOSTILE = [
    b"*2\r\n$3\r\nset\r\n$9\r\nft.search\r\n",  # names to every question
    b"*1\r\n*-1\r\n",
    b"*1\r\n*6\r\n$9\r\nft.search\r\n$1\r\nx\r\n*0\r\n:1\r\n:1\r\n:0\r\n",
    b"*1\r\n" * 900 + b"$1\r\nx\r\n",
    b"-ERR no such thing\r\n",
    b":1\r\n",
    b"$-1\r\n",
    b"nonsense\r\n",
    b"*1\r\n$4\r\n\x1b[2J\r\n",
    b"*1000000\r\n",
]


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_or_broken_answer_changes_nothing(answer: bytes) -> None:
    def replies(command: list[bytes]) -> bytes:
        is_list = command[1:] == [b"LIST"]
        return wire([b"ft.search", b"\x1b]0;x\x07", b"a b"]) if is_list else answer

    for asked in (replies, lambda command: answer):
        with WireServer(asked) as server:
            here = on(server)
            for _ in range(5):
                here.learn([b"ft.search"])
                offers(here, "ft.")
            assert here.catalogue is catalogue()
            assert here.server() == ""


def test_a_server_that_does_not_answer_is_not_asked_for_ever() -> None:
    with WireServer(lambda command: b"") as server:
        here = on(server)
        for _ in range(6):
            here.learn([b"ft.search"])
        assert here.catalogue is catalogue()
        assert len(server.received) == 3


def test_another_server_is_asked_anew(modules: WireServer) -> None:
    engines: list[Engine] = [RealEngine(Target(port=modules.port)), EmbeddedEngine()]
    here = Knowledge(lambda: (engines[0], 0), lambda: True)
    here.learn([b"ft.search"])
    assert here.catalogue.get("FT.SEARCH") is not None
    engines.reverse()
    assert here.catalogue is catalogue()


def test_later_commands_on_a_server_that_has_not_been_asked(server: RedisServer) -> None:
    """It may well have them: they are read, and not offered."""
    here = on(server, may_look=False)
    assert read(b"hexpire k 60 fields 1 a", here).wrong is None
    assert read(b"hexpire k soon fields 1 a", here).wrong is not None
    assert "HEXPIRE" not in offers(here, "HEXP")


def test_later_commands_on_a_server_that_has_them_not(server: RedisServer) -> None:
    here = on(server)
    assert offers(here, "HEXP") == {}
    wrong = read(b"hexpire k 60 fields 1 a", here).wrong
    assert wrong is not None
    assert wrong.reason == "HEXPIRE came with Redis 7.4"
    assert hint(here.reading(b"hexpire "), b"hexpire ") == ""
    assert here.server().startswith("Redis 7.0.")


def test_later_commands_on_the_embedded_engine() -> None:
    here = knowledge(EmbeddedEngine())
    assert offers(here, "HEXP") == {}
    wrong = read(b"json.set doc $ 1", here).wrong
    assert wrong is not None
    assert wrong.reason == "JSON.SET comes with the module RedisJSON"
    assert here.server() == "Redis 7.0.15"


def test_later_commands_on_a_server_that_has_them(newer_server: RedisServer) -> None:
    here = on(newer_server)
    assert offers(here, "HEXP")["HEXPIRE"].startswith("Gives fields of a hash a time to live")
    assert "EX" in offers(here, "HGETEX k ")
    assert read(b"hexpire k 60 fields 1 a", here).wrong is None
    assert here.server().startswith("Redis 8.")


# --- In the shell -----------------------------------------------------------------------------------------


def test_explain_shows_the_servers_words_harmless(modules: WireServer) -> None:
    shell = Shell.on(modules.port)
    shown = shell.type(":set probe on", ":explain FT.SEARCH idx LIMIT 5", "HELP ft.search").shown
    assert "The server says: Searches \\x1b]0;owned\\x07 an index" in " ".join(shown.split())
    assert "\x1b]0" not in shown
    assert "\nLIMIT 5" in shown
    assert "FT.SEARCH index [LIMIT n]" in shown


def test_the_server_that_lacks_a_command_is_named(server: RedisServer) -> None:
    line = "HEXPIRE k 60 FIELDS 1 a"
    asked, lab = Shell.on(server.port), Shell()
    asked.explain = lab.explain = "brief"
    for shell, keys, said in (
        (asked, [":set probe on", line], "this server is Redis 7.0."),
        (asked, [line], "this server does not have it."),
        (lab, [line], "this server is Redis 7.0.15."),
    ):
        assert f"HEXPIRE came with Redis 7.4; {said}" in " ".join(shell.type(*keys).shown.split())
