"""Python solutions: what is read is what redis-py sends; what cannot be read is said with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from redislab.course.model import PythonSolution
from redislab.course.python_calls import BadCall, read_calls
from redislab.script.check import python_lines
from tests.course.test_check import checked
from tests.servers import RedisServer

# ruff: noqa: E501
SOURCES = {
    "calls": 'r.set("a", 1)\nn = r.incr("a")\nprint(r.get("a"))\nr.execute_command("OBJECT", "ENCODING", "a")',
    "two clients": 'r.set("a", 1)\nb.incr("a")\nr.rpush("l", *["x", "y"])\nb.object("ENCODING", "l")',
    "a pipeline": 'q = r.pipeline()\nq.set("a", 1).incr("n")\nq.get("a")\nq.execute()',
    "a pipeline in one line": 'q = r.pipeline(transaction=False)\nq.set("a", 1).incr("n").execute()',
    "with": 'with b.pipeline(transaction=False) as q:\n    q.mget("a", "b")\n    print(q.execute())\nr.get("z")',
    "twice": 'q = r.pipeline()\nq.set("a", 1)\nq.execute()\nq.execute()\nq.incr("a")\nq.execute()',
    "what is never executed": 'with r.pipeline() as q:\n    q.set("a", 1)\nr.get("a")',
    "WATCH": (
        'import redis\nr.set("bob", 60)\nwith r.pipeline() as q:\n    while True:\n        try:\n            q.watch("bob")\n'
        '            if int(q.get("bob")) < 40:\n                break\n            q.multi()\n'
        '            q.decrby("bob", 40).incrby("cyd", 40)\n            q.execute()\n            break\n'
        "        except redis.WatchError:\n            continue\n"
    ),
    "WATCH, and then nothing": 'with r.pipeline() as q:\n    q.watch("a")\n    q.get("a")\nr.get("a")',
    "WATCH given up": 'q = r.pipeline()\nq.watch("a")\nq.unwatch()\nq.unwatch()\nq.set("a", 2)\nq.execute()',
    "WATCH without a transaction": 'q = r.pipeline(transaction=False)\nq.watch("a")\nq.set("a", 2)\nq.execute()',
    "WATCH, empty": 'q = r.pipeline()\nq.watch("a")\nq.multi()\nq.execute()\nq.set("a", 1)\nq.reset()',
    "if": 'r.set("a", 5)\nif int(r.get("a")) >= 5:\n    r.incr("a")\n',
}  # fmt: skip


def sent(source: str, server: RedisServer) -> list[tuple[str, tuple[bytes, ...]]]:
    """What a server sees when Python runs this, without what redis-py says of itself."""
    options = {"port": server.port, "single_connection_client": True}
    observer = redis.Redis(port=server.port)
    clients = {name: redis.Redis(**options, client_name=name) for name in ("r", "b")}  # type: ignore[arg-type]
    for client in clients.values():
        client.ping()
    with observer.monitor() as monitor:  # type: ignore[no-untyped-call]
        exec(source, dict(clients))
        observer.echo("that is all")
        addresses: dict[str, str] = {}
        for each in observer.client_list():
            addresses[each["addr"]] = {"r": "A", "b": "B"}.get(each["name"], "")
        found = list(_until(monitor))
    for client in (*clients.values(), observer):
        client.close()
    return [(addresses[addr], words) for addr, words in found if addresses.get(addr)]


def _until(monitor: redis.client.Monitor) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    while True:
        seen = monitor.next_command()  # type: ignore[no-untyped-call]
        words = tuple(word.encode() for word in seen["command"].split())
        if words[:1] == (b"ECHO",):
            return
        if words[:2] not in ((b"CLIENT", b"SETINFO"), (b"CLIENT", b"SETNAME")) and words[0] != b"HELLO":
            yield f"{seen['client_address']}:{seen['client_port']}", words


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_read_is_what_is_sent(server: RedisServer, name: str) -> None:
    lines = python_lines(PythonSolution(SOURCES[name], 0))
    assert [(typed.client, typed.args) for typed in lines] == sent(SOURCES[name], server)
    assert lines


def test_a_pipeline_is_one_journey() -> None:
    lines = python_lines(
        PythonSolution('q = r.pipeline()\nq.set("a", 1).incr("n").execute()\nr.get("a")', 10)
    )
    assert [str(typed) for typed in lines] == ["MULTI", "SET a 1", "INCRBY n 1", "EXEC", "GET a"]
    assert [typed.joined for typed in lines] == [False, True, True, True, False]
    assert [typed.line for typed in lines] == [12, 12, 12, 12, 13]


def test_who_listens_is_the_other_client() -> None:
    lines = python_lines(PythonSolution('p = r.pubsub()\np.subscribe("news")\nr.publish("news", "hi")', 0))
    assert [str(typed) for typed in lines] == ["B: SUBSCRIBE news", "PUBLISH news hi"]


def test_a_thread_sends_its_call_when_it_starts() -> None:
    source = (
        'from threading import Thread\nt = Thread(target=b.blpop, args=("mail", 10))\n'
        'r.llen("mail")\nt.start()\nr.rpush("mail", "hello")\nt.join()\n'
    )
    lines = python_lines(PythonSolution(source, 0))
    assert [str(typed) for typed in lines] == ["LLEN mail", "B: BLPOP mail 10", "RPUSH mail hello"]


def test_a_lesson_is_proved_with_a_pipeline(tmp_path: Path) -> None:
    text = (
        "---\nformat: 1\nid: trips\ntitle: Trips\n---\n## One journey {#one}\n"
        '```check\nGET a == "1"\nGET n == "1"\ntrips <= 1\n```\n```hint\nMSET\n```\n```solution\nMSET a 1 n 1\n```\n'
        '```solution python\nq = r.pipeline()\nq.set("a", 1).incr("n").execute()\n```\n'
    )
    done = checked(tmp_path, text)
    assert done.returncode == 0, done.stdout
    done = checked(tmp_path, text.replace('q.set("a", 1).incr("n").execute()', 'r.set("a", 1)\nr.incr("n")'))
    assert "lesson.md:18: step one: this solution does not pass: round trips → 2, wanted <= 1." in done.stdout


BAD = {
    "os.system('rm')": (1, "made of calls like"),
    "r.set('a', open('x'))": (1, "literals"),
    "r.set('a', n)": (1, "literals"),
    "r.set(**{'a': 1})": (1, r"\*\* has no place"),
    "r.get('a').decode()": (1, "made of calls like"),
    "r.__class__()": (1, "made of calls like"),
    "q = r.pipeline()\nq._x()": (2, "made of calls like"),
    "q = r.pipeline(n)": (1, "literals"),
    "q.set('a', 1)": (1, "made of calls like"),
    "r = b.pipeline()": (1, "r is a client"),
    "for i in range(3):\n    r.incr('a')": (1, "made of calls like"),
    "with open('x') as q:\n    pass": (1, "with is read around a pipeline"),
    "q = r.pipeline()\nq.set('a', 1)\nq.multi()": (3, "multi"),
    "q = r.pipeline()\nq.watch('a')\nq.multi()\nq.watch('b')": (4, "before multi"),
    "r.watch('a')": (1, "belongs to a pipeline"),
    "p = r.pubsub()\np.listen()": (2, "of a pubsub only"),
    "Thread(target=print, args=('x',)).start()": (1, "made of calls like"),
    "t = Thread(target=print, args=('x',))": (1, "a Thread is read as"),
    "t = Thread(target=b.get, args=(name,))": (1, "literals"),
    "t = Thread(target=b.get, args=('a',))\nt.run()": (2, "of a Thread only"),
    "from threading import Timer": (1, "made of calls like"),
    "r.scan_iter()": (1, "sends nothing by itself"),
    "while r.get('a'):\n    r.incr('a')": (1, "made of calls like"),
    "if r.get('a'):\n    r.incr('a')\nelse:\n    r.decr('a')": (1, "made of calls like"),
    "r.set('a'": (1, "no Python"),
    "import os": (1, "made of calls like"),
    "lambda: r.get('a')": (1, "made of calls like"),
    "exec('r.get(1)')": (1, "made of calls like"),
}


@pytest.mark.parametrize("source", BAD)
def test_what_cannot_be_read_is_said_with_its_line(source: str) -> None:
    line, message = BAD[source]
    with pytest.raises(BadCall, match=message) as caught:
        python_lines(PythonSolution(source, 0))
    assert caught.value.line == line


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(BadCall):
        read_calls("r.get(" + "[" * 5000 + "]" * 5000 + ")")
