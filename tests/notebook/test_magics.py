"""`%redis` and `%%redis` in a real IPython: what is run, shown and kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import redislab.shared
from redislab.core.line import Ask, read_line
from redislab.core.safe import visible
from redislab.errors import CommandFailed, TransactionLost, Unreachable, UsageError
from redislab.notebook import streaming
from redislab.shared import Shared
from tests.notebook.notebooks import Notebook
from tests.script.test_against_redis_cli import corpus_lines
from tests.servers import RedisServer


def test_a_line_answers_as_redis_cli_does(anywhere: Notebook) -> None:
    assert anywhere.run("%redis SET name ada").text == "OK"
    assert anywhere.run("%redis GET name").text == '"ada"'
    assert anywhere.run("%redis INCR n").text == "(integer) 1"
    assert anywhere.run("%redis GET nothing").text == "(nil)"


def test_a_line_can_be_assigned(anywhere: Notebook) -> None:
    anywhere.run("%redis RPUSH l a b")
    ran = anywhere.run("x = %redis LRANGE l 0 -1\nx.value")
    assert ran.result == ["a", "b"]


def test_a_cell_has_a_command_a_line(anywhere: Notebook) -> None:
    ran = anywhere.run("%%redis\nSET a 1\n\nGET a\n3 PING\n")
    assert ran.text == 'OK\n"1"\nPONG\nPONG\nPONG'


def test_quotes_are_read_as_in_the_shell(anywhere: Notebook) -> None:
    ran = anywhere.run("%%redis\nSET 'two words' \"x\\ty\"\nGET 'two words'\nSET a 'b")
    assert ran.text == 'OK\n"x\\ty"\nInvalid argument(s)'


def test_braces_and_dollars_are_data(anywhere: Notebook) -> None:
    anywhere.run("x = 5")
    anywhere.run("%redis SET j '{\"x\":1} $x {x}'")
    assert anywhere.run("%redis GET j").result.value == '{"x":1} $x {x}'


def test_full_line_comments_and_the_markers_of_graders_are_left_out(anywhere: Notebook) -> None:
    cell = "%%redis\n# don't\n### BEGIN SOLUTION\nSET a 1\n### END SOLUTION\n# BEGIN TESTS\nGET a"
    assert anywhere.run(cell).text == 'OK\n"1"'
    assert anywhere.run('%%redis\nECHO "a\n# inside a word\nb"').result is None
    assert anywhere.last() == "a\n# inside a word\nb"


@pytest.mark.parametrize("line", ["raise NotImplementedError()", "raise NotImplementedError"])
def test_a_raise_line_is_a_real_exception(anywhere: Notebook, line: str) -> None:
    ran = anywhere.run(f"%%redis\nSET a 1\n# YOUR CODE HERE\n{line}\nSET a 2")
    assert isinstance(ran.error, NotImplementedError)
    assert ran.shown_error == "NotImplementedError"
    assert anywhere.run("%redis GET a").text == '"1"'


def test_a_raise_line_says_what_it_says(anywhere: Notebook) -> None:
    ran = anywhere.run('%%redis\nraise ValueError("no answer yet")')
    assert ran.shown_error == "ValueError: no answer yet"


def test_an_error_is_shown_with_advice_and_the_cell_goes_on(anywhere: Notebook) -> None:
    ran = anywhere.run("%%redis\nSET a 1\nLPUSH a x\nGETT a\nGET a")
    assert ran.error is None
    assert ran.text.splitlines()[0] == "OK"
    assert "(error) WRONGTYPE" in ran.text
    assert ran.text.endswith('"1"')
    assert "<strong>error</strong>" in ran.html
    assert "<strong>remedy:</strong>" in ran.html


def test_a_strict_cell_raises_at_the_first_error(anywhere: Notebook) -> None:
    ran = anywhere.run("%%redis --strict\nSET a 1\nLPUSH a x\nSET a 2\nSET a 3")
    assert isinstance(ran.error, CommandFailed)
    assert "WRONGTYPE" in ran.shown_error
    assert "2 commands below it did not run" in ran.shown_error
    assert "Traceback" not in ran.shown_error
    assert anywhere.run("%redis GET a").text == '"1"'


def test_a_strict_cell_raises_for_a_command_of_a_transaction(anywhere: Notebook) -> None:
    ran = anywhere.run("%%redis --strict\nSET a 1\nMULTI\nLPUSH a x\nEXEC")
    assert isinstance(ran.error, CommandFailed)


def test_a_transaction_goes_over_lines_and_cells(anywhere: Notebook) -> None:
    assert anywhere.run("%%redis\nSET n 5\nMULTI\nINCR n").text == "OK\nOK\nQUEUED"
    assert anywhere.run("%%redis\nINCR n\nEXEC").text == "QUEUED\n1) (integer) 6\n2) (integer) 7"


def test_the_last_reply_is_kept_as_python_values(anywhere: Notebook) -> None:
    anywhere.run("%%redis\nRPUSH l a 1\nLRANGE l 0 -1")
    assert anywhere.last() == ["a", "1"]
    anywhere.run("%redis GET nothing")
    assert anywhere.last() is None
    anywhere.run('%redis SET b "\\xff"')
    anywhere.run("%redis GET b")
    assert anywhere.last() == b"\xff"
    anywhere.run("%redis LPUSH b x")
    assert isinstance(anywhere.last(), CommandFailed)


def test_a_large_reply_is_shown_in_part_and_kept_whole(anywhere: Notebook) -> None:
    anywhere.run("import redislab; redislab.connect().rpush('l', *range(5000)); None")
    ran = anywhere.run("%redis LRANGE l 0 -1")
    assert ran.text.count("\n") == 200
    assert "4,800 more values are not shown" in ran.html
    assert len(anywhere.last()) == 5000
    assert anywhere.run("%redis --limit 0 LRANGE l 0 -1").text.count("\n") == 4999


def test_a_second_client_waits_and_listens(anywhere: Notebook) -> None:
    ran = anywhere.run("%%redis\nB: SUBSCRIBE news\nPUBLISH news hi\nBLPOP q 0\nB: UNSUBSCRIBE")
    assert 'B received\n1) "message"\n2) "news"\n3) "hi"' in ran.text
    assert 'B received\n1) "unsubscribe"' in ran.text.split("A waits: BLPOP q 0")[1]
    ran = anywhere.run("%%redis\nB: LPUSH q job")
    assert ran.text == '(integer) 1\nA: the answer to BLPOP q 0\n1) "q"\n2) "job"'


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%redis --strikt GET a", "Did you mean --strict?"),
        ("%%redis --explain loud\nGET a", "off, brief or full"),
        ("%%redis --limit\nGET a", "--limit needs a value"),
        ("%%redis GET a\nGET b", "a command a line"),
        ("%%redis\n:undo", "%redis_undo"),
        ("%redis_connect nowhere", "Invalid URI scheme"),
        ("%redis_connect --nonsense", "--nonsense"),
        ("%%redis --url nowhere\nPING", "Invalid URI scheme"),
        ("%redis_clock 5", "only goes ahead"),
        ("%redis_undo x", "%redis_undo 3"),
        ("%redis_explain", "%redis_explain SET"),
    ],
)
def test_what_cannot_be_asked_for_is_one_message(notebook: Notebook, cell: str, said: str) -> None:
    ran = notebook.run(cell)
    assert isinstance(ran.error, UsageError)
    assert said in ran.shown_error
    assert "Traceback" not in ran.shown_error
    assert ran.shown_error.count("\n") < 2
    assert notebook.run("%redis PING").text == "PONG"


def test_where_no_server_is_nothing_runs_elsewhere(notebook: Notebook) -> None:
    notebook.run("%redis SET a 1")
    ran = notebook.run("%redis_connect redis://127.0.0.1:1")
    assert isinstance(ran.error, Unreachable)
    assert "127.0.0.1:1" in ran.shown_error
    assert isinstance(notebook.run("%redis GET a").error, Unreachable)
    notebook.run("%redis_connect")
    assert notebook.run("%redis GET a").text == '"1"'


def test_unloaded_the_magics_are_gone_and_loaded_again_they_are_back(notebook: Notebook) -> None:
    notebook.run("%redis SET a 1")
    notebook.run("%unload_ext redislab")
    assert notebook.shell.find_line_magic("redis") is None
    assert notebook.shell.find_cell_magic("redis") is None
    notebook.run("%load_ext redislab")
    assert notebook.run("%redis GET a").text == '"1"'


def test_the_clock_and_undo(notebook: Notebook) -> None:
    notebook.run("%redis SET t 1 EX 50")
    assert "1 key has expired" in notebook.run("%redis_clock +60s").text
    assert notebook.run("%redis GET t").text == "(nil)"
    notebook.run("%redis_undo")
    assert notebook.run("%redis GET t").text == '"1"'


def test_explaining_runs_nothing(notebook: Notebook) -> None:
    ran = notebook.run("%redis_explain SET a 1 EX 60")
    assert "Remove the key after this many seconds" in ran.text
    assert "<table" in ran.html
    assert notebook.run("%redis DBSIZE").text == "(integer) 0"


def test_nothing_of_the_data_becomes_a_formula(notebook: Notebook) -> None:
    """MathJax would make formulas, and links, of what stands between dollars."""
    shown = notebook.run("%redis SET a '$x^2$'\n%redis GET a").displays[-1]["text/html"]
    assert shown.startswith('<div class="redislab mathjax_ignore tex2jax_ignore"')


def test_a_kept_lab_is_shared_with_a_shell(notebook: Notebook) -> None:
    def shell(command: str) -> bytes:
        words = [sys.executable, "-m", "redislab", "repl", "--lab", "mine", *command.split()]
        return subprocess.run(words, capture_output=True, timeout=120, check=True).stdout

    assert "in the lab mine" in notebook.run("%redis_connect --lab mine").text
    notebook.run("%redis SET n 1")
    assert shell("INCR n") == b"2\n"  # joined: it is open here
    assert notebook.run("import redislab; redislab.connect().get('n')").result == b"2"
    notebook.run("%redis_connect")
    assert notebook.run("%redis GET n").text == "(nil)"
    assert shell("INCR n") == b"3\n"  # opened: it was let go of
    notebook.run("%redis_connect --lab mine")
    assert notebook.run("%redis GET n").text == '"3"'
    notebook.run("%redis_connect")


def test_a_lab_that_is_open_in_a_shell_is_joined(notebook: Notebook, tmp_path: Path) -> None:
    from redislab.app import Place, open_lab
    from redislab.serve.kept import let_others_in

    engine = open_lab(Place(lab="theirs", home=str(tmp_path / "home")))
    with let_others_in(engine):
        notebook.run("%redis_connect --lab theirs")
        assert notebook.run("%redis SET a 1").text == "OK"
        assert engine.keys == 1
        notebook.run("%redis_connect")
    engine.close()


def test_a_server_of_the_notebooks_own(notebook: Notebook, redis_server_path: str) -> None:
    assert "of this notebook's own" in notebook.run("%redis_connect --engine server").text
    assert notebook.run("%redis SET a 1").text == "OK"
    assert notebook.run("import redislab; redislab.connect().get('a')").result == b"1"
    notebook.run("%redis_connect")
    assert notebook.run("%redis GET a").text == "(nil)"


def test_a_cell_can_run_elsewhere(notebook: Notebook, server: RedisServer) -> None:
    ran = notebook.run(f"%%redis --url redis://127.0.0.1:{server.port}\nSET a there\nGET a")
    assert ran.text == 'OK\n"there"'
    assert notebook.run("%redis GET a").text == "(nil)"
    assert server.cli("GET", "a").stdout == b"there\n"


def test_the_text_is_redis_clis_byte_for_byte(
    redis_cli: str, redis_server_path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every line of the corpus in one cell, and piped into redis-cli as if on a terminal."""
    monkeypatch.setattr(streaming, "MOST_EXCHANGES", 10_000)
    monkeypatch.setattr(streaming, "BAR_AFTER_S", 1e6)
    for_servers = (Ask.COMMAND, Ask.REFUSED, Ask.NOTHING)
    asked = [each for each in corpus_lines() if b"subscribe" not in each.lower()]  # where redis-cli listens
    lines = b"\n".join(each for each in asked if read_line(each).ask in for_servers)
    assert lines.count(b"\n") > 400
    with RedisServer("--enable-debug-command", "yes", "--slowlog-log-slower-than", "-1") as server:
        command = [redis_cli, "-s", server.socket_path]
        environ = {**os.environ, "FAKETTY": "1"}
        done = subprocess.run(command, input=lines, capture_output=True, env=environ, timeout=120, check=True)
        for words in (["FLUSHALL"], ["SCRIPT", "FLUSH"], ["CONFIG", "RESETSTAT"]):
            server.cli(*words)
        monkeypatch.setattr(
            redislab.shared, "SHARED", Shared({"REDISLAB_URL": f"unix://{server.socket_path}"})
        )
        notebook = Notebook(tmp_path)
        ran = notebook.run("%%redis --explain off --limit 0\n" + lines.decode())
        notebook.close()
    assert ran.error is None
    theirs = visible(done.stdout).decode()
    assert ran.text.split("\n") == theirs.removesuffix("\n").split("\n")


