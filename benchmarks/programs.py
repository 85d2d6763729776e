"""Programs that measure themselves: each prints seconds, and runs in a process of its own."""

from __future__ import annotations

import sys

REDISLAB = [sys.executable, "-m", "redislab"]
BARE_PROMPT = [
    sys.executable,
    "-c",
    "from prompt_toolkit import PromptSession\n"
    "session, count = PromptSession(), 0\n"
    "while True: session.prompt('bare> '); count += 1; print('(integer)', count)",
]
ONE_COMMAND = """
import timeit
{setup}
for run in ({set}, {get}):
    run()
    print(min(timeit.repeat(run, number=2000, repeat=5)) / 2000)
"""
NOTEBOOK = """
import time, redislab
from traitlets.config import Config
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.display_pub = CapturingDisplayPublisher()
began_s = time.perf_counter()
shell.run_cell("%load_ext redislab")
loaded_s = time.perf_counter() - began_s
client = redislab.connect()
cell = "%%redis\\n" + "SET key value\\nGET key\\n" * 50
def in_python():
    for _ in range(50):
        client.set("key", "value")
        client.get("key")
def spent_s(run):
    run()
    times_s = []
    for _ in range(10):
        began_s = time.perf_counter()
        run()
        times_s.append((time.perf_counter() - began_s) / 100)
    return min(times_s)
print(loaded_s, spent_s(lambda: shell.run_cell(cell)), spent_s(in_python))
"""
SHELL_OF_IPYTHON = """
import time
began_s = time.perf_counter()
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance()
print(time.perf_counter() - began_s)
"""
EMBEDDED = ONE_COMMAND.format(
    setup="from redislab.engines.embedded import EmbeddedEngine\n"
    "connection = EmbeddedEngine().connect()\n"
    "def ask(*args):\n    connection.send([args])\n    return list(connection.replies(0))",
    set="lambda: ask(b'SET', b'key', b'value')",
    get="lambda: ask(b'GET', b'key')",
)
KEPT = """
import itertools, tempfile, timeit
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.embedded.keeping.claim import claim
home = tempfile.TemporaryDirectory()
engine = EmbeddedEngine(claim=claim("bench", {{"REDISLAB_HOME": home.name}}) if {kept} else None)
connection = engine.connect()
connection.send([[b"SET", b"key:%d" % n, b"value:%d" % n] for n in range(10_000)])
list(connection.replies(0))
numbers = itertools.count()  # a value that stays the same is not written
def run():
    connection.send([[b"SET", b"key:5000", b"value:%d" % next(numbers)]])
    return list(connection.replies(0))
print(min(timeit.repeat(run, number=2000, repeat=5)) / 2000)
engine.close()
"""
UNDO = """
import statistics, time
from redislab.engines.embedded import EmbeddedEngine
engine = EmbeddedEngine()
engine.remember()
connection = engine.connect()
def ask(*args):
    connection.send([args])
    return list(connection.replies(0))
for start in range(0, {keys}, 1000):
    ask(b"MSET", *[b"key:%d" % (n // 2) for n in range(2 * start, 2 * start + 2000)])
for change in ([b"SET", b"key:7", b"other"], [b"FLUSHALL"]):
    times_s = []
    for _ in range(200):
        began_s = time.perf_counter()
        ask(*change)
        engine.undo(1)
        times_s.append(time.perf_counter() - began_s)
    print(statistics.median(times_s))
"""
FAKEREDIS = ONE_COMMAND.format(
    setup="import fakeredis\nclient = fakeredis.FakeRedis()",
    set="lambda: client.set('key', 'value')",
    get="lambda: client.get('key')",
)
PRIVATE = """
import time
import redislab.engines.transport  # redis-py, loaded before any engine
from redislab.engines.private import PrivateEngine
engine = PrivateEngine()
began_s = time.perf_counter()
engine.connect()
print(time.perf_counter() - began_s)
engine.close()
"""
BARE_SERVER = """
import os, socket, subprocess, sys, tempfile, time
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "s")
    began_s = time.perf_counter()
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", path, "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    while True:
        try:
            socket.socket(socket.AF_UNIX).connect(path)
            break
        except OSError:
            time.sleep(0.001)
    print(time.perf_counter() - began_s)
    server.kill()
    server.wait()
"""
