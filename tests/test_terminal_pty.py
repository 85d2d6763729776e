"""The shell as a person sees it: a real terminal, real keys, a screen."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import DroppingProxy, RedisServer, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no ptys on Windows")

if sys.platform != "win32":
    from tests.screens import Terminal

CTRL_C, CTRL_D, CTRL_R = "\x03", "\x04", "\x12"


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The shell on the embedded engine, at its first prompt."""
    with Terminal() as terminal:
        terminal.wait_for_prompt("redislab> ")
        yield terminal


def on(server: RedisServer, *args: str) -> Terminal:
    return Terminal("repl", "-p", str(server.port), *args)


def test_the_first_command_and_its_answer(terminal: Terminal) -> None:
    terminal.enter("SET name ada", "GET name")
    assert terminal.lines[-7:] == [
        "redislab> SET name ada",
        "OK",
        "  Created: there was no `name` before.",
        "redislab> GET name",
        '"ada"',
        "  The string at `name`, 3 bytes.",
        "redislab>",
    ]


def test_the_prompt_says_database_and_transaction(server: RedisServer) -> None:
    with on(server) as terminal:
        address = f"127.0.0.1:{server.port}"
        terminal.wait_for_prompt(f"{address}> ")
        terminal.enter("SELECT 3")
        terminal.wait_for_prompt(f"{address}[3]> ")
        terminal.enter("MULTI")
        terminal.wait_for_prompt(f"{address}[3](TX)> ")
        terminal.enter("PING", "EXEC")
        terminal.wait_for_prompt(f"{address}[3]> ")
        assert "1) PONG" in terminal.lines


def test_a_command_is_completed_and_its_syntax_shown(terminal: Terminal) -> None:
    terminal.type("hgeta")
    terminal.wait_for(lambda lines: any("HGETALL" in line for line in lines), "the offer")
    terminal.type("\t")
    terminal.wait_for(lambda lines: "redislab> hgetall" in " ".join(lines), "the completed name")
    terminal.type(" ")
    terminal.wait_for_line("redislab> hgetall key")
    terminal.send("h")
    terminal.wait_for_line("(empty array)")


def test_subcommands_are_offered(terminal: Terminal) -> None:
    terminal.type("CLIENT SETN")
    terminal.wait_for(lambda lines: any("SETNAME" in line for line in lines), "the offer")
    terminal.type("\t ")
    terminal.wait_for_line("redislab> CLIENT SETNAME connection-name")


def test_what_was_entered_is_found_again(terminal: Terminal) -> None:
    terminal.enter("SET colour red", "PING")
    terminal.type(f"{CTRL_R}colour")
    terminal.wait_for(lambda lines: "SET colour red" in lines[-1] and "search" in lines[-1], "the search")
    terminal.type("\r")
    terminal.type("\r")
    terminal.wait_for(lambda lines: lines.count("OK") == 2, "the second OK")
    terminal.wait_for_prompt()
    terminal.type("SET c")
    terminal.wait_for(lambda lines: lines.count("redislab> SET colour red") == 3, "the suggestion")
    terminal.type("\x1b[C")
    terminal.wait_for(
        lambda lines: terminal.screen.cursor.x == len("redislab> SET colour red"), "the suggestion"
    )


@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_ctrl_c_ends_a_wait_within_half_a_second(engine: str, request: pytest.FixtureRequest) -> None:
    args = ["repl"]
    if engine == "server":
        args += ["-p", str(request.getfixturevalue("server").port)]
    with Terminal(*args) as terminal:
        terminal.wait_for_prompt()
        terminal.enter("PING")
        terminal.send("BLPOP nothing 0")
        terminal.wait_until_running()
        pressed_s = time.monotonic()
        terminal.type(CTRL_C)
        terminal.wait_for_prompt()
        assert time.monotonic() - pressed_s < 0.5
        terminal.enter("PING")
        assert "PONG" in terminal.lines[-3:-1]


def test_ctrl_c_ends_a_reply_that_is_arriving(server: RedisServer) -> None:
    server.cli(
        "EVAL", "for i = 1, 1000 do redis.call('RPUSH', KEYS[1], string.rep('x', 50000)) end", "1", "big"
    )
    with on(server) as terminal:
        terminal.wait_for_prompt()
        terminal.enter(":set limit off")
        terminal.send("LRANGE big 0 -1")
        terminal.wait_until_running()
        pressed_s = time.monotonic()
        terminal.type(CTRL_C)
        terminal.wait_for_prompt()
        assert time.monotonic() - pressed_s < 2
        terminal.enter("PING")
        assert "PONG" in terminal.lines[-3:-1]