def test_connecting_again_begins_with_one_client(notebook: Notebook) -> None:
    notebook.run("%%redis\nB: PING\nBLPOP q 0")
    assert "still waits" in notebook.run("%redis GET a").shown_error
    notebook.run("%redis_connect")
    assert notebook.run("%redis RPUSH q a").text == "(integer) 1"
    assert notebook.run("%redis CLIENT LIST").text.count("id=") == 1


def test_undo_takes_back_what_redis_py_did(notebook: Notebook) -> None:
    notebook.run("%redis SET a 1\nimport redislab\nredislab.connect().set('a', 2)")
    notebook.run("%redis_undo")
    assert notebook.run("%redis GET a").text == '"1"'


def test_clients_that_were_made_before_stay_where_they_were(notebook: Notebook, server: RedisServer) -> None:
    notebook.run("import redislab\nbefore = redislab.connect()\nbefore.set('a', 'here')")
    notebook.run(f"%redis_connect redis://127.0.0.1:{server.port}")
    notebook.run("redislab.connect().set('a', 'there')")
    assert notebook.run("before.get('a')").result == b"here"
    assert notebook.run("%redis GET a").text == '"there"'


def test_after_a_lost_transaction_nothing_runs_until_that_is_known(notebook: Notebook) -> None:
    notebook.run("%%redis\nSET a 1\nMULTI\nINCR a")
    notebook.run("import redislab\nredislab.connect().client_kill_filter(skipme=True)")
    ran = notebook.run("%%redis\nINCR a\nEXEC")
    assert isinstance(ran.error, TransactionLost)
    assert isinstance(notebook.run("%redis GET a").error, TransactionLost)
    assert "forgotten" in notebook.run("%redis DISCARD").text
    assert notebook.run("%redis GET a").text == '"1"'


