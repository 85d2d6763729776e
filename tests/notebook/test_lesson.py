"""A lesson in a notebook beyond its solved steps: where it may run, what goes wrong, what is shown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import redislab.shared
from redislab.notebook import exercise
from redislab.shared import Shared
from tests.notebook.notebooks import Notebook
from tests.servers import RedisServer, wait_until

OPEN = 'import redislab\ncheck = redislab.lesson("{}")\nr = redislab.connect(decode_responses=True)'
HOSTILE = "<img src=x onerror=alert(1)></script>\x1b[31m\u202e"


def opened(notebook: Notebook, id: str = "expiry") -> Notebook:
    ran = notebook.run(OPEN.format(id))
    assert ran.error is None, ran.shown_error
    return notebook


@pytest.fixture
def on_server(server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook in database 5 of a server."""
    monkeypatch.setattr(exercise, "_ours", set())
    shared = Shared({"REDISLAB_URL": f"redis://127.0.0.1:{server.port}/5"})
    monkeypatch.setattr(redislab.shared, "SHARED", shared)
    made = Notebook(tmp_path)
    yield made
    made.close()


# -- both notations ---------------------------------------------------------------------------------


def test_both_notations_count_together(anywhere: Notebook) -> None:
    opened(anywhere, "counting").run('check.start("tickets")')
    anywhere.run("%redis DECR tickets")
    anywhere.run('b = redislab.connect(client_name="B")\nb.decrby("tickets", 2)')
    assert anywhere.run('check("tickets")').result is True


def test_reading_back_is_no_journey_of_the_learner_s(anywhere: Notebook) -> None:
    opened(anywhere, "round-trips").run('check.start("mget")')
    anywhere.run('r.mget("account:ada", "account:bob", "account:cyd")')
    assert anywhere.run('check("mget")').result is True
    anywhere.run('check.start("mget")\nr.get("account:ada")\nr.get("account:bob")\nr.get("account:cyd")')
    ran = anywhere.run('check("mget")')
    assert ran.result is False
    assert "more than one journey" in ran.text


def test_a_pipeline_is_one_journey(anywhere: Notebook) -> None:
    opened(anywhere, "round-trips").run('check.start("mget")')
    ran = anywhere.run(
        'q = r.pipeline(transaction=False)\nq.mget("account:ada", "account:bob", "account:cyd")\n'
        'q.ping()\nq.execute()\ncheck("mget")'
    )
    assert ran.result is True


def test_an_answer_that_came_late_is_shown_with_the_check(anywhere: Notebook) -> None:
    opened(anywhere, "lists").run('check.start("blpop")')
    assert "B waits" in anywhere.run("%%redis\nB: BLPOP mail 10").text
    anywhere.run('r.rpush("mail", "hello")')
    ran = anywhere.run('check("blpop")')
    assert ran.result is True
    assert "hello" in ran.text


def test_a_client_that_listens_is_hung_up_on_when_a_step_begins(anywhere: Notebook) -> None:
    opened(anywhere, "messages").run('check.start("listener")')
    anywhere.run('p = r.pubsub()\np.subscribe("orders")\np.get_message(timeout=30)')
    count = "dict(r.pubsub_numsub('orders'))['orders']"
    assert anywhere.run(count).result == 1
    anywhere.run('check.start("listener")')
    wait_until(lambda: anywhere.run(count).result == 0, 30)


def test_a_client_that_was_made_before_the_lesson_counts(anywhere: Notebook) -> None:
    anywhere.run("import redislab\nr = redislab.connect()\nr.ping()")
    anywhere.run('check = redislab.lesson("strings")\ncheck.start("get")\nr.get("user:1A")\nr.get("user:2B")')
    assert anywhere.run('check("get")').result is True