def test_subscribe_shows_messages_while_one_types_and_ctrl_c_comes_back(server: RedisServer) -> None:
    with on(server) as terminal:
        address = f"127.0.0.1:{server.port}"
        terminal.wait_for_prompt(f"{address}> ")
        terminal.send("SUBSCRIBE news")
        terminal.wait_for_prompt(f"{address}(subscribed mode)> ")
        assert "Reading messages... (press Ctrl-C to quit)" in terminal.lines
        terminal.type("PI")
        server.cli("PUBLISH", "news", "hello")
        terminal.wait_for_line('3) "hello"')
        terminal.wait_for_line(f"{address}(subscribed mode)> PI")
        terminal.send("NG")
        terminal.wait_for_line('1) "pong"')
        terminal.wait_for_prompt(f"{address}(subscribed mode)> ")
        terminal.type(CTRL_C)
        terminal.wait_for_prompt(f"{address}> ")
        terminal.enter("ECHO back")
        assert '"back"' in terminal.lines[-3:-1]


def test_the_last_unsubscribe_brings_the_usual_prompt_back(server: RedisServer) -> None:
    with on(server) as terminal:
        terminal.wait_for_prompt()
        terminal.send("SUBSCRIBE a b")
        terminal.wait_for_prompt("(subscribed mode)> ")
        terminal.send("UNSUBSCRIBE")
        terminal.wait_for_prompt(f"{server.port}> ")
        terminal.enter("ECHO back")
        assert '"back"' in terminal.lines[-3:-1]


def test_monitor_until_ctrl_c(server: RedisServer) -> None:
    with on(server) as terminal:
        terminal.wait_for_prompt()
        terminal.send("MONITOR")
        terminal.wait_for_prompt("Go on? [y/N] ")
        terminal.send("y")
        terminal.wait_for_line("OK")
        server.cli("SET", "seen", "yes")
        terminal.wait_for(lambda lines: any('"SET" "seen" "yes"' in line for line in lines), "the command")
        terminal.type(CTRL_C)
        terminal.wait_for_prompt(f"{server.port}> ")
        terminal.enter("ECHO back")
        assert '"back"' in terminal.lines[-3:-1]


def test_a_flush_is_asked_about_and_undone(terminal: Terminal) -> None:
    terminal.enter("MSET a 1 b 2 c 3")
    terminal.send("FLUSHALL")
    terminal.wait_for_prompt("Go on? [y/N] ")
    assert terminal.lines[-1].startswith("FLUSHALL deletes 3 keys in database 0; `:undo` brings them back.")
    terminal.type(CTRL_C)
    terminal.wait_for_line("info: FLUSHALL was not sent.")
    terminal.wait_for_prompt()
    terminal.send("FLUSHALL")
    terminal.wait_for_prompt("Go on? [y/N] ")
    terminal.send("y")
    terminal.wait_for_prompt("redislab> ")
    terminal.enter(":undo", "DBSIZE")
    assert "Undid FLUSHALL: `a`, `b` and `c` are back." in terminal.lines
    assert "(integer) 3" in terminal.lines


def test_the_prompt_says_how_far_the_clock_is_ahead(terminal: Terminal) -> None:
    terminal.enter("SET a 1 EX 60")
    terminal.send(":clock +1h30m")
    terminal.wait_for_prompt("redislab(+1h30m)> ")
    terminal.send("SELECT 3")
    terminal.wait_for_prompt("redislab(+1h30m)[3]> ")
    terminal.send(":clock real")
    terminal.wait_for_prompt("redislab[3]> ")


def test_a_server_that_goes_away_and_comes_back(redis_server_path: str) -> None:
    with RedisServer() as server, on(server) as terminal:
        terminal.wait_for_prompt(f"{server.port}> ")
        server.kill()
        terminal.send("PING")
        terminal.wait_for_prompt("not connected> ")
        assert any("Connection refused" in line for line in terminal.lines)
        server.restart()
        terminal.enter("PING")
        terminal.wait_for_prompt(f"{server.port}> ")
        assert "PONG" in terminal.lines[-3:-1]


def test_a_lost_transaction_stays_in_the_prompt_until_it_is_discarded(server: RedisServer) -> None:
    with DroppingProxy(server.port, drop_at=2) as proxy, Terminal("repl", "-p", str(proxy.port)) as terminal:
        terminal.wait_for_prompt(f"{proxy.port}> ")
        terminal.enter("MULTI")
        terminal.send("SET a 1")
        terminal.wait_for_prompt("(TX lost)> ")
        terminal.enter("SET a 2")
        terminal.wait_for_prompt("(TX lost)> ")
        terminal.send("DISCARD")
        terminal.wait_for_prompt(f"{proxy.port}> ")
        terminal.enter("EXISTS a")
        assert "(integer) 0" in terminal.lines[-3:-1]