def test_a_monitor_of_the_second_client_shows_what_the_first_does(notebook: Notebook) -> None:
    ran = notebook.run("%%redis\nB: MONITOR\nSET a 1")
    assert "B received\n" in ran.text
    assert '"SET" "a" "1"' in ran.text


def test_a_second_client_that_is_killed_is_said_and_the_cell_goes_on(notebook: Notebook) -> None:
    ran = notebook.run("%%redis\nB: CLIENT ID\nB: SUBSCRIBE news")
    number = int(ran.text.split("\n")[0].split()[-1])
    ran = notebook.run(f"%%redis\nCLIENT KILL ID {number}\nPING")
    assert ran.text.split("\n")[0] == "(integer) 1"
    assert "B no longer waits or listens" in ran.text
    assert ran.text.endswith("PONG")
    assert notebook.run("%redis B: PING").text == "PONG"


def test_explanations_can_be_switched_off_for_a_notebook(notebook: Notebook) -> None:
    assert "<em>" in notebook.run("%redis SET a 1").html
    notebook.run("%redis_explain off")
    assert "<em>" not in notebook.run("%redis SET a 2").html
    assert "<em>" in notebook.run("%redis --explain full SET a 3").html
    notebook.run("%redis_explain brief")
    assert "<em>" in notebook.run("%redis SET a 4").html
