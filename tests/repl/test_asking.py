"""Questions before what loses much; `:undo`, `:redo` and `:clock` as a person meets them."""

from __future__ import annotations

import re

import pytest

from redislab.app import Place
from redislab.core.danger import TABLE, danger
from tests.repl.shells import ALT_ENTER, CTRL_C, CTRL_D, Shell, pasted
from tests.servers import RedisServer, free_port


def one_line(lines: list[str]) -> str:
    """A remark that was wrapped."""
    return " ".join(line.strip() for line in lines)


REFUSED = "info: FLUSHALL was not sent."


class TestQuestions:
    def test_no_keeps_the_keys(self) -> None:
        assert Shell().answers("MSET a 1 b 2", "FLUSHALL", "n", "DBSIZE") == ["OK", REFUSED, "(integer) 2"]

    def test_yes_deletes_them(self) -> None:
        assert Shell().answers("MSET a 1 b 2", "FLUSHALL", "y", "DBSIZE") == ["OK", "OK", "(integer) 0"]

    @pytest.mark.parametrize("key", [CTRL_C, CTRL_D, ""])
    def test_whatever_is_no_yes_is_a_no(self, key: str) -> None:
        keys = ["SET a 1", f"FLUSHDB\r{key}" if key else "FLUSHDB", *([] if key else [""])]
        assert Shell().answers(*keys, "DBSIZE")[-1] == "(integer) 1"

    def test_an_answer_that_was_meant_as_a_line_is_named(self) -> None:
        assert Shell().answers("SET a 1", "FLUSHALL", "SET b 2", "DBSIZE") == [
            "OK",
            "info: FLUSHALL was not sent. The answer was 'SET b 2', not y.",
            "(integer) 1",
        ]

    def test_where_nothing_is_lost_nothing_is_asked(self) -> None:
        assert Shell().answers("FLUSHALL", "SELECT 3", "SET a 1", "SELECT 0", "FLUSHDB", "PING") == [
            *("OK", "OK", "OK", "OK", "OK", "PONG"),
        ]

    def test_a_repeated_command_is_asked_about_once(self) -> None:
        assert Shell().answers("SET a 1", "3 FLUSHALL", "y", "PING") == ["OK", "OK", "OK", "OK", "PONG"]
        assert Shell().answers("SET a 1", "3 FLUSHALL", "n", "PING") == ["OK", REFUSED, "PONG"]

    def test_a_no_ends_a_paste(self) -> None:
        paste = pasted("SET a 1\nFLUSHALL\nSET b 2")
        assert Shell().answers(paste, "n", "DBSIZE") == ["OK", REFUSED, "(integer) 1"]
        assert Shell().answers(paste, "y", "DBSIZE") == ["OK", "OK", "OK", "(integer) 1"]
        assert Shell().answers(f"SET a 1{ALT_ENTER}FLUSHALL", "n", "DBSIZE")[-1] == "(integer) 1"

    def test_it_can_be_switched_off(self) -> None:
        assert Shell().answers("SET a 1", ":set confirm off", "FLUSHALL", "DBSIZE") == [
            *("OK", "OK", "(integer) 0"),
        ]

    def test_the_question_is_no_line_of_the_history(self, tmp_path: object) -> None:
        path = f"{tmp_path}/history"
        Shell(environ={"REDISLAB_HISTORY": path, "NO_COLOR": "1"}).answers("SET a 1", "FLUSHALL", "y")
        with open(path) as history:
            lines = [line[1:].strip() for line in history if line.startswith("+")]
        assert lines[-2:] == ["SET a 1", "FLUSHALL"]


class TestOnAServer:
    def test_keys_are_kept_without_a_yes(self, server: RedisServer) -> None:
        shell = Shell.on(server.port)
        assert shell.answers("SET a 1", "FLUSHALL", "n", "DBSIZE") == ["OK", REFUSED, "(integer) 1"]
        assert shell.answers("FLUSHALL", "y", "DBSIZE") == ["OK", "(integer) 0"]

    def test_nothing_is_counted_before_it_is_allowed(self, server: RedisServer) -> None:
        server.cli("CONFIG", "RESETSTAT")
        Shell.on(server.port).type("SET a 1", "FLUSHALL", "n", "FLUSHDB", "n", "KEYS *", "n")
        told = re.findall(rb"cmdstat_([^:]+):", server.cli("INFO", "commandstats").stdout)
        assert set(told) == {b"set", b"config|resetstat"}

    def test_what_was_allowed_once_is_not_asked_again(self, server: RedisServer) -> None:
        answers = Shell.on(server.port).answers("SET a 1", "KEYS *", "y", "KEYS *", "PING")
        assert answers == ["OK", '1) "a"', '1) "a"', "PONG"]

    def test_few_keys_are_listed_unasked_where_they_may_be_counted(self, server: RedisServer) -> None:
        answers = Shell.on(server.port).answers("SET a 1", ":set probe on", "KEYS *", "PING")
        assert answers == ["OK", '1) "a"', "PONG"]