def test_the_window_may_change_its_size(terminal: Terminal) -> None:
    for columns, lines in ((40, 10), (120, 40), (20, 5), (80, 24)):
        terminal.resize(columns, lines)
        terminal.type("PI")
        terminal.wait_for(lambda shown: any("> PI" in line for line in shown), "the typed letters")
        terminal.send("NG")
        terminal.wait_for_prompt("redislab> ")
        assert "PONG" in terminal.lines


def test_a_value_cannot_reach_the_terminal(terminal: Terminal) -> None:
    terminal.enter(r'SET evil "\x1b]0;owned\x07\x1b[2J\xe2\x80\xae"', "PING")
    before = len(terminal.received)
    terminal.enter("GET evil", "LPUSH l evil", "ECHO x")
    assert b"owned\x07" not in terminal.received[before:]
    assert terminal.screen.title != "owned"
    assert r'"\x1b]0;owned\a\x1b[2J\xe2\x80\xae"' in terminal.lines


@pytest.mark.parametrize(("count", "bracketed"), [(5_000, True), (300, False)])
def test_a_paste_runs_every_line_once(server: RedisServer, count: int, bracketed: bool) -> None:
    text = "".join(f"RPUSH pasted {number}\n" for number in range(count))
    with on(server) as terminal:
        terminal.wait_for_prompt()
        terminal.type(f"\x1b[200~{text}\x1b[201~\r" if bracketed else text.replace("\n", "\r"))
        terminal.wait_for_line(f"(integer) {count}")
        terminal.wait_for_prompt()
    assert server.cli("LRANGE", "pasted", "0", "-1").stdout.split() == [b"%d" % n for n in range(count)]


def test_ctrl_d_ends_the_shell_and_the_terminal_is_as_before(terminal: Terminal) -> None:
    terminal.type("PING")
    terminal.type(CTRL_D)  # in the middle of a line it deletes
    terminal.type("\r")
    terminal.wait_for_line("PONG")
    terminal.wait_for_prompt()
    terminal.type(CTRL_D)
    assert terminal.ended() == 0
    assert terminal.is_cooked


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("busy", ["", "waiting", "asked"])
def test_signals_end_the_shell_with_143_and_the_terminal_as_before(
    terminal: Terminal, name: str, busy: str
) -> None:
    if busy == "waiting":
        terminal.send("BLPOP nothing 0")
        terminal.wait_until_running()
    elif busy == "asked":
        terminal.enter("SET a 1")
        terminal.send("FLUSHALL")
        terminal.wait_for_prompt("Go on? [y/N] ")
    terminal.kill(getattr(signal, name))
    assert terminal.ended() == 143
    assert terminal.is_cooked


def test_the_history_is_kept_without_secrets_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    with Terminal(environ={"REDISLAB_HISTORY": str(path)}) as terminal:
        terminal.wait_for_prompt()
        terminal.enter("SET a 1", "AUTH s3cret", "CONFIG SET requirepass s3cret", "auht s3cret", "GET a")
        terminal.type("\x1b[A\x1b[A")
        terminal.wait_for_line("redislab> SET a 1")
    text = path.read_text()
    assert "SET a 1" in text
    assert "s3cret" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_shells_share_one_history(tmp_path: Path) -> None:
    environ = {"REDISLAB_HISTORY": str(tmp_path / "history")}
    with Terminal(environ=environ) as one, Terminal(environ=environ) as two:
        for terminal, line in ((one, "ECHO one"), (two, "ECHO two"), (one, "ECHO three")):
            terminal.wait_for_prompt()
            terminal.enter(line)
    with Terminal(environ=environ) as third:
        third.wait_for_prompt()
        for line in ("ECHO three", "ECHO two", "ECHO one"):
            third.type("\x1b[A")
            third.wait_for_last_line(f"redislab> {line}")


def test_a_history_that_cannot_be_written_is_said_once_and_nothing_else_changes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Terminal(environ={"REDISLAB_HISTORY": str(tmp_path / "file" / "history")}) as terminal:
        terminal.wait_for_prompt()
        terminal.enter("PING", "ECHO a")
        assert sum(line.startswith("warning: ") for line in terminal.lines) == 1
        terminal.type("\x1b[A")
        terminal.wait_for_last_line("redislab> ECHO a")


def test_a_dumb_terminal_gets_no_escape() -> None:
    with Terminal(environ={"TERM": "dumb"}) as terminal:
        terminal.wait_for_prompt("redislab> ")
        terminal.send("INCR n")
        terminal.wait_for_line("(integer) 1")
        terminal.send("foo")
        terminal.wait_for(lambda lines: any("unknown command" in line for line in lines), "the error")
        assert b"\x1b" not in terminal.received


