"""Scripts reach nothing but Redis, are stopped when they run long, and are not needed for the rest."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from redislab.core.engine import Connection
from redislab.core.reply import Kind, Reply
from redislab.engines.embedded import EmbeddedEngine
from tests.engines.embedded.asking import ask, say


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = EmbeddedEngine()
    yield engine.connect()
    engine.close()


def run(connection: Connection, script: str) -> Reply:
    return ask(connection, b"EVAL", script.encode(), b"0")


ESCAPES = [
    "return python.eval('1')",
    "return python.builtins.open('/etc/passwd')",
    "return io.open('/etc/passwd'):read('*a')",
    "return os.execute('true')",
    "return require('os')",
    "return package.loadlib",
    "return debug.getregistry()",
    "return redis.call.__globals__",
    "return redis.call.__self__",
    "return cjson.encode.__class__",
    "return getfenv(0).python",
    "return getmetatable('').__index.dump",
    "return string.dump(redis.call)",
    "return loadstring('return python')()",
    "return loadstring('return io')()",
    "return loadstring(string.char(27) .. 'Lua')()",
    "return load(function() return nil end) == nil and print or print",
    "return coroutine.wrap(function() return python end)()",
    "return newproxy(true).__index",
    "return _G._G._G.python",
    "return setfenv(1, {})",
    "return collectgarbage.__class__",
    "return dofile('/etc/passwd')",
    "return module('x')",
    "return debug.sethook()",
    "return getfenv(1)",
    "return newproxy(true)",
    "return rawset(string, 'rep', nil)",
    "return rawget(_G, 'python').eval",
    "getmetatable(_G).__index = nil",
    "getmetatable(redis).__index = nil",
    "setmetatable(redis, {})",
    "getmetatable('').__index = nil return 1",
    "setmetatable(_G, {__index = function() return 1 end}) return python",
    "return pcall(string.dump, print) and error('dumped')",
    "return xpcall(function() return python.eval end, function(e) return error(e) end) or error('no')",
    "return struct.pack.__class__",
    "return struct.unpack('c0', '')",
    "return struct.unpack('i32', 'x')",
    "return cmsgpack.pack.__globals__",
    "return cmsgpack.unpack(string.rep('\\145', 100000))",
    "return cmsgpack.unpack('\\223\\255\\255\\255\\255')",
    "return cmsgpack.unpack('\\199\\0\\0')",
    "return bit.band(redis)",
    "return redis.sha1hex(redis.call, 1)",
    "return redis.call(redis.call)",
    "return redis.call({__class = 1})",
    "return redis.setresp(redis)",
    "return redis.log(redis.call, 'x')",
    "return cjson.decode(string.rep('[', 100000))",
    "return cjson.encode(coroutine.create(function() end))",
    "local t = {} for i = 1, 5000 do t = {t} end return cjson.encode(t)",
    "local function f(n) return 1 + f(n + 1) end return f(1)",
    "return string.rep('x', -1, 2):gsub('', print)",
    "return string.format('%s', python)",
    "return table.concat({redis})",
    "return string.rep('x', 2^29)",
    "return string.gsub(string.rep('a', 50), string.rep('a?', 50) .. string.rep('a', 50) .. 'b', os)",
    "coroutine.yield(1)",
]


def test_enough_escapes_are_tried() -> None:
    assert len(set(ESCAPES)) >= 50


@pytest.mark.parametrize("script", ESCAPES)
def test_python_and_the_system_are_out_of_reach(connection: Connection, script: str) -> None:
    assert run(connection, script).is_error
    assert say(connection, "PING").text == b"PONG"


@pytest.mark.parametrize("name", ["_G", "redis", "string", "cjson"])
def test_a_metatable_shows_nothing(connection: Connection, name: str) -> None:
    assert run(connection, f"return getmetatable({name}).__index or false").is_nil
    assert run(connection, f"return #getmetatable({name})").value == 0


def test_a_script_that_selects_leaves_the_caller_where_it_was(connection: Connection) -> None:
    run(connection, "redis.call('SELECT', 3) redis.call('SET', 'k', 'there')")
    assert say(connection, "EXISTS k").value == 0
    say(connection, "SELECT 3")
    assert say(connection, "GET k").text == b"there"


def test_what_a_script_sees_is_no_python_object(connection: Connection) -> None:
    walk = """
    local seen, found = {}, {}
    local function visit(value, path)
      if type(value) == 'userdata' and value ~= cjson.null then found[#found + 1] = path end
      if type(value) ~= 'table' or seen[value] then return end
      seen[value] = true
      for key, item in pairs(value) do visit(item, path .. '.' .. tostring(key)) end
    end
    local names = {'redis', 'cjson', 'bit', 'string', 'table', 'math', 'coroutine', 'KEYS', 'ARGV'}
    for _, name in ipairs(names) do
      visit(_G[name], name)
    end
    visit(redis.call('INFO'), 'reply')
    visit(redis.pcall('nope'), 'error')
    return found
    """
    assert run(connection, walk) == Reply(Kind.ARRAY, ())


@pytest.mark.parametrize(
    "script", ["x = 1", "_G.x = 1", "rawset(_G, 'x', 1)", "string.x = 1", "redis.call = nil", "KEYS.x = x"]
)
def test_a_script_leaves_nothing_behind(connection: Connection, script: str) -> None:
    run(connection, script)
    run(connection, "table.x = function() end")
    assert run(connection, "return rawget(_G, 'x')").is_nil
    assert run(connection, "return string.x or false").is_nil
    assert run(connection, "return redis.call('PING')").text == b"PONG"


def test_a_new_lab_draws_what_a_new_redis_server_draws(connection: Connection) -> None:
    assert run(connection, "return math.random(1000)").value == 397
    assert run(connection, "return tostring(math.random())").value == b"0.84048536971234"
    assert run(EmbeddedEngine().connect(), "return math.random(1000)").value == 397


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    from redislab.engines.embedded import upstream

    upstream.load()
    from redislab.engines.embedded import scripting

    monkeypatch.setattr(scripting, "LIMIT_S", 0.2)


ENDLESS = [
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "coroutine.wrap(function() while true do end end)()",
    "local co = coroutine.create(function() while true do end end) while true do coroutine.resume(co) end",
    "while true do redis.pcall('PING') end",
    "while true do redis.call('INCR', 'n') end",
    "local function f() return f() end return f()",
    "return xpcall(function() while true do end end, function() while true do end end)",
    "setmetatable(_G, {}) while true do end",
    "return setmetatable({}, {__index = function() while true do end end}).x",
    "return {setmetatable({}, {__tostring = function() while true do end end})}",
    "repeat cjson.encode({1, 2, 3}) until false",
]


@pytest.mark.usefixtures("short_limit")
@pytest.mark.parametrize("script", ENDLESS)
def test_an_endless_script_is_stopped(connection: Connection, script: str) -> None:
    started_s = time.monotonic()
    reply = run(connection, script)
    assert time.monotonic() - started_s < 2.0
    assert reply.is_error or reply.kind is Kind.ARRAY
    assert run(connection, "return 1").value == 1


def test_an_endless_script_ends_at_an_interrupt(connection: Connection) -> None:
    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        started_s = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            run(connection, "while true do pcall(function() while true do end end) end")
        assert time.monotonic() - started_s < 0.6
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "script",
    [
        "local s = 'x' while true do s = s .. s end",
        "return string.rep('x', 2^30)",
        "local t = {} for i = 1, 1e9 do t[i] = {i} end",
    ],
)
def test_memory_is_bounded(connection: Connection, script: str) -> None:
    assert run(connection, script).is_error
    assert run(connection, "return 1").value == 1


def test_a_result_that_is_nested_without_end_is_refused(connection: Connection) -> None:
    reply = run(connection, "local t = {} t[1] = t return t")
    while reply.kind is Kind.ARRAY:
        reply = reply.items[0]
    assert reply.text == b"ERR reached lua stack limit"


WITHOUT_LUPA = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        return None
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "lupa" or name.startswith("lupa."):
            raise ModuleNotFoundError(name)
import importlib.util, importlib.machinery
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "lupa" else real(name, package)
sys.meta_path.insert(0, Blocker())
from redislab.engines.embedded import EmbeddedEngine
from tests.engines.embedded.asking import say
connection = EmbeddedEngine().connect()
print(say(connection, "INCR n").value, say(connection, "EVAL return 0").text, "lupa" in sys.modules)
"""


def test_without_lupa_all_but_scripts_works() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LUPA], capture_output=True, timeout=60, check=True, text=True
    )
    number, *text, loaded = done.stdout.split()
    assert number == "1"
    assert "pip install lupa" in " ".join(text)
    assert loaded == "False"