# -- what goes wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('check("nosuch")', "there is no step 'nosuch'; there are login, ttl"),
        ("check(None)", "there is no step 'None'"),
        ('check.start("nosuch")', "there is no step"),
        ('check.answer("minus", "z")', "there is no answer 'z'; there are a, b, c"),
        ('check.answer("minus", 7)', "there is no answer '7'"),
        ('check.answer("login", "a")', "step login asks 0 questions of this kind"),
        ('check.answer("minus", "a", question=2)', "asks 1 questions"),
        ('check.predict("minus", 1, question=0)', "asks 1 questions"),
        ('check.hint("nosuch")', "there is no step"),
        ('check.solution("nosuch")', "there is no step"),
    ],
)
def test_a_call_that_cannot_be_is_said_and_raises_nothing(notebook: Notebook, call: str, said: str) -> None:
    ran = opened(notebook).run(call)
    assert ran.error is None
    assert ran.result in (None, False)
    assert said in ran.text.replace("\n  ", " ")
    assert notebook.run('check.start("login")').error is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('redislab.lesson("nosuch")', "there is no lesson 'nosuch'; there are: 1 to"),
        ('redislab.lesson("nosuch.md")', "cannot be read"),
        ('redislab.lesson("rate-limits")', 'allow=["EVAL"]'),
        ('redislab.lesson("expiry", lang="xx")', "is not translated into 'xx'"),
    ],
)
def test_a_lesson_that_cannot_be_opened_is_one_message(notebook: Notebook, call: str, said: str) -> None:
    ran = notebook.run(f"import redislab\n{call}")
    assert said in ran.shown_error
    assert "Traceback" not in ran.shown_error
    assert notebook.run("%redis PING").text == "PONG"


def test_a_lesson_by_its_number_and_with_what_it_may_run(notebook: Notebook) -> None:
    notebook.run('import redislab\ncheck = redislab.lesson(15, allow=["eval"])')
    assert notebook.run("check").text == "<lesson rate-limits: Rate limits>"


def test_another_lesson_takes_the_place_of_the_first(notebook: Notebook) -> None:
    opened(notebook).run('check.start("login")')
    notebook.run('other = redislab.lesson("counting")')
    ran = notebook.run('check("login")')
    assert ran.result is False
    assert "this lesson is not open any more" in ran.text
    assert notebook.run('other.start("incr")').error is None


def test_a_lesson_stays_where_it_was_opened(notebook: Notebook, server: RedisServer) -> None:
    opened(notebook).run('check.start("login")')
    notebook.run(f"%redis_connect redis://127.0.0.1:{server.port}")
    notebook.run("%redis SET mine 1")
    assert "not open any more" in notebook.run('check.start("login")').text
    assert server.cli("GET", "mine").stdout == b"1\n"


def test_a_server_that_is_gone_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RedisServer() as server:
        shared = Shared({"REDISLAB_URL": f"redis://127.0.0.1:{server.port}"})
        monkeypatch.setattr(redislab.shared, "SHARED", shared)
        notebook = opened(Notebook(tmp_path))
        notebook.run('check.start("login")')
    for call in ('check("login")', 'check.start("login")'):
        ran = notebook.run(call)
        assert ran.error is None
        assert ran.result in (None, False)
        assert "error: " in ran.text
    notebook.close()


def test_outside_of_a_notebook_it_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import redislab; redislab.lesson(8)"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "UsageError: this works in a notebook, or in IPython" in done.stderr


# -- whose data it is -------------------------------------------------------------------------------


def test_a_database_that_holds_something_is_left_alone(on_server: Notebook, server: RedisServer) -> None:
    server.cli("-n", "5", "SET", "precious", "1")
    ran = on_server.run(OPEN.format("expiry"))
    assert "database 5 of 127.0.0.1" in ran.shown_error
    assert "holds 1 key, and a lesson empties it" in ran.shown_error
    assert "clear=True" in ran.shown_error
    assert server.cli("-n", "5", "GET", "precious").stdout == b"1\n"
    ran = on_server.run('check = redislab.lesson("expiry", clear=True)')
    assert ran.error is None
    assert server.cli("-n", "5", "DBSIZE").stdout == b"0\n"


def test_an_empty_database_is_taken_and_no_other_is_touched(on_server: Notebook, server: RedisServer) -> None:
    server.cli("-n", "6", "SET", "precious", "1")
    ran = on_server.run(OPEN.format("expiry"))
    assert "works in database 5 of" in ran.text
    on_server.run('check.start("ttl")')
    assert server.cli("-n", "5", "DBSIZE").stdout == b"1\n"
    assert on_server.run(OPEN.format("expiry")).error is None, "what is in it now is this notebook's own"
    assert server.cli("-n", "6", "GET", "precious").stdout == b"1\n"


