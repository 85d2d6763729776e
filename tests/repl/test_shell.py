"""The shell from key to answer, on the embedded engine and on a real server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from redislab.app import Place
from redislab.core.server_states import REMEDIES
from redislab.errors import ExitCode
from redislab.render.plain import Format
from tests.repl.shells import ALT_ENTER, CTRL_C, Shell, pasted
from tests.servers import DroppingProxy, NonsenseServer, RedisServer, free_port
from tests.wire import WireServer

NewShell = Callable[[], Shell]


@pytest.fixture(params=["embedded", "server"])
def shell(request: pytest.FixtureRequest) -> Shell:
    """A shell on an empty database of either engine."""
    if request.param == "embedded":
        return Shell()
    server: RedisServer = request.getfixturevalue("server")
    return Shell.on(server.port)


def test_answers_are_those_of_redis_cli(shell: Shell) -> None:
    answers = shell.answers("SET name ada", "GET name", "LPUSH l 1 2", "LRANGE l 0 -1", "GET none")
    assert answers == ["OK", '"ada"', "(integer) 2", '1) "2"', '2) "1"', "(nil)"]


def test_raw_answers_where_they_are_asked_for() -> None:
    shell = Shell(format=Format.RAW)
    assert shell.answers("SET a 'x y'", "GET a") == ["OK", "x y"]


def test_a_number_in_front_repeats_the_command(shell: Shell) -> None:
    assert shell.answers("3 INCR n") == ["(integer) 1", "(integer) 2", "(integer) 3"]


def test_a_lost_server_ends_the_repetition(redis_server_path: str) -> None:
    with RedisServer() as server, DroppingProxy(server.port, drop_at=2) as proxy:
        answers = Shell.on(proxy.port).answers("3 INCR n", "GET n")
    assert answers[0] == "(integer) 1"
    assert "(integer) 3" not in answers
    assert '"2"' in answers


def test_words_that_cannot_be_split_are_refused_and_the_shell_goes_on(shell: Shell) -> None:
    assert shell.answers('SET a "x', "PING") == ["Invalid argument(s)", "PONG"]


@pytest.mark.parametrize("leave", ["QUIT", "exit", ":quit", ":q"])
def test_leaving(leave: str) -> None:
    typed = Shell().type("PING", leave, "INCR never")
    assert typed.code is ExitCode.OK
    assert typed.shown.splitlines()[1:] == ["PONG"]


def test_ctrl_c_empties_the_line_and_stays() -> None:
    assert Shell().answers(f"SET a 1{CTRL_C}PING") == ["PONG"]


def test_failed_commands_of_a_transaction_are_named(shell: Shell) -> None:
    answers = shell.answers("SET a x", "MULTI", "INCR a", "SET b 1", "EXEC")
    assert answers[4:] == [
        "1) (error) ERR value is not an integer or out of range",
        "2) OK",
        "1 of 2 commands failed. Redis undoes nothing: the others have run.",
        "  1) INCR a: ERR value is not an integer or out of range",
    ]


class TestSeveralLines:
    def test_each_pasted_line_runs_once_and_in_order(self, shell: Shell) -> None:
        paste = "".join(f"RPUSH l {number}\n" for number in range(500))
        answers = shell.answers(pasted(paste), "LLEN l", "LINDEX l 499")
        assert answers == [*(f"(integer) {number}" for number in range(1, 501)), "(integer) 500", '"499"']

    def test_a_newline_inside_quotes_belongs_to_the_word(self, shell: Shell) -> None:
        assert shell.answers(pasted('SET a "one\ntwo"\nGET a')) == ["OK", '"one\\ntwo"']

    def test_alt_enter_begins_a_new_line(self) -> None:
        assert Shell().answers(f"SET a 1{ALT_ENTER}GET a") == ["OK", '"1"']

    def test_a_quote_that_is_never_closed_spoils_its_own_line_alone(self) -> None:
        assert Shell().answers(pasted('PING\nSET a "x\nPING')) == ["PONG", "Invalid argument(s)", "PONG"]

    def test_leaving_in_the_middle_leaves_the_rest_undone(self) -> None:
        assert Shell().answers(pasted("PING\nQUIT\nPING")) == ["PONG"]


class TestLargeReplies:
    def test_the_first_thousand_values_are_shown_and_the_rest_is_counted(self, shell: Shell) -> None:
        numbers = " ".join(map(str, range(2_500)))
        answers = shell.answers(pasted(f"RPUSH l {numbers}"), "LRANGE l 0 -1", "PING")
        assert answers[1] == '   1) "0"'
        assert answers[1000] == '1000) "999"'
        assert answers[1001:] == [
            "info: 1,500 more values are not shown; `:set limit off` shows all.",
            "PONG",
        ]

    def test_the_limit_can_be_set(self, shell: Shell) -> None:
        answers = shell.answers(
            "RPUSH l a b c", ":set limit 2", "LRANGE l 0 -1", ":set limit off", "LRANGE l 0 -1"
        )
        assert answers[1:] == [
            '1) "a"', '2) "b"', "info: 1 more value is not shown; `:set limit off` shows all.",
            '1) "a"', '2) "b"', '3) "c"',
        ]  # fmt: skip

    def test_a_limit_inside_a_nested_reply_ends_at_a_whole_line(self, shell: Shell) -> None:
        keys = ("XADD s 1-1 a b c d", "XADD s 2-1 e f", ":set limit 3", "XRANGE s - +", "PING")
        assert shell.answers(*keys)[2:] == [
            '1) 1) "1-1"',
            '   2) 1) "a"',
            '      2) "b"',
            "info: 5 more values are not shown; `:set limit off` shows all.",
            "PONG",
        ]


class TestOwnCommands:
    def test_help_lists_them_all(self) -> None:
        shown = Shell().type(":help").shown
        for name in (":help", ":set", ":connect", ":clear", ":quit"):
            assert f"\n{name} " in shown

    def test_help_on_commands_needs_no_server(self) -> None:
        shown = Shell.on(free_port()).type("HELP GET").shown
        assert "\nGET key\n" in shown

    def test_set_alone_shows_what_can_be_set(self) -> None:
        shown = Shell().type(":set utf8 on", ":set").shown
        assert ":set utf8 on" in shown
        assert ":set limit 1000" in shown

    def test_utf8_is_shown_where_it_is_wanted(self, shell: Shell) -> None:
        assert shell.answers("SET a é", "GET a", ":set utf8", "GET a", ":set noutf8", "GET a")[1:] == [
            '"\\xc3\\xa9"', '"é"', '"\\xc3\\xa9"',
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (
                ":set colour red",
                "there is no setting 'colour'; there are: limit, explain, python, probe, confirm, "
                "hints, utf8",
            ),
            (":set limit", "this is how it is written: :set limit N|off"),
            (":set limit many", "a number of values is needed, or off, not 'many'"),
            (":set utf8 maybe", "on or off is needed, not 'maybe'"),
            (":nosuch", "there is no :nosuch; :help lists what there is"),
            (":c", ":c may be :clock or :connect or :client or :clear"),
            (":connect a b c", "this is how it is written: :connect redis://HOST:PORT or :connect HOST PORT"),
            (":connect localhost many", "a port is a number from 1 to 65535, not 'many'"),
            (":connect http://x", "Invalid URI scheme"),
            ("CONNECT localhost 0", "a port is a number from 1 to 65535, not '0'"),
        ],
    )
    def test_a_wrong_one_gets_one_line_and_the_shell_goes_on(self, line: str, message: str) -> None:
        *fault, pong = Shell().answers(line, "PING")
        assert " ".join(map(str.strip, fault)).startswith(f"error: {message}")
        assert pong == "PONG"

    def test_connect_goes_on_elsewhere_and_back_to_the_data_it_left(self, server: RedisServer) -> None:
        answers = Shell().answers(
            "SET a here", f"CONNECT 127.0.0.1 {server.port}", "GET a", "SET a there", ":connect", "GET a"
        )
        assert answers == ["OK", "(nil)", "OK", '"here"']

    @pytest.mark.usefixtures("redis_server_path")
    def test_a_private_server_keeps_its_data_while_the_shell_is_elsewhere(self, server: RedisServer) -> None:
        there = f":connect redis://127.0.0.1:{server.port}"
        answers = Shell(Place(private=True)).answers("SET a here", there, "GET a", ":connect", "GET a")
        assert answers[1:] == ["OK", "(nil)", '"here"']  # behind the welcome

    def test_without_a_server_program_the_shell_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
        monkeypatch.setattr("site.ENABLE_USER_SITE", False)
        shown = " ".join(Shell(Place(private=True)).type("PING").shown.split())
        assert "error: No redis-server or valkey-server was found: apt install redis-server" in shown

    def test_connect_takes_a_url_with_its_database(self, server: RedisServer) -> None:
        Shell().type(f":connect redis://127.0.0.1:{server.port}/3", "SET a 3")
        assert server.cli("-n", "3", "GET", "a").stdout == b"3\n"


class TestServersThatFail:
    def test_one_that_is_not_there_is_named_with_a_remedy_and_tried_again_with_each_command(self) -> None:
        port = free_port()
        answers = Shell.on(port).answers("PING")
        assert [line for line in answers if line.startswith("error: ")] == [
            f"error: Could not connect to Redis at 127.0.0.1:{port}: Connection refused"
        ] * 2
        assert any(line.startswith("remedy: ") for line in answers)

    def test_one_that_comes_back_is_found(self, redis_server_path: str) -> None:
        with RedisServer() as server:
            answers = Shell.on(free_port()).answers("PING", f"CONNECT 127.0.0.1 {server.port}", "PING")
        assert answers[-1] == "PONG"

    def test_a_wrong_password_is_said_and_the_shell_stays(self, redis_server_path: str) -> None:
        with RedisServer("--requirepass", "right") as server:
            answers = Shell.on(server.port, password="wrong").answers("PING", "AUTH right", "PING")
        assert answers[0].startswith("info: AUTH failed: WRONGPASS")
        assert "(error) NOAUTH Authentication required." in answers
        assert any(line.startswith("remedy: The server wants a password first") for line in answers)
        assert answers[-2:] == ["OK", "PONG"]

    def test_a_command_whose_answer_was_lost_is_not_sent_again(self, server: RedisServer) -> None:
        with DroppingProxy(server.port) as proxy:
            answers = Shell.on(proxy.port).answers("INCR n", "GET n")
        assert "warning: The command was sent and has no answer. Whether it ran is not known." in answers
        assert answers[-1] == '"1"'
        assert proxy.commands.count([b"INCR", b"n"]) == 1

    def test_a_transaction_that_was_lost_must_be_acknowledged(self, server: RedisServer) -> None:
        with DroppingProxy(server.port, drop_at=3) as proxy:
            answers = Shell.on(proxy.port).answers(
                "MULTI", "SET a 1", "SET b 2", "SET c 3", "EXEC", "DISCARD", "SET d 4"
            )
        lost = [line for line in answers if "The connection broke inside MULTI" in line]
        assert len(lost) == 3  # when it broke, and for each command that was refused
        assert answers[-2:] == ["info: The transaction is forgotten. Commands are sent again.", "OK"]
        assert server.cli("EXISTS", "a", "b", "c").stdout == b"0\n"
        assert server.cli("GET", "d").stdout == b"4\n"

    def test_a_database_that_must_wait_for_a_password_is_selected_after_it(
        self, redis_server_path: str
    ) -> None:
        with RedisServer("--requirepass", "pw") as server:
            shell = Shell(replace(Shell.on(server.port).place, db=2))
            answers = shell.answers("AUTH pw", "CLIENT INFO")
        assert " db=2 " in answers[-1]

    def test_a_database_that_is_not_there_does_not_lock_the_shell(self, server: RedisServer) -> None:
        shell = Shell(replace(Shell.on(server.port).place, db=99))
        answers = shell.answers("PING", "SELECT 0", "PING")
        assert "error: Database 99 cannot be selected, so nothing was sent." in answers
        assert answers[-2:] == ["OK", "PONG"]

    def test_a_connection_that_ended_while_nobody_typed_loses_nothing(self, server: RedisServer) -> None:
        answers = Shell.on(server.port).answers(
            "SELECT 2", "CLIENT KILL TYPE normal SKIPME no", "INCR n", "GET n"
        )
        assert answers[-2:] == ["(integer) 1", '"1"']
        assert "info: Connected again; database 2 is selected again." in answers
        assert not any(line.startswith("warning: ") for line in answers)

    def test_one_that_speaks_nonsense_ends_the_connection_and_not_the_shell(self) -> None:
        with NonsenseServer(b"HTTP/1.0 400 Bad Request\r\n\r\n") as server:
            typed = Shell.on(server.port).type("PING", ":help")
        assert "error: Protocol error" in typed.shown
        assert ":quit" in typed.shown

    def test_shutdown_is_no_loss(self, redis_server_path: str) -> None:
        with RedisServer() as server:
            answers = Shell.on(server.port).answers("SHUTDOWN NOSAVE", "y")
        assert not any(line.startswith("warning: ") for line in answers)
        assert any("Connection refused" in line or "No such file" in line for line in answers)

    @pytest.mark.parametrize("code", sorted(REMEDIES))
    def test_a_state_of_the_server_is_shown_verbatim_with_what_helps(self, code: str) -> None:
        text = f"{code} 3999 127.0.0.1:1" if code in ("MOVED", "ASK") else f"{code} something is so"
        with WireServer(lambda command: f"-{text}\r\n".encode()) as server:
            first, *rest = Shell.on(server.port).answers("GET a")
        assert first == f"(error) {text}"
        assert " ".join(map(str.strip, rest)) == f"remedy: {REMEDIES[code]}"


class TestHostileServers:
    HOSTILE = b"\x1b]0;title\x07\x1b[2J\xe2\x80\xae\xc2\x9bx\x00"

    @pytest.mark.parametrize("format", [Format.STANDARD, Format.RAW, Format.CSV, Format.JSON])
    @pytest.mark.parametrize("reply", [b"-ERR %b\r\n", b"+%b\r\n", b"*1\r\n+%b\r\n"])
    def test_no_control_reaches_the_terminal(self, reply: bytes, format: Format) -> None:
        with WireServer(lambda command: reply % self.HOSTILE) as server:
            shell = Shell.on(server.port)
            shell.format = format
            shown = shell.type("GET a").shown
        assert all(ord(letter) >= 32 or letter == "\n" for letter in shown)
        assert "\u202e" not in shown
        assert "\x9b" not in shown

    def test_a_push_that_nobody_asked_for_is_shown_harmless(self, server: RedisServer) -> None:
        place = Place(target=Shell.on(server.port, protocol=3).place.target, protocol=3)
        answers = Shell(place).answers("CLIENT TRACKING on BCAST", "SET a 1", "GET a")
        assert "-> invalidate: 'a'" in answers