class TestTheTable:
    @pytest.mark.parametrize(
        ("name", "words", "shared", "asked"),
        [
            ("FLUSHALL", [], False, True),
            ("FLUSHALL", [b"async"], True, True),
            ("FLUSHALL", [b"a", b"b"], True, False),
            ("SWAPDB", [b"0", b"1"], True, False),
            ("SHUTDOWN", [b"nosave"], True, True),
            ("SHUTDOWN", [b"abort"], True, False),
            ("REPLICAOF", [b"no", b"one"], True, False),
            ("REPLICAOF", [b"host", b"1"], True, True),
            ("DEBUG", [b"sleep", b"1"], True, True),
            ("DEBUG", [b"object", b"k"], True, False),
            ("FUNCTION RESTORE", [b"x", b"flush"], False, True),
            ("FUNCTION RESTORE", [b"x"], True, False),
            ("KEYS", [b"*"], False, False),
            ("KEYS", [b"*"], True, True),
            ("CONFIG RESETSTAT", [], True, False),
            ("DEL", [b"k"] * 100, True, False),
        ],
    )
    def test_what_is_asked_about(self, name: str, words: list[bytes], shared: bool, asked: bool) -> None:
        assert (danger(name, words, shared=shared) is not None) == asked

    def test_every_row_is_a_command(self) -> None:
        from redislab.core.catalogue import Catalogue

        names = set(Catalogue.load().names())
        assert set(TABLE) <= names


class TestUndo:
    def test_a_flush_comes_back(self) -> None:
        answers = Shell().answers(
            "MSET a 1 b 2 c 3 d 4", "FLUSHALL", "y", ":undo", "DBSIZE", ":redo", "DBSIZE"
        )
        assert answers == [
            *("OK", "OK", "Undid FLUSHALL: 4 keys are back.", "(integer) 4"),
            *("Did FLUSHALL again: 4 keys are gone again.", "(integer) 0"),
        ]

    def test_many_at_once(self) -> None:
        assert Shell().answers("SET a 1", "INCR a", "APPEND a x", ":undo 3", "EXISTS a") == [
            *("OK", "(integer) 2", "(integer) 2"),
            "Undid APPEND: `a` is as before.",
            "Undid INCR: `a` is as before.",
            "Undid SET: `a` is gone again.",
            "(integer) 0",
        ]

    def test_there_is_nothing(self) -> None:
        assert Shell().answers("GET a", ":undo", ":redo") == [
            *("(nil)", "error: There is nothing to undo", "error: There is nothing to do again"),
        ]

    def test_fewer_than_asked_for(self) -> None:
        answers = Shell().answers("SET a 1", ":undo 5")
        assert answers[1] == "Undid SET: `a` is gone again."
        assert one_line(answers[2:]) == "info: That was 1 of 5: no more is kept, or others changed the keys."

    @pytest.mark.parametrize("words", ["0", "-1", "x", "1 2"])
    def test_how_it_is_written(self, words: str) -> None:
        line = one_line(Shell().answers(f":undo {words}"))
        assert line == "error: this is how it is written: :undo or :undo 3"

    def test_it_survives_ctrl_c_and_a_visit_elsewhere(self) -> None:
        answers = Shell().answers("SET a 1", f":connect 127.0.0.1 {free_port()}", ":connect", ":undo")
        assert answers[-1] == "Undid SET: `a` is gone again."

    def test_what_a_hostile_key_is_called_is_harmless(self) -> None:
        answers = Shell().answers('SET "\\x1b[31m" 1', ":undo")
        assert answers[1] == "Undid SET: `\\x1b[31m` is gone again."

    def test_on_a_server_it_takes_a_permission(self, server: RedisServer) -> None:
        line = one_line(Shell.on(server.port).answers("SET a 1", ":undo")[1:])
        assert line == "error: a server's keys are kept for :undo only after `:set probe on`"

    def test_on_a_server_that_may_be_looked_at(self, server: RedisServer) -> None:
        answers = Shell.on(server.port).answers(
            *(":set probe on", "MSET a 1 b 2", "FLUSHALL", "y", ":undo 2", "DBSIZE", ":redo", "DBSIZE"),
        )
        assert answers == [
            *("OK", "OK", "Undid FLUSHALL: `a` and `b` are back."),
            *("Undid MSET: `a` and `b` are gone again.", "(integer) 0"),
            *("Did MSET again: `a` and `b` are there again.", "(integer) 2"),
        ]

    def test_on_a_private_server_it_works_at_once(self, redis_server_path: str) -> None:
        shell = Shell(Place(private=True))
        answers = shell.answers("MSET a 1 b 2", "FLUSHALL", "y", ":undo", "DBSIZE")
        assert answers[-4:] == ["OK", "OK", "Undid FLUSHALL: `a` and `b` are back.", "(integer) 2"]

    def test_back_home_the_server_is_asked_no_more(self, server: RedisServer) -> None:
        answers = Shell().answers(
            *(":set probe on", f":connect 127.0.0.1 {server.port}", "SET a 1"),
            *(":connect", "SET b 1", ":undo"),
        )
        assert answers[-1] == "Undid SET: `b` is gone again."
        assert server.cli("DBSIZE").stdout.strip() == b"1"

    def test_a_transaction_on_a_server(self, server: RedisServer) -> None:
        answers = Shell.on(server.port).answers(
            *(":set probe on", "MULTI", "SELECT 1", "SET a 1", "EXEC", ":undo", "DBSIZE"),
        )
        assert answers[-2:] == ["Undid EXEC: `a` is gone again.", "(integer) 0"]

    def test_what_could_not_be_undone_there_is_asked_about(self, server: RedisServer) -> None:
        answers = Shell.on(server.port).answers(":set probe on", "SET a 1", "SWAPDB 0 1", "n", "DBSIZE")
        assert answers == ["OK", "info: SWAPDB was not sent.", "(integer) 1"]
        answers = Shell.on(server.port).answers(":set probe on", "SWAPDB 0 1", "y", ":undo")
        assert answers[0] == "OK"
        assert one_line(answers[1:]) == (
            "error: SWAPDB cannot be undone: databases that changed places are not kept "
            "remedy: What came before it cannot be undone either, for it may build on that."
        )