def test_on_a_server_the_deadlines_are_moved(on_server: Notebook) -> None:
    said = opened(on_server).run('check.start("ttl")').text
    assert "a server's clock cannot be moved, so the deadlines of all keys were" in said


def test_a_server_of_others_is_not_made_to_fail(on_server: Notebook) -> None:
    ran = on_server.run('import redislab\ncheck = redislab.lesson("cache-trouble", allow=["CONFIG SET"])')
    assert ran.error is None, ran.shown_error
    ran = on_server.run('check.start("full")')
    assert "Not here: this step makes a server fail" in ran.text
    assert 'check.solution("full")' in ran.text
    assert on_server.run("%redis CONFIG GET maxmemory").result.value == ["maxmemory", "0"]
    assert on_server.run('check("full")').result is False
    on_server.run('check.answer("full", "a"); check.answer("full", "b"); check.answer("full", "c")')
    assert on_server.run('check("full")').result is True


def test_a_server_of_ones_own_is_emptied_whole_and_not_unasked(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exercise, "_ours", set())
    environ = {"REDISLAB_URL": f"redis://127.0.0.1:{server.port}", "REDISLAB_OWN": "1"}
    monkeypatch.setattr(redislab.shared, "SHARED", Shared(environ))
    server.cli("-n", "6", "SET", "precious", "1")
    notebook = Notebook(tmp_path)
    ran = notebook.run(OPEN.format("expiry"))
    assert "holds 1 key" in ran.shown_error
    assert server.cli("-n", "6", "GET", "precious").stdout == b"1\n"
    notebook.run('check = redislab.lesson("expiry", clear=True)')
    assert server.cli("-n", "6", "DBSIZE").stdout == b"0\n"
    assert notebook.run('check.start("ttl")\ncheck("ttl")').result is False
    notebook.close()


def test_a_kept_lab_is_not_emptied_unasked(notebook: Notebook) -> None:
    notebook.run("%redis_connect --lab work\n")
    notebook.run("%redis SET precious 1")
    ran = notebook.run(OPEN.format("expiry"))
    assert "holds 1 key" in ran.shown_error
    assert notebook.run("%redis GET precious").text == '"1"'
    notebook.run("%redis_connect")


# -- what is shown ----------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_failed_check_is_a_table_with_words(notebook: Notebook) -> None:
    opened(notebook).run('check.start("login")')
    notebook.run('r.set("session:42", "ada")')
    page = Tags(notebook.run('check("login")').html)
    assert {"table", "th", "strong"} <= page.tags
    assert "Not yet: " in page.text
    assert "TTL session:42 → -1, wanted 570..600" in page.text
    assert "never expires" in page.text


def test_what_a_lesson_and_a_value_say_is_text(notebook: Notebook, tmp_path: Path) -> None:
    path = tmp_path / "own.md"
    told = HOSTILE.replace("\x1b", "").replace("\u202e", "")
    path.write_text(
        f"---\nformat: 1\nid: own\ntitle: A {told}\n---\n## Do {told} {{#one}}\nDo.\n"
        f'```check\nGET a == "{told}"\n```\n```mistake GET a == "x"\ntry: SET a x\n{told}\n```\n'
        f"```hint\n{told} [x](javascript:alert(1))\n```\n```solution\nSET a '{told}'\n```\n"
        f"```quiz\nWhich?\n- [ ] a -> {told}\n- [x] b -> {told}\n```\n",
        "utf-8",
    )
    notebook.shell.user_ns.update(path=str(path), hostile=HOSTILE)
    notebook.run("import redislab\nr = redislab.connect()\ncheck = redislab.lesson(path)\ncheck.start('one')")
    pages = []
    for cell in (
        "check.start('one')", "r.set('a', hostile)\ncheck('one')", "r.set('a', 'x')\ncheck('one')",
        "check.hint('one')", "check.solution('one')", "check.answer('one', 'a')", "check.answer('one', 'b')",
        "check.report()", "check(hostile)", "check.answer('one', hostile)",
    ):  # fmt: skip
        ran = notebook.run(cell)
        assert ran.error is None, ran.shown_error
        pages.append(ran.html)
        assert "\x1b" not in ran.text + ran.html
        assert "\u202e" not in ran.text + ran.html
    page = Tags("".join(pages))
    assert not page.tags & {"img", "script", "a", "iframe", "style"}
    assert "<img src=x onerror=alert(1)></script>" in page.text