def test_a_dumb_terminal_is_asked_without_escapes() -> None:
    with Terminal(environ={"TERM": "dumb"}) as terminal:
        terminal.wait_for_prompt("redislab> ")
        terminal.send("SET a 1")
        terminal.wait_for_line("OK")
        terminal.wait_for_prompt("redislab> ")
        terminal.send("FLUSHALL")
        terminal.wait_for_prompt("Go on? [y/N] ")
        terminal.send("n")
        terminal.wait_for_line("info: FLUSHALL was not sent.")
        assert b"\x1b" not in terminal.received


def test_a_dumb_terminal_listens_without_a_prompt(server: RedisServer) -> None:
    with Terminal("repl", "-p", str(server.port), environ={"TERM": "dumb"}) as terminal:
        terminal.wait_for_prompt()
        terminal.type("SUBSCRIBE news\r")
        terminal.wait_for_line("3) (integer) 1")
        server.cli("PUBLISH", "news", "hello")
        terminal.wait_for_line('3) "hello"')
        terminal.type(CTRL_C)
        terminal.wait_for_prompt(f"{server.port}> ")


def test_no_color_means_no_colours() -> None:
    with Terminal(environ={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for_prompt("redislab> ")
        terminal.enter("SET a 1", "HELP SET", ":help")
        colours = {attribute for row in terminal.screen.buffer.values() for cell in row.values()
                   for attribute in (cell.fg, cell.bg)}  # fmt: skip
        assert colours == {"default"}


def test_a_wrong_word_is_red_before_enter_with_the_reason_below(terminal: Terminal) -> None:
    terminal.type("SET key value FOO ")
    terminal.wait_for(lambda lines: "not an option of SET" in lines[-1], "the reason")
    row = terminal.screen.buffer[terminal.screen.cursor.y]
    colours = [row[len("redislab> ") + offset].fg for offset in (4, 14)]
    assert colours[0] != colours[1]
    terminal.type("\x7f" * 4)
    terminal.wait_for(lambda lines: "not an option of SET" not in lines[-1], "no reason")


def test_a_word_that_may_become_right_is_not_red(terminal: Terminal) -> None:
    terminal.type("SET key value K")
    terminal.wait_for(lambda lines: any("KEEPTTL" in line for line in lines), "the offer")
    assert not any("not an option" in line for line in terminal.lines)


def test_keys_of_the_right_type_are_offered(terminal: Terminal) -> None:
    terminal.enter("HSET user:1 name ada", "SET user:2 x")
    terminal.type("HGETALL us")
    terminal.wait_for(lambda lines: any(line.split() == ["user:1", "hash"] for line in lines), "the key")
    terminal.type("\t\r")
    terminal.wait_for_line('2) "ada"')


def test_words_have_the_colours_of_their_roles(terminal: Terminal) -> None:
    terminal.type("SET key value EX 10")
    start = len("redislab> ")

    def colours(lines: list[str]) -> bool:
        row = terminal.screen.buffer[terminal.screen.cursor.y]
        return len({row[start + offset].fg for offset in (4, 8, 14, 17)}) == 4

    terminal.wait_for(colours, "a colour for each role")
    assert terminal.screen.buffer[terminal.screen.cursor.y][start].bold


def test_a_private_server_ends_with_its_shell_even_by_kill_9(redis_server_path: str) -> None:
    with Terminal("repl", "--engine", "server") as terminal:
        terminal.wait_for_prompt("redislab server> ")
        terminal.enter("SELECT 2", ":set explain off")
        terminal.wait_for_prompt("redislab server[2]> ")
        terminal.enter("SET name ada", "CONFIG GET dir")
        terminal.wait_for_prompt()
        (line,) = [line for line in terminal.lines if line.startswith("2) ")]
        folder = Path(line.removeprefix('2) "').removesuffix('"'))
        assert (folder / "redis.sock").is_socket()
        os.kill(terminal.pid, signal.SIGKILL)
        wait_until(lambda: not folder.exists())


def test_ctrl_c_leaves_a_private_server_alone(redis_server_path: str) -> None:
    with Terminal("repl", "--engine", "server") as terminal:
        terminal.wait_for_prompt("redislab server> ")
        terminal.enter("SET name ada")
        terminal.send("BLPOP nothing 0")
        terminal.wait_until_running()
        terminal.type(CTRL_C)
        terminal.wait_for_prompt("redislab server> ")
        terminal.enter("GET name")
        assert '"ada"' in terminal.lines