class TestClock:
    def test_it_shows_the_time(self) -> None:
        line = one_line(Shell().answers(":clock"))
        assert line.endswith(" UTC, the real time.")

    def test_keys_expire(self) -> None:
        answers = Shell().answers(
            "SET a 1 EX 60", "SET b 2", ":clock +1h30m", "GET a", ":undo", "TTL b", ":clock"
        )
        assert answers[2].endswith(" UTC, 1h30m ahead of the real time. 1 key has expired.")
        assert answers[3:] == [
            "(nil)",
            "Undid :clock +1h30m: the clock went 1h30m back; `a` is back.",
            "(integer) -1",
            answers[6],
        ]
        assert answers[6].endswith("the real time.")

    def test_real_time_again(self) -> None:
        answers = Shell().answers(":clock +1d 12h", "SET a 1 EX 60", ":clock real", ":clock real")
        assert answers[0].endswith("1d12h ahead of the real time. No key has expired.")
        assert answers[2].endswith("the real time.")
        assert one_line(answers[3:-1]) == (
            "info: 1 key lives 1d12h longer than a moment ago: its moment of expiry did not move. "
            "What had expired stays away; :undo brings it back."
        )
        assert answers[-1].endswith("the real time.")

    @pytest.mark.parametrize("words", ["60s", "-60s", "yesterday"])
    def test_only_ahead(self, words: str) -> None:
        line = one_line(Shell().answers(f":clock {words}"))
        assert line.startswith("error: the clock only goes ahead, or back to real time: :clock")

    @pytest.mark.parametrize("words", ["+60", "+1x", "+s", "+", "+1d2"])
    def test_a_span_has_units(self, words: str) -> None:
        line = one_line(Shell().answers(f":clock {words}"))
        assert line == f"error: {words[1:]!r} is no span of time; 60s, 2d, 1h30m and 500ms are"

    def test_not_for_ever(self) -> None:
        line = one_line(Shell().answers(":clock +999999d"))
        assert line == "error: '999999d' is more than a hundred years"

    def test_a_server_keeps_its_own(self, server: RedisServer) -> None:
        line = one_line(Shell.on(server.port).answers(":clock +1d"))
        assert line == (
            f"error: 127.0.0.1:{server.port} keeps its own time; "
            "only the built-in engine's clock can be moved"
        )
